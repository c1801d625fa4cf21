"""Nothing of a text is run: texts that would leave a trace leave none."""

from __future__ import annotations

import builtins
import os
import socket
import subprocess
from pathlib import Path

import pytest

from cifar7.imports.graph import Graph, UnreadableError
from cifar7.imports.python import read_source

NET = """
import torch
from torch import nn
{above}
{decorator}
class Net(nn.Module{keyword}):
    {body}
    def __init__(self, w={default}):
        super().__init__()
        {before}
        self.conv = nn.Conv2d(3, 8, 3)
    {on_forward}
    def forward(self, x: {annotation} = None):
        {inside}
        return self.conv(x)
{below}
"""
PLACES = {
    "above": "", "decorator": "", "keyword": "", "body": "pass", "default": "8", "before": "pass",
    "on_forward": "",
    "annotation": "object", "inside": "pass", "below": "",
}  # fmt: skip
TRACE = "open('TRACE', 'w').write('x')"
BY_IMPORT = "__import__('os').system('touch TRACE')"
EFFECTS = {
    "open": ("", TRACE),
    "os.system": ("import os", "os.system('touch TRACE')"),
    "import": ("", BY_IMPORT),
    "importlib": ("import importlib", "importlib.import_module('os').system('touch TRACE')"),
    "subprocess": ("import subprocess", "subprocess.run(['touch', 'TRACE'])"),
    "pathlib": ("from pathlib import Path", "Path('TRACE').write_text('x')"),
    "eval": ("", f"eval({BY_IMPORT!r})"),
    "exec": ("", f"exec({TRACE!r})"),
    "compile": ("", f"exec(compile({TRACE!r}, 'a', 'exec'))"),
    "torch.save": ("", "torch.save({}, 'TRACE')"),
    "torch.load": ("", "torch.load('TRACE')"),
    "torch.hub": ("", "torch.hub.load('a/b', 'c')"),
    "numpy": ("import numpy as np", "np.save('TRACE', [1])"),
    "f-string": ("", f'f"{{{TRACE.replace(chr(39) + "w" + chr(39), "mode")}}}"'),
    "walrus": ("", f"(y := {TRACE})"),
    "lambda": ("", f"(lambda: {TRACE})()"),
    "comprehension": ("", f"[{TRACE} for _ in range(2)]"),
    "getattr": ("import os", "getattr(os, 'sys' + 'tem')('touch TRACE')"),
    "builtins": ("", "__builtins__['open']('TRACE', 'w')"),
    "builtins module": ("import builtins", "builtins.open('TRACE', 'w')"),
    "globals": ("", "globals()['__builtins__'].open('TRACE', 'w')"),
    "subclasses": ("", "().__class__.__base__.__subclasses__()"),
    "print": ("", f"print({TRACE})"),
    "sorted": ("", f"sorted([1, 2], key=lambda v: {TRACE})"),
    "map": ("", "list(map(open, ['TRACE'], ['w']))"),
    "partial": ("from functools import partial", "partial(open, 'TRACE', 'w')()"),
    "reduce": ("from functools import reduce", "reduce(open, ['TRACE', 'w'])"),
    "namespace": ("from types import SimpleNamespace as S", "S(f=open).f('TRACE', 'w')"),
    "socket": ("import socket", "socket.create_connection(('127.0.0.1', 9))"),
    "pickle": ("import pickle", r"pickle.loads(b'cos\nsystem\n(S\'touch TRACE\'\ntR.')"),
    "del": ("class D:\n    def __del__(self):\n        open('TRACE', 'w')", "D()"),
    "repr": (
        "class D:\n    def __repr__(self):\n        return open('TRACE', 'w')",
        "str(D()) + f'{D()}' + '%s' % D()",
    ),
    "equal": (
        "class D:\n    def __eq__(self, o):\n        return open('TRACE', 'w')",
        "D() == D() or D() in [D()]",
    ),
    "getattribute": ("class D:\n    def __getattr__(self, n):\n        return open('TRACE', 'w')", "D().x"),
    "enter": ("class D:\n    def __enter__(self):\n        return open('TRACE', 'w')", "D().__enter__()"),
}
WHERE = ("above", "body", "default", "before", "inside", "annotation", "decorator", "on_forward", "below")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What would reach outside, noted instead of done."""
    seen: list[str] = []
    for owner, name in (
        (builtins, "open"), (builtins, "exec"), (builtins, "eval"), (os, "system"), (os, "popen"),
        (subprocess, "Popen"), (socket, "socket"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, lambda *_, _n=name, **__: seen.append(_n))
    monkeypatch.chdir(tmp_path)
    imported = builtins.__import__

    def noted(name: str, *rest: object) -> object:
        if name != "collections":  # ast.walk imports it
            seen.append(f"import {name}")
        return imported(name, *rest)  # pytest imports as well, once the test is over

    monkeypatch.setattr(builtins, "__import__", noted)
    return seen


def read(text: str) -> Graph | None:
    try:
        return read_source(text)
    except UnreadableError:
        return None


@pytest.mark.parametrize("name", EFFECTS)
def test_no_trace_is_left(name: str, tmp_path: Path, closed: list[str]):
    imports, effect = EFFECTS[name]
    closed.clear()  # what pytest's own plugins imported on the way here
    for place in WHERE:
        written = f"@{effect}" if place in ("decorator", "on_forward") else effect
        read(imports + "\n" + NET.format(**{**PLACES, place: written}))
        assert not list(tmp_path.iterdir()), place
        assert closed == [], place


def test_the_same_texts_leave_a_trace_when_they_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for place in ("above", "body", "default", "below"):
        exec(NET.format(**{**PLACES, place: TRACE}), {"__name__": "student"})
        (tmp_path / "TRACE").unlink()


def test_a_metaclass_and_a_decorator_of_the_text(tmp_path: Path, closed: list[str]):
    above = (
        f"class Meta(type):\n    def __new__(m, n, b, d):\n        {TRACE}\n"
        "        return type.__new__(m, n, b, d)\n"
        f"    def __call__(c):\n        {TRACE}\n"
        f"def mark(c):\n    {TRACE}\n    return c\n"
    )
    closed.clear()
    graph = read(
        NET.format(**{**PLACES, "above": above, "keyword": ", metaclass=Meta", "decorator": "@mark"})
    )
    assert graph is not None
    assert not list(tmp_path.iterdir())
    assert closed == []


ATTRIBUTES = """
__class__ __globals__ __subclasses__ __dict__ __mro__ __bases__ __base__ __code__ __closure__
__builtins__ __init__ __reduce__ __reduce_ex__ __getattribute__ __func__ __self__ __module__ __loader__
__spec__ gi_frame f_globals tb_frame __import__ __call__ __new__ __del__ mro func node scope names order
attributes call parts path format_map
"""
TARGETS = (
    "().{a}",
    "''.{a}",
    "[].{a}",
    "{{}}.{a}",
    "(1).{a}",
    "None.{a}",
    "self.{a}",
    "self.conv.{a}",
    "x.{a}",
    "x.shape.{a}",
    "nn.{a}",
    "nn.Conv2d.{a}",
    "Net.{a}",
    "print.{a}",
    "len.{a}",
    "super().{a}",
    "(lambda: 1).{a}",
    "self.forward.{a}",
    "range(3).{a}",
    "'{{0.{a}}}'.format(self)",
    "'{{0.{a}}}'.format('')",
    "f'{{self.{a}}}'",
    "getattr('', '{a}')",
    "getattr(self, '{a}')",
    "'%({a})s' % {{'{a}': self}}",
    "'{{x[{a}]}}'.format(x=self)",
    "torch.{a}",
    "self.training.{a}",
)


def plain(value: object) -> bool:
    return isinstance(value, (int, float, str, bool, tuple, type(None)))


@pytest.mark.parametrize("attribute", ATTRIBUTES.split())
def test_attributes_do_not_reach_the_reader(attribute: str):
    for target in TARGETS:
        attack = target.format(a=attribute)
        for use in (attack, f"{attack}()[0].{attribute}"):
            text = NET.format(**{**PLACES, "inside": f"y = {use}\n        self.y = y"})
            graph = read(text)
            width = NET.format(**{**PLACES, "inside": f"return nn.Dropout({use})(self.conv(x))"})
            for one in (graph, read(width)):
                for node in one.nodes if one else ():
                    assert all(plain(value) for value in node.settings.values())


def test_a_format_cannot_reach_an_object():
    for field in ("0.__class__", "0[0]", "self.__init__", "0.real.__class__.__base__", "!r", "0!r"):
        text = NET.format(**{**PLACES, "before": f"setattr(self, '{{{field}}}'.format(1), nn.ReLU())"})
        with pytest.raises(UnreadableError, match="line 10"):
            read_source(text)
