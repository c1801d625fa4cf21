"""The calls of a forward pass as they are met: what a layer does to a map, and its place in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cifar7.imports.graph import IMAGE, Node, Remark, learnt
from cifar7.imports.python.forward.layers import SUPPORTED
from cifar7.imports.python.values import Call, Map, OutsideError, Thing, Value, described

NODES = 5_000
ANY = ("map", "flat", "behind")
MAPS_ONLY = ("conv", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "instance_norm")
SHAPES = {
    "map": "a map (B, C, H, W)", "flat": "flat values (B, features)",
    "behind": "a map with its channels behind",
    "rows": "a map with its sides in one", "averaged": "a map without one side",
    "squeezed": "a map without one side",
}  # fmt: skip


class Tape:
    """The nodes so far, the layers that were called, and what is to be pointed out."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.remarks: list[Remark] = []
        self.names: dict[int, str] = {}  # of the modules of the network, by id
        self.called: dict[int, tuple[Thing, int]] = {}  # layers with weights: and how often
        self.alive: list[Thing] = []  # the modules of the network, in order
        self.loose: set[int] = set()  # those in plain lists, by id

    def image(self) -> Map:
        """What the network gets."""
        return Map(IMAGE)

    def add(
        self, kind: str, inputs: tuple[int, ...], settings: Mapping[str, Any], name: str = "", line: int = 0
    ) -> int:
        """One more node: its place."""
        if len(self.nodes) >= NODES:
            raise OutsideError(f"the network has more than {NODES:,} calls", "import a smaller one")
        self.nodes.append(Node(kind, inputs, dict(settings), name, line))
        return len(self.nodes) - 1

    def remark(self, id: str, message: str, line: int) -> None:
        """Point something out, once a line."""
        if not any((r.id, r.line) == (id, line) for r in self.remarks):
            self.remarks.append(Remark(id, message, line))

    def module(self, thing: Thing, value: Value, line: int) -> Map:
        """Call a layer of torch."""
        call = thing.call
        if call is None:
            raise OutsideError(
                f"{described(thing)} is called before its __init__ has made it",
                "call super().__init__(…) first",
            )
        if call.refusal:
            raise OutsideError(*call.refusal, line=thing.line)
        if not isinstance(value, Map):
            raise OutsideError(
                f"{described(thing)} gets {described(value)} instead of a map", "pass it the map x"
            )
        name = self.names.get(id(thing), "")
        if call.lazy:
            self._settle(thing, call, value)
        if call.parameters or call.kind == "prelu":
            self._count(thing, name, line)
        wrong = {"BatchNorm2d": "flat", "BatchNorm1d": "map", "LazyBatchNorm2d": "flat"}.get(thing.base)
        if wrong == value.form:
            raise OutsideError(
                f"nn.{thing.base} gets {SHAPES[wrong]}", "use the 1d norm for flat values, 2d for maps"
            )
        try:
            return self.apply(call, value, name, thing.line, f"nn.{thing.base}")
        except OutsideError as outside:
            outside.line = outside.line or thing.line
            raise

    def _settle(self, thing: Thing, call: Call, value: Map) -> None:
        """A lazy layer takes the channels of what it gets first."""
        if value.channels is None and value.place == IMAGE:
            value.channels = 3
            self.remark(
                "channels-assumed", "the image is taken to have 3 channels: the text does not say", thing.line
            )
        if value.channels is None:
            raise OutsideError(
                f"nn.{thing.base} takes its size from what it gets, which is not known here", "write the size"
            )
        name = {"conv": "in_channels", "linear": "in_features"}.get(call.kind, "channels")
        call.settings[name] = value.channels
        if call.kind == "conv" and value.channels % call.settings["groups"]:
            raise OutsideError(f"the groups do not divide {value.channels} channels", "choose a divisor")
        call.parameters, call.lazy = learnt(call.kind, call.settings), False

    def _count(self, thing: Thing, name: str, line: int) -> None:
        if id(thing) not in self.names:
            raise OutsideError(
                f"a layer with weights, {described(thing)}, is made in forward, anew at each call",
                "make it in __init__: self.layer = …",
            )
        times = self.called.get(id(thing), (thing, 0))[1] + 1
        self.called[id(thing)] = (thing, times)
        if times == 2:
            self.remark("layer-used-twice", f"{name} is called more than once, with the same weights", line)

    def apply(self, call: Call, value: Map, name: str, line: int, what: str = "") -> Map:
        """What a call makes of a map."""
        kind, settings = call.kind, call.settings
        what = what or kind
        if kind == "flatten":
            return self.flatten(value, settings["start"], settings["end"], name, line)
        _check_form(kind, settings, value, what)
        if kind in ("softmax", "log_softmax"):
            return self._softmax(kind, settings["dim"], value, name, line)
        if kind == "layer_norm" and value.form == "behind":
            kind, settings = "channel_norm", {"channels": settings["shape"][0]}
        _check_channels(kind, settings, value, what)
        made = value.like(self.add(kind, (value.place,), settings, name, line))
        if kind in ("conv", "linear"):
            made.channels = settings["out_channels" if kind == "conv" else "out_features"]
            made.single = (
                made.single
                and kind == "conv"
                and settings["kernel"] == 1
                and settings["padding"] in (0, "same")
            )
        elif kind.startswith("adaptive"):
            made.single = settings["size"] == 1
        if call.inplace:
            value.place = made.place
            return value
        return made

    def _softmax(self, kind: str, axis: Value, value: Map, name: str, line: int) -> Map:
        rank = 2 if value.form == "flat" else 4
        if axis not in (None, 1, 1 - rank):
            raise OutsideError(
                f"{kind} over dim={described(axis)} lies outside of what is read", "use dim=1, the classes"
            )
        return value.like(self.add(kind, (value.place,), {}, name, line))

    def flatten(self, value: Map, start: Value, end: Value, name: str, line: int) -> Map:
        """To (B, features), or from axis 2 on to (B, C, H·W)."""
        rank = {"map": 4, "flat": 2, "rows": 3, "behind": 4}.get(value.form, 3)
        whole = end in (-1, rank - 1)
        if whole and start == 1 and value.form != "behind":
            return self.flat(value, name, line)
        if whole and start in (2, -2) and value.form == "map":
            return Map(value.place, value.channels, "rows", value.single)
        raise OutsideError(
            f"flatten({described(start)}, {described(end)}) of {SHAPES[value.form]} is not read",
            "use flatten(1)",
        )

    def flat(self, value: Map, name: str, line: int) -> Map:
        """To (B, features)."""
        if value.form == "flat":
            return value
        channels = value.channels if value.single else None
        return Map(self.add("flatten", (value.place,), {}, name, line), channels, "flat")

    def mean(self, value: Map, kind: str, keep: bool, line: int) -> Map:
        """Over both sides of a map."""
        place = self.add(kind, (value.place,), {"size": 1}, "", line)
        single = Map(place, value.channels, "map", True)
        return single if keep else self.flat(single, "", line)

    def join(self, kind: str, parts: list[Map], line: int) -> Map:
        """A sum or a concatenation."""
        first = parts[0]
        if any(part.form != first.form for part in parts) or first.form not in ANY:
            shapes = " and ".join(dict.fromkeys(SHAPES[part.form] for part in parts))
            raise OutsideError(f"{kind} of {shapes} lies outside of what is read", "join maps of one shape")
        counts = [part.channels for part in parts]
        known = [count for count in counts if count is not None]
        if kind == "add" and len(set(known)) > 1:
            raise OutsideError(
                f"maps of {' and '.join(map(str, dict.fromkeys(known)))} channels are added",
                "bring them to the same number, by a 1x1 convolution on the shortcut",
            )
        place = self.add(kind, tuple(part.place for part in parts), {}, "", line)
        if kind == "add":
            total = known[0] if known else None
        else:
            total = sum(known) if len(known) == len(counts) else None
        return Map(place, total, first.form, all(part.single for part in parts))


