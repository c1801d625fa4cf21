"""Texts that ask for too much: each answered within two seconds and little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from patience import LONGEST, cpu_seconds
from where import ROOT

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python import read_notebook, read_source
from cifar7.imports.python.bounds import CHARACTERS, LINE

MEGABYTES = 200
HEAD = "import torch\nfrom torch import nn\nimport copy\n"
NET = HEAD + (
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        {line}\n        self.c = nn.Conv2d(3, 8, 3)\n"
    "    def forward(self, x):\n        {inside}\n        return self.c(x)\n"
)
BOMBS = [
    "x = 10 ** 10 ** 10",
    "x = 2 ** (2 ** 30)",
    "x = 9 << 10 ** 9",
    "x = 'a' * 10 ** 9",
    "x = [0] * 10 ** 9",
    "x = list(range(10 ** 9))",
    "x = range(10 ** 30)\n        len(x)",
    "x = sum(range(10 ** 9))",
    "x = [i for i in range(10 ** 9)]",
    "x = [i for i in range(999) for j in range(999) for k in range(999)]",
    "x = 10\n        while True: x = x * x",
    "x = 'ab'\n        while True: x = x + x",
    "x = [1]\n        while True: x = x + x",
    "x = [1]\n        for i in x: x.append(i)",
    "x = (1,)\n        for i in range(99): x = (x, x)\n        x == (x, x)",
    "x = (1,)\n        for i in range(99): x = (x, x)\n        {x: 1}",
    "x = [1]\n        for i in range(99): x = [x, x]\n        str(x), f'{x}', repr(x), '%s' % (x,)",
    "x = [1]\n        for i in range(99): x = [x, x]\n        y = copy.deepcopy(x)",
    "x = []\n        x.append(x)\n        x == [x]\n        str(x)",
    "x = '%1000000000d' % 1",
    "x = '{:1000000000}'.format(1)",
    "x = f'{1:1000000000}'",
    "x = 'a'.zfill(10 ** 9)",
    "x = 'a'.ljust(10 ** 9)",
    "x = ('a' * 9999).replace('a', 'b' * 9999)",
    "x = ('a' * 9999).join(['b'] * 9999)",
    "x = 1.5 ** 10 ** 9",
    "x = pow(10, 10 ** 9)",
    "x = int('9' * 9999)",
    "x = float('1' * 9999)",
    "x = round(1.5, 10 ** 9)",
    "x = nn.Conv2d(10 ** 30, 10 ** 30, 10 ** 9)",
    "x = nn.Sequential(*[nn.ReLU()] * 10 ** 8)",
    "x = nn.Sequential(nn.ReLU())\n        for i in range(99): x = nn.Sequential(x, x)\n        self.x = x",
    "f = lambda f: f(f)\n        f(f)",
    "def f(): return f()\n        f()",
    "def f(n): return [f(n), f(n)]\n        f(1)",
    "def g():\n            while True: yield 1\n        list(g())",
    "x = {}\n        for i in range(10 ** 9): x[i] = i",
    "x = max(range(10 ** 12))",
    "x = 5 in range(10 ** 12)",
    "x = [*range(10 ** 9)]",
    "a, *b = range(10 ** 9)",
    "x = dict(zip(range(10 ** 9), range(10 ** 9)))",
    "x = list(map(lambda v: v, range(10 ** 9)))",
    "x = sorted(range(10 ** 8))",
    "import itertools\n        x = list(itertools.product(range(9999), repeat=9))",
    "import itertools\n        x = itertools.product(range(999), range(999), range(999))",
    "import itertools\n        x = itertools.repeat(1, 10 ** 10)",
    "import itertools\n        x = list(itertools.count())",
    "import math\n        x = math.factorial(10 ** 6)",
    "import math\n        x = math.prod(range(1, 9999))",
    "import math\n        x = math.comb(10 ** 6, 10 ** 5)",
    "x = 'a, ' * 3000\n        for i in range(9999): x.split(',')",
    "x = nn.LSTM(9, 9, num_layers=10 ** 6)",
    "for i in range(9999): setattr(self, f'l{i}', nn.Linear(9, 9))",
    "x = lambda: x()\n        x()",
    "x = ' ' * 9999\n        for i in range(10**6): x.strip()",
]
FORWARDS = [
    "while True: x = x + x",
    "for i in range(10 ** 9): x = nn.ReLU()(x)",
    "return self.forward(x)",
    "y = [x]\n        while True: y = y + y",
    "x = torch.cat([x] * 10 ** 9, 1)",
    "x = x.view(*range(10 ** 9))",
    "x = x.view([[[x] * 99] * 99] * 99)",
    "x = sum([x] * 9999)",
    "x = x.mean([2] * 9999)",
]
DEEP = 20_000
LONG = CHARACTERS - 100


def fill(unit: str, before: str = "", behind: str = "") -> str:
    """As often as the longest text, and the longest line, allow."""
    most = LONG if "\n" in unit else LINE - 10
    return before + unit * ((most - len(before) - len(behind)) // len(unit)) + behind


TEXTS = {
    "brackets": "(" * DEEP + ")" * DEEP,
    "lists": fill("["),
    "minuses": fill("-", "x = ", "1"),
    "nots": fill("not ", "x = ", "1"),
    "attributes": fill(".b", "x = a"),
    "calls": fill("()", "x = a"),
    "sums": fill("1 + ", "x = ", "1"),
    "powers": fill("1 ** ", "x = ", "1"),
    "lambdas": fill("lambda: ", "x = ", "1"),
    "comparisons": fill("1 < ", "x = ", "1"),
    "ors": fill("0 or ", "x = ", "1"),
    "ifs": fill("1 if 0 else ", "x = ", "1"),
    "f-strings": fill("x = f'" + "{1}" * 3000 + "'\n"),
    "long f-strings": fill("{1}" * 300 + "\n", "x = f'''", "'''"),
    "a long line": "x" * 20_000,
    "nested f-strings": "x = " + "f'{" * 300 + "}'" * 300,
    "indents": "\n".join(" " * i + "if 1:" for i in range(300)),
    "elifs": fill("elif 0: pass\n", "if 0: pass\n"),
    "lines": fill("x = 1\n"),
    "semicolons": fill("x;" * 99 + "x\n"),
    "commas": fill("a," * 99 + "\n", "x = [", "]"),
    "empty lists": fill("[]," * 99 + "\n", "x = [", "]"),
    "strings": fill("'a' " * 99 + "\n", "x = (", ")"),
    "digits": fill("9", "x = "),
    "hex": fill("f", "x = 0x"),
    "a long text": "x = 1\n" * 1_000_000,
    "comments": fill("# RF 1\n"),
    "spaces": fill(" "),
    "RFs": fill(" RF ", "#"),
    "quotes": fill("'\"#"),
    "receptive": fill("# receptive field of a a a "),
    "hashes": fill("#", "x = '", "'"),
    "digits in a comment": fill("1,", "# total params "),
    "backslashes": fill("\\\n"),
    "classes": fill("class A: pass\n"),
    "bases": "class A0: pass\n" + "".join(f"class A{i}(A{i - 1}): pass\n" for i in range(1, 4000)),
    "decorators": fill("@a\n", behind="def f(): pass"),
    "targets": fill("a = ", behind="1"),
    "walrus": "x = " + "(a := " * 150 + "1" + ")" * 150,
    "functions": HEAD + "".join(f"def f{i}(): return f{i + 1}()\n" for i in range(3000)) + "f0()",
    "uses": HEAD + "".join(f"class A{i}(nn.Module):\n def f(self): return A{i + 1}\n" for i in range(2000)),
    "loops": fill("for i in range(10 ** 9): x = i\n"),
}


def answer(text: str, read=read_source) -> str:
    said = ""

    def work() -> None:
        nonlocal said
        try:
            read(text)
            said = ""
        except UnreadableError as fault:
            said = str(fault)

    assert cpu_seconds(work) < LONGEST, said
    return said


@pytest.mark.parametrize("line", BOMBS)
def test_a_bomb_in_the_constructor(line: str):
    answer(NET.format(line=line, inside="pass"))


@pytest.mark.parametrize("line", FORWARDS)
def test_a_bomb_in_forward(line: str):
    answer(NET.format(line="pass", inside=line))


@pytest.mark.parametrize("line", BOMBS)
def test_a_bomb_beside_the_network_does_not_hide_it(line: str):
    text = NET.format(line="pass", inside="pass") + "self = 1\n" + line.replace("\n        ", "\n")
    said = answer(text)
    assert said == "" or "steps" in said or "Python" in said


# A process of its own reads all of them: what it has needed at most is theirs.
READ = """
import json, sys
from pathlib import Path
from cifar7.imports.python import read_source
from cifar7.imports.graph import UnreadableError
from patience import cpu_seconds
said = {}

