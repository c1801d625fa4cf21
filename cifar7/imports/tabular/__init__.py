"""Networks from text that a program printed: `print(model)`, or a table of torchsummary or torchinfo.

Neither shows everything: print knows all settings and no calls, a table the calls and no settings. What is
left open is told by what fits: channels, sizes, counts. Where several networks fit, each is a reading.
"""

from cifar7.imports.tabular.printed import read_print
from cifar7.imports.tabular.strides import even_strides
from cifar7.imports.tabular.summary import read_summary
from cifar7.imports.tabular.text import looks_like

__all__ = ["even_strides", "looks_like", "read_print", "read_summary"]
