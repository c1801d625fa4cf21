"""What lies outside of what is read: said with the line that it stands on, and what would be right."""

from __future__ import annotations

import pytest

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python import read_source

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"  # lines 1 to 3


def network(*forward: str, layers: tuple[str, ...] = ("self.a = nn.Conv2d(3, 8, 3)",)) -> str:
    """A network: its layers from line 7 on, its forward two lines behind the last."""
    rows = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    rows += [f"        {row}" for row in layers]
    rows += ["    def forward(self, x):"] + [f"        {row}" for row in forward]
    return HEAD + "\n".join(rows) + "\n"


# A text, the line of its fault, a word that names what lies outside
REFUSED = {
    "transposed": (
        network("return self.a(x)", layers=("self.a = nn.ConvTranspose2d(3, 8, 3)",)),
        7,
        "ConvTranspose2d",
    ),
    "one dimension": (network("return self.a(x)", layers=("self.a = nn.Conv1d(3, 8, 3)",)), 7, "Conv1d"),
    "recurrent": (
        network(
            "return self.a(x)",
            layers=(
                "",
                "self.a = nn.LSTM(3, 8)",
            ),
        ),
        8,
        "LSTM",
    ),
    "rectangle": (
        network("return self.a(x)", layers=("self.a = nn.Conv2d(3, 8, (3, 5))",)),
        7,
        "kernel_size",
    ),
    "rectangular stride": (network("return F.max_pool2d(x, 2, stride=(2, 1))"), 9, "stride"),
    "times": (network("y = self.a(x)", "return y * y"), 10, "*"),
    "a number added": (network("y = self.a(x)", "y = y + 1", "return y"), 10, "+"),
    "function": (network("y = self.a(x)", "return F.interpolate(y, scale_factor=2)"), 10, "interpolate"),
    "padding": (network("x = F.pad(x, (1, 1, 1, 1))", "return self.a(x)"), 9, "pad"),
    "functional convolution": (network("return F.conv2d(x, self.a.weight)"), 9, "conv2d"),
    "a part of a map": (network("x = self.a(x)", "", "return x[:, :4]"), 11, "x["),
    "turned": (network("return self.a(x.transpose(2, 3))"), 9, "transpose"),
    "shuffle": (network("b, c, h, w = x.size()", "x = x.view(b, 3, 1, h, w)", "return x"), 10, "view"),
    "decision on values": (
        network("y = self.a(x)", "if y.sum() > 0:", "    y = F.relu(y)", "return y"),
        10,
        "sum",
    ),
    "decision on training": (
        network("if self.training:", "    x = F.relu(x)", "return self.a(x)"),
        9,
        "training",
    ),
    "unknown from elsewhere": (
        "from timm import Block\n" + network("return self.a(x)", layers=("self.a = Block(3)",)),
        10,
        "timm",
    ),
    "unknown width": (
        "import argparse\nargs = argparse.ArgumentParser().parse_args()\n"
        + network("return self.a(x)", layers=("self.a = nn.Conv2d(3, args.width, 3)",)),
        9,
        "out_channels",
    ),
    "unknown decision": (
        "import os\n"
        + network("return self.a(x)", layers=("if os.environ['W']:", "    self.a = nn.Conv2d(3, 8, 3)")),
        8,
        "os",
    ),
    "two results": (network("y = self.a(x)", "return y, x"), 10, "2 values"),
    "no result": (network("y = self.a(x)", "return y.shape"), 10, "values"),
    "width as a float": (
        network("return self.a(x)", layers=("w = 64", "self.a = nn.Conv2d(3, w / 2, 3)")),
        8,
        "//",
    ),
    "channels that do not fit": (
        network(
            "return self.b(self.a(x))", layers=("self.a = nn.Conv2d(3, 8, 3)", "self.b = nn.Conv2d(9, 8, 3)")
        ),
        8,
        "9",
    ),
    "sum of different channels": (
        network("return self.a(x) + nn.Conv2d(8, 9, 3)(self.a(x))"),
        9,
        "made in forward",
    ),
    "a layer made in forward": (
        network("x = self.a(x)", "return nn.Conv2d(8, 8, 1)(x)"),
        10,
        "made in forward",
    ),
    "not defined": (network("return self.a(x)", layers=("self.a = conv(3, 8)",)), 7, "conv"),
    "no such attribute": (network("return self.b(x)"), 9, "'b'"),
    "no such argument": (
        network("return self.a(x)", layers=("self.a = nn.Conv2d(3, 8, 3, pad=1)",)),
        7,
        "'pad'",
    ),
    "missing argument": (network("return self.a(x)", layers=("self.a = nn.Conv2d(3, 8)",)), 7, "kernel_size"),
    "groups": (network("return self.a(x)", layers=("self.a = nn.Conv2d(3, 8, 3, groups=2)",)), 7, "groups"),
    "linear without flatten": (
        network(
            "return self.f(self.a(x))", layers=("self.a = nn.Conv2d(3, 8, 3)", "self.f = nn.Linear(8, 10)")
        ),
        8,
        "flatten",
    ),
    "tuple of the batch": (network("x = self.a(x)", "return torch.flatten(x)"), 10, "flatten(1)"),
    "pool with indices": (network("return F.max_pool2d(x, 2, return_indices=True)"), 9, "return_indices"),
    "while on a map": (network("while x.max() > 1:", "    x = self.a(x)", "return x"), 9, "max"),
    "await": (network("return await self.a(x)").replace("def forward", "async def forward"), 8, "async"),
    "match": (network("match 1:", "    case 1:", "        x = self.a(x)", "return x"), 9, "match"),
    "raises": (network("return self.a(x)", layers=("if 3 > 2:", "    raise ValueError('no')")), 8, "raises"),
    "recursion": (network("return self.forward(x)"), 9, "calls"),
    "print of Python 2": (network("print x", "return self.a(x)"), 9, "Python 2"),
    "a bracket too few": (network("return self.a(x"), 9, "not Python"),
    "joined along the batch": (network("x = self.a(x)", "return torch.cat([x, x])"), 10, "dim"),
    "maps of two shapes": (network("x = self.a(x)", "return x + x.flatten(1)"), 10, "flat"),
    "mean over channels": (network("return self.a(x).mean(1)"), 9, "mean"),
    "softmax over pixels": (network("return F.softmax(self.a(x), dim=2)"), 9, "softmax"),
    "no super().__init__()": (network("return self.a(x)").replace("super().__init__()", "pass"), 7, "super"),
    "arguments needed": (
        HEAD + "\nclass Net(nn.Module):\n    def __init__(self, w):\n        super().__init__()\n"
        "        self.a = nn.Conv2d(3, w, 3)\n    def forward(self, x):\n        return self.a(x)\n",
        5,
        "Net(w=",
    ),
}


def test_there_are_many():
    assert len(REFUSED) >= 11


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_line(name: str):
    text, line, word = REFUSED[name]
    with pytest.raises(UnreadableError) as caught:
        read_source(text)
    assert f"line {line}: " in str(caught.value), str(caught.value)
    assert word in str(caught.value)
    assert caught.value.cure


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "x = 1",
        "\0",
        "class A: pass",
        "import torch",
        "hello world",
        "{",
        "\ufeff",
        "é = 'ü'",
        "'\ud800'",
    ],
)
def test_what_is_no_network_is_said(text: str):
    with pytest.raises(UnreadableError) as caught:
        read_source(text)
    assert caught.value.fault
    assert caught.value.cure