def work(name, text):
    try: read_source(text)
    except UnreadableError as fault: said[name] = str(fault)

texts = {name: Path(path).read_text() for name, path in json.loads(sys.argv[1]).items()}
took = {name: cpu_seconds(lambda: work(name, text)) for name, text in texts.items()}
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(json.dumps({"said": said, "took": took, "kilobytes": int(peak)}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is said of TEXTS, how long each took, and the memory for all."""
    folder = tmp_path_factory.mktemp("texts")
    paths = {name: str(folder / str(number)) for number, name in enumerate(TEXTS)}
    for name, path in paths.items():
        Path(path).write_text(TEXTS[name])
    done = subprocess.run(
        [sys.executable, "-c", READ, json.dumps(paths)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_a_bomb(answers: dict[str, Any], name: str):
    assert answers["took"][name] < LONGEST
    assert answers["said"][name]


def test_memory(answers: dict[str, Any]):
    assert answers["kilobytes"] < MEGABYTES * 1000  # the interpreter's own 20,000 among them


def test_notebooks_that_are_bombs():
    many = json.dumps({"cells": [{"cell_type": "code", "source": "x = ("}] * 20_000})
    long = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1\n" * 10_000}] * 5})
    empty = '{"cells": [' + "{}," * 1_000_000 + "{}]}"
    for text in (many, long, empty, '{"cells": [' + "[" * 900 + "]" * 900 + "]}"):
        assert answer(text, read_notebook)
