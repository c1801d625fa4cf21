"""Python source of an nn.Module, read and never executed: a small interpreter of a declared part of Python.

`ast.parse` makes a tree of the text; the machine goes through it over values of its own (`values`), by
explicit tables. Nothing of the text is run, imported or opened, and no attribute of a Python object is looked
up by a name of the text. Steps, depth and sizes are counted (`bounds`).
"""

from __future__ import annotations

from cifar7.imports.python.notebook import joined_cells, read_notebook
from cifar7.imports.python.reader import read_source

__all__ = ["joined_cells", "read_notebook", "read_source"]
