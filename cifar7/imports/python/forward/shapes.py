"""What changes the shape of a map: views, means over the sides, channels moved behind and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cifar7.imports.python.forward.signatures import Arguments, bind, signature
from cifar7.imports.python.values import Map, OutsideError, Size, Unknown, Value, described

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

RANK = {"map": 4, "flat": 2, "behind": 4, "rows": 3, "averaged": 3, "squeezed": 3}
FLAT = "use x.flatten(1), or x.view(x.size(0), -1)"


def axis(value: Value, form: str) -> int:
    """An axis from 0, or -1 where it is none."""
    rank = RANK[form]
    if isinstance(value, bool) or not isinstance(value, int) or not -rank <= value < rank:
        return -1
    return value % rank


def extents(x: Map) -> list[Value]:
    """The shape of a map, as far as it is known."""
    channels = x.channels if x.channels is not None else Size("features" if x.form == "flat" else "channels")
    side = 1 if x.single else Size("side")
    return {
        "map": [Size("batch"), channels, side, side],
        "flat": [Size("batch"), channels],
        "behind": [Size("batch"), side, side, channels],
        "rows": [Size("batch"), channels, Size("pixels")],
    }.get(x.form, [Size("batch"), channels, side])


def size(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """`x.size()`, `x.size(1)`."""
    which = bind("size", signature("dim=None"), row, named)["dim"]
    if which is None:
        return tuple(extents(x))
    at = axis(which, x.form)
    if at < 0:
        raise OutsideError(f"the map has no axis {described(which)}", f"it has {RANK[x.form]}, from 0")
    return extents(x)[at]


def dim(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> int:
    """`x.dim()`."""
    return RANK[x.form]


def flatten(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """`torch.flatten(x, 1)`."""
    bound = bind("flatten", signature("start_dim=0, end_dim=-1"), row, named)
    if bound["start_dim"] == 0:
        raise OutsideError("flatten without a number puts the whole batch in one row", "write flatten(1)")
    return machine.tape.flatten(x, bound["start_dim"], bound["end_dim"], "", line)


def view(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """`x.view(x.size(0), -1)` and its like."""
    row = list(named.values()) + row if "shape" in named else row
    if len(row) == 1 and isinstance(row[0], (list, tuple)):
        row = list(row[0])
    batch = bool(row) and (
        row[0] == Size("batch")
        or isinstance(row[0], Unknown)
        or (isinstance(row[0], int) and row[0] not in (0, 1))
    )
    if len(row) == 2 and batch and row != [-1, -1] and x.form != "behind":
        return _flat(machine, x, row[1], line)
    if len(row) == 3 and batch and x.form == "map" and row[1] in (x.channels, Size("channels")):
        return Map(x.place, x.channels, "rows", x.single)
    if batch and row == extents(x):
        return x
    raise OutsideError(f"view({', '.join(map(described, row[:5]))}) lies outside of what is read", FLAT)


def _flat(machine: Machine, x: Map, features: Value, line: int) -> Map:
    known = features if isinstance(features, int) and features > 0 else None
    if x.form == "flat" and None not in (known, x.channels) and known != x.channels:
        raise OutsideError(f"view from {x.channels} values to {known} mixes images of a batch", FLAT)
    if x.form == "map" and x.single and None not in (known, x.channels) and known != x.channels:
        raise OutsideError(f"view from {x.channels} values to {known} mixes images of a batch", FLAT)
    made = machine.tape.flat(x, "", line)
    if known is not None and made.channels is None:
        made.channels = known
    return made


def squeeze(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """`x.squeeze()`, or the last two axes one by one."""
    which = bind("squeeze", signature("dim=None"), row, named)["dim"]
    axes = {axis(item, x.form) for item in (which if isinstance(which, (list, tuple)) else [which])}
    if which is None or x.form == "flat" or (x.form == "map" and axes == {2, 3}):
        return (
            machine.tape.flat(x, "", line) if x.form in ("map", "squeezed", "flat") else _refuse("squeeze", x)
        )
    if x.form == "map" and axes in ({2}, {3}):
        return Map(x.place, x.channels, "squeezed", x.single)
    if x.form == "squeezed" and axes == {2}:
        return machine.tape.flat(x, "", line)
    return _refuse("squeeze", x)


def mean(kind: str) -> Callable[[Machine, Map, list[Value], dict[str, Value], int], Map]:
    """`x.mean([2, 3])`, or one side after the other."""

    def run(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
        named = {"dim" if name == "axis" else name: value for name, value in named.items()}
        a = Arguments("mean", bind("mean", signature("dim=None, keepdim=False, dtype=None"), row, named))
        given, keep = a["dim"], a.flag("keepdim")
        axes = {axis(item, x.form) for item in (given if isinstance(given, (list, tuple)) else [given])}
        if (x.form == "map" and axes == {2, 3}) or (x.form == "behind" and axes == {1, 2} and not keep):
            return machine.tape.mean(x, kind, keep, line)
        if x.form in ("rows", "averaged") and axes == {2} and not keep:
            return machine.tape.mean(x, kind, False, line)
        if x.form == "map" and axes in ({2}, {3}) and not keep and kind == "adaptive_avg_pool":
            return Map(x.place, x.channels, "averaged")
        return _refuse("mean", x)

    return run


def permute(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """Channels behind, (0, 2, 3, 1), and back, (0, 3, 1, 2)."""
    row = list(named.values()) + row if named else row
    order = list(row[0]) if len(row) == 1 and isinstance(row[0], (list, tuple)) else row
    order = [axis(item, x.form) for item in order]
    if x.form == "map" and order == [0, 2, 3, 1]:
        return Map(x.place, x.channels, "behind", x.single)
    if x.form == "behind" and order == [0, 3, 1, 2]:
        return Map(x.place, x.channels, "map", x.single)
    return _refuse("permute", x)


def movedim(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """`x.movedim(1, -1)` and back."""
    pair = [axis(item, x.form) for item in row]
    if x.form == "map" and pair == [1, 3]:
        return Map(x.place, x.channels, "behind", x.single)
    if x.form == "behind" and pair == [3, 1]:
        return Map(x.place, x.channels, "map", x.single)
    return _refuse("movedim", x)


def transpose(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
    """Never: it turns the picture, or mixes channels and sides."""
    return _refuse("transpose", x)


def _refuse(what: str, x: Map) -> Map:
    raise OutsideError(
        f"this {what} of a map lies outside of what is read",
        "read are mean over [2, 3], squeeze of the last two axes, and permute(0, 2, 3, 1) and back",
    )
