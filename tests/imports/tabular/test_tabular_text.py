"""What stands around a pasted text, and what it claims."""

import pytest
from imports.tabular.handmade_nets import Concatenated
from imports.tabular.tables import info_like, summary_like

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular import looks_like, read_print, read_summary

PRINT = str(Concatenated())
AROUND = [
    "{}",
    "My network, RF 48:\n```\n{}\n```\nIt has 81 %.",
    ">>> print(model)\n{}\n>>> ",
    "import torch\nmodel = Net()  # Layer one\nprint(model)\n\n{}\n<All keys matched successfully>",
    "\x1b[1mOutput\x1b[0m\r\n{}\r\n",
]


@pytest.mark.parametrize("around", AROUND)
def test_text_around(around):
    nodes = read_print(PRINT)[0].nodes
    found = read_print(around.format(PRINT))[0].nodes
    assert looks_like(around.format(PRINT)) == "print"
    assert [(one.kind, one.name, one.settings) for one in found] == [
        (one.kind, one.name, one.settings) for one in nodes
    ]
    for table in (summary_like(Concatenated()), info_like(Concatenated())):
        assert looks_like(around.format(table)) == "summary"
        assert [one.kind for one in read_summary(around.format(table))[0].nodes if one.line] == [
            one.kind for one in nodes if one.line
        ]


@pytest.mark.parametrize("prefix", ["> ", "    ", ">>> ", "# "])
def test_every_line_quoted(prefix):
    quoted = "\n".join(prefix + line for line in PRINT.split("\n"))
    assert [one.kind for one in read_print(quoted)[0].nodes] == [
        one.kind for one in read_print(PRINT)[0].nodes
    ]


def test_lines_that_a_terminal_broke():
    broken = PRINT.replace("stride=(1, 1)", "\n    stride=(1, 1)")
    assert read_print(broken)[0].nodes[0].settings == read_print(PRINT)[0].nodes[0].settings


def test_the_largest_of_several_models():
    small = "Head(\n  (fc): Linear(in_features=8, out_features=2, bias=True)\n)"
    assert read_print(f"{small}\n{PRINT}\n{small}")[0].name == "Concatenated"


@pytest.mark.parametrize(
    "text", ["", "class Net(nn.Module):\n    pass", "Net(\n", "[1, 2]\n" * 30, "x" * 1_000_001]
)
def test_neither(text):
    assert looks_like(text) == ""
    for read in (read_print, read_summary):
        with pytest.raises(UnreadableError):
            read(text)


def test_claims():
    table = summary_like(Concatenated()).replace("Total params:", "Receptive field: 13\nTotal params:")
    claims = read_summary(table)[0].claims
    assert claims.parameters == sum(p.numel() for p in Concatenated().parameters())
    assert claims.receptive_field == 13
    assert table.split("\n")[claims.receptive_field_line - 1] == "Receptive field: 13"
