"""Notebooks: their cells in a row, what is left out said, faults with cell and line."""

from __future__ import annotations

import json

import pytest

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python import joined_cells, read_notebook

NET = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.conv(x).mean((2, 3))"""


def notebook(*cells: str | dict, as_lines: bool = True) -> str:
    rows = []
    for cell in cells:
        if isinstance(cell, str):
            source = cell.splitlines(keepends=True) if as_lines else cell
            cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}}
        rows.append(cell)
    return json.dumps({"cells": rows, "nbformat": 4, "metadata": {}})


MARKDOWN = {"cell_type": "markdown", "source": ["# My net\n", "Its RF is 40."]}
PRINTED = {
    "cell_type": "code", "source": "summary(Net().cuda(), (3, 32, 32))",
    "outputs": [{"output_type": "stream", "text": ["====\n", "Total params: 224\n", "RF 99\n"]}],
}  # fmt: skip


@pytest.mark.parametrize("as_lines", [True, False])
def test_a_notebook_is_read(as_lines: bool):
    cells = (
        "!pip install torchsummary\n%matplotlib inline\nimport torch\nfrom torch import nn",
        MARKDOWN,
        NET,
        PRINTED,
    )
    graph = read_notebook(notebook(*cells, as_lines=as_lines))
    assert (graph.name, graph.image) == ("Net", (3, 32, 32))
    assert [n.kind for n in graph.nodes] == ["conv", "adaptive_avg_pool", "flatten"]
    assert (graph.claims.parameters, graph.claims.receptive_field) == (224, 40)
    assert graph.nodes[0].line == 8
    assert graph.remarks == ()


def test_the_joined_text_knows_its_cells():
    joined = joined_cells(notebook("import torch\n\nx = 1", MARKDOWN, "y = 2\nz = 3"))
    assert joined.text == "import torch\n\nx = 1\ny = 2\nz = 3"
    assert joined.where(5) == "cell 3, line 2"


def test_a_fault_names_cell_and_line():
    text = NET.replace("self.conv(x)", "F.interpolate(self.conv(x))")
    with pytest.raises(UnreadableError, match=r"cell 3, line 6: interpolate"):
        read_notebook(notebook("from torch import nn\nimport torch.nn.functional as F", "x = 1", text))


def test_cells_that_are_not_python_are_left_out_and_said():
    graph = read_notebook(
        notebook("from torch import nn", "%%bash\nls", "print 'two'", "help?", "a = !ls", NET)
    )
    assert [(r.id, "cell 2" in r.message) for r in graph.remarks] == [
        ("cell-left-out", True),
        ("cell-left-out", False),
    ]


def test_the_class_may_stand_in_several_cells():
    wide = NET.replace("8", "16")
    assert read_notebook(notebook("from torch import nn", NET, wide)).nodes[0].settings["out_channels"] == 16


def test_an_old_notebook():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["from torch import nn\n", NET]}]}]}
    assert read_notebook(json.dumps(old)).name == "Net"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "[]",
        "{}",
        "null",
        '{"cells": 3}',
        '{"cells": []}',
        '{"cells": [null, 3, {"cell_type": "code"}]}',
        "[" * 100_000,
        '{"cells": [{"cell_type": "code", "source": {"a": 1}, "outputs": [1, {"data": 3}]}]}',
        '{"cells": [{"cell_type": "code", "source": [1, null]}], "worksheets": 3}',
        '{"a":' * 100_000,
        "NaN",
        "1e999",
        '{"cells": [{"cell_type": "code", "source": "x = 1\\u0000"}]}',
        "{" + " " * 5_000_001,
        "\ufeff[]",
    ],
)
def test_what_is_no_notebook_is_said(text: str):
    with pytest.raises(UnreadableError) as caught:
        read_notebook(text)
    assert caught.value.cure
