"""Many ways to write a network, each held against torch running it."""

from __future__ import annotations

import pytest
from imports.python import styles_classes, styles_forward, styles_layers, styles_shapes
from imports.python.witness import compare

from cifar7.imports.python import read_source

HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
STYLES = {**styles_layers.STYLES, **styles_classes.STYLES, **styles_forward.STYLES, **styles_shapes.STYLES}


def whole(text: str) -> str:
    """The text with the usual imports, where it has none."""
    return text if "import" in text else HEADER + text


def test_there_are_many():
    assert len(STYLES) >= 57


@pytest.mark.parametrize("name", STYLES)
def test_the_graph_is_what_torch_does(name: str):
    text = whole(STYLES[name])
    compare(text, read_source(text))
