"""Which class is the network, with what arguments; and what the text says beside it."""

from __future__ import annotations

import pytest

from cifar7.imports.graph import Graph, UnreadableError
from cifar7.imports.python import read_source

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
NET = """class {name}(nn.Module):
    def __init__(self, width={width}):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
    def forward(self, x{more}):
        return {result}
"""


def net(
    name: str = "Net", width: str = "8", result: str = "self.conv(x).mean((2, 3))", more: str = ""
) -> str:
    return NET.format(name=name, width=width, result=result, more=more)


def width(graph: Graph) -> int:
    return graph.nodes[0].settings["out_channels"]


@pytest.mark.parametrize(
    ("text", "name", "channels"),
    [
        (net("A", "4") + net("B", "5"), "B", 5),
        (net("A", "4") + net("B", "5") + "model = A(6)\n", "A", 6),
        (net("A", "4") + net("B", "5") + "def main():\n    return A(7)\nmain()\n", "A", 7),
        (net("A", "4") + "class L(nn.Module):\n    def forward(self, x, y):\n        return x\n", "A", 4),
        (net("A", "4") + "class L(nn.Module):\n    def forward(self, x):\n        return x.tanh()\n", "A", 4),
        (net("A", "4") + "class T:\n    def __init__(self):\n        self.model = A(9)\n", "A", 4),
        (net("A", "4") + net("B", "5", "A().forward(x)"), "B", 5),
        ("class B(nn.Module):\n    def forward(self, x):\n        return x\n" + net("A", "4"), "A", 4),
        (net("A", "4") + "print(A(3))\nnn.Sequential(nn.Conv2d(3, 5, 3))\n", "A", 3),
        ("model = nn.Sequential(nn.Conv2d(3, 4, 3))\n" + "x = nn.Sequential()\n", "model", 4),
    ],
)
def test_the_network_is_found(text: str, name: str, channels: int):
    if "A().forward" in text:
        with pytest.raises(UnreadableError, match="made in forward"):
            read_source(HEAD + text)
        return
    graph = read_source(HEAD + text)
    assert (graph.name, width(graph)) == (name, channels)


def test_a_named_class_is_read():
    text = HEAD + net("A", "4") + net("B", "5")
    assert width(read_source(text, "A")) == 4
    with pytest.raises(UnreadableError, match="A, B"):
        read_source(text, "C")


def test_arguments_that_are_not_known_leave_the_defaults_and_a_remark():
    text = HEAD + net("A", "4") + "import argparse\nargs = argparse.ArgumentParser()\nmodel = A(args.width)\n"
    graph = read_source(text)
    assert width(graph) == 4
    assert [remark.id for remark in graph.remarks] == ["defaults-taken"]


def test_what_is_around_the_network_does_not_matter():
    text = (
        HEAD
        + "from torchvision import datasets\ndata = datasets.CIFAR10('.')\n"
        + "n = len(data) // 3\nopen('x', 'w')\n"
        + "for i in data:\n    print(i)\nassert False\nraise SystemExit\n"
        + net()
        + "loader = [data[i] for i in range(10)]\nloss = criterion(Net()(loader[0]))\n"
    )
    assert width(read_source(text)) == 8


@pytest.mark.parametrize(
    ("note", "claimed"),
    [
        ("# RF 44", (44, 4)),
        ("# RF=5, RF: 48", (48, 4)),
        ("# Receptive Field: 76x76", (76, 4)),
        ("'''The receptive field of it is 52'''", (52, 4)),
        ('x = 1  # output 30, "RF" = none, receptive field = 9', (9, 4)),
        ("# RF > 44, at least RF more than 44, surf 12, RF 0.5", (None, 0)),
        ("x = 'RF 44'", (None, 0)),
        ("x = '# RF 44'", (None, 0)),
        ("# nothing", (None, 0)),
    ],
)
def test_claims_of_the_receptive_field(note: str, claimed: tuple[int | None, int]):
    claims = read_source(HEAD + note + "\n" + net()).claims
    assert (claims.receptive_field, claims.receptive_field_line) == claimed


@pytest.mark.parametrize(
    ("note", "claimed"),
    [
        ("# Total params: 121,930", 121930),
        ("'''\nTotal number of parameters = 5600\n'''", 5600),
        ("# total params 200k", None),
        ("# fewer than 200,000 parameters", None),
    ],
)
def test_claims_of_the_parameters(note: str, claimed: int | None):
    assert read_source(HEAD + note + "\n" + net()).claims.parameters == claimed


def test_our_own_file_says_its_name_and_image():
    doc = '"""my net, 2nd: images of 1x28x32 to 10 classes.\n\n'
    doc += '1,234 parameters, 5 multiply-accumulates an image.\n"""\n'
    graph = read_source(doc + HEAD + net("Network"))
    assert (graph.name, graph.image, graph.claims.parameters) == ("my net, 2nd", (1, 28, 32), 1234)


def test_the_image_of_a_summary():
    assert read_source(HEAD + net() + "summary(Net(), input_size=(3, 64, 64))\n").image == (3, 64, 64)
    assert read_source(HEAD + net() + "summary(Net(), (1, 3, 48, 48))\n").image == (3, 48, 48)
    assert read_source(HEAD + net() + "summary(Net(), size)\n").image is None


def remarks(text: str) -> dict[str, int]:
    return {remark.id: remark.line for remark in read_source(HEAD + text).remarks}


def test_remarks():
    ends = "F.log_softmax(self.conv(x).mean((2, 3)), dim=1)"
    assert remarks(net(result=ends)) == {}
    assert remarks(net(result=ends) + "loss = nn.CrossEntropyLoss()\n") == {"softmax-before-cross-entropy": 9}
    assert remarks(net(result="F.dropout(self.conv(x), 0.1)")) == {"dropout-always-on": 9}
    twice = "F.relu(self.conv(self.conv(x)))"
    assert remarks(net(width="3", result=twice)) == {"layer-used-twice": 9}
    dead = "(self.conv(x), [F.relu(x)])[0]"
    assert remarks(net(result=dead)) == {"result-unused": 9}


def test_layers_in_a_plain_list_are_remarked():
    text = net().replace("self.conv = nn.Conv2d(3, width, 3)", "self.convs = [nn.Conv2d(3, width, 3)]")
    text = text.replace("self.conv(x)", "self.convs[0](x)")
    assert remarks(text) == {"not-registered": 7}


def test_names_and_lines_of_the_nodes():
    text = (
        HEAD
        + "model = nn.Sequential(\n    nn.Conv2d(3, 4, 3),\n    nn.Sequential(nn.ReLU()),\n"
        + "    nn.Flatten())\n"
    )
    assert [(n.name, n.line) for n in read_source(text).nodes] == [("0", 5), ("1.0", 6), ("2", 7)]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_and_byte_order_mark(end: str):
    text = "\ufeff" + (HEAD + net()).replace("\n", end)
    assert read_source(text).nodes[0].line == 7