def _check_form(kind: str, settings: Mapping[str, Any], value: Map, what: str) -> None:
    allowed: tuple[str, ...] = ANY
    cure = SUPPORTED
    if kind in MAPS_ONLY:
        allowed, cure = ("map",), "flatten after it"
    elif kind == "linear":
        allowed, cure = ("flat",), "flatten before it: x = x.flatten(1)"
    elif kind == "layer_norm":
        size = len(settings["shape"])
        allowed = ("map",) if size == 3 else ("flat", "behind")
        cure = "a layer norm over channels stands between x.permute(0, 2, 3, 1) and x.permute(0, 3, 1, 2)"
    elif kind in ("batch_norm", "group_norm", "dropout2d", "softmax", "log_softmax", "prelu"):
        allowed, cure = ("map", "flat"), "bring the channels to the second place"
    if value.form not in allowed:
        raise OutsideError(f"{what} of {SHAPES[value.form]} lies outside of what is read", cure)


def _check_channels(kind: str, settings: Mapping[str, Any], value: Map, what: str) -> None:
    name = {"conv": "in_channels", "linear": "in_features"}.get(kind, "channels")
    wanted = settings.get(name)
    if kind == "layer_norm":
        wanted = settings["shape"][0]
    if wanted is not None and value.channels is not None and wanted != value.channels:
        unit = "values" if value.form == "flat" else "channels"
        raise OutsideError(
            f"{what} is made for {wanted} {unit} and gets {value.channels}",
            f"give it {name}={value.channels}",
        )
