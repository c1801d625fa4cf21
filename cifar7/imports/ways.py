"""A graph of calls as the layers of a network: one row, whose two ways at a connection join again."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from cifar7.imports.graph import IMAGE, Graph, Node, UnreadableError, words
from cifar7.network.arithmetic import map_size
from cifar7.network.kinds import LAYER_KINDS, Family, Layer, names

Shape = tuple[int, ...]  # (C, H, W) of a map, (C,) of single values
SKIPPED = ("flatten", "softmax", "log_softmax")  # they make no layer
JOINS = ("add", "concat")


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer with the call that it was read from, and the shapes that it gets and puts out."""

    layer: Layer
    node: Node
    input: Shape
    output: Shape


def placed_layers(graph: Graph, image: tuple[int, int, int]) -> list[Placed]:
    """The layers in the order of `network.layers.expand`: at a connection its row, its other way, its join.

    Raises UnreadableError where a call does not fit the one before it, or the ways do not join as the
    vocabulary has it.
    """
    if not graph.nodes:
        raise UnreadableError(
            "nothing is called in forward", "let it return what its layers make of the image."
        )
    return _Reader(graph, image).row(IMAGE, len(graph.nodes) - 1)


def fault(node: Node, message: str, cure: str) -> UnreadableError:
    """What is wrong with a call, with its line and its name."""
    at = f"line {node.line}: " if node.line else ""
    name = f"{node.name} " if node.name else ""
    return UnreadableError(f"{at}{name}({node.kind.replace('_', ' ')}) {message}", cure)


class _Reader:
    """Follows a graph from the image to what is returned."""

    def __init__(self, graph: Graph, image: tuple[int, int, int]) -> None:
        self.nodes = graph.nodes
        self.users: dict[int, list[int]] = {}
        for at, node in enumerate(graph.nodes):
            for given in dict.fromkeys(node.inputs):
                self.users.setdefault(given, []).append(at)
        self.shapes: dict[int, Shape] = {IMAGE: image}
        self.last = len(graph.nodes) - 1
        self._forget_what_leads_nowhere()

    def _forget_what_leads_nowhere(self) -> None:
        """Calls whose result is never used are no part of the network."""
        needed, stack = set(), [self.last]
        while stack:
            at = stack.pop()
            if at in needed or at == IMAGE:
                continue
            needed.add(at)
            stack += self.nodes[at].inputs
        self.users = {at: [u for u in users if u in needed] for at, users in self.users.items()}

    def row(self, start: int, end: int, inside: bool = False) -> list[Placed]:
        """The layers from the value `start` to the value `end`, both numbers of nodes."""
        layers: list[Placed] = []
        at = start
        while at != end:
            users = self.users.get(at, [])
            if len(users) == 1:
                node = self.nodes[users[0]]
                if len(node.inputs) > 1:
                    if users[0] == end:
                        return layers
                    raise fault(
                        node, "joins what did not part at one place", "write it with two ways at most."
                    )
                layers += self._step(users[0])
                at = users[0]
            elif len(users) == 2 and not inside:
                joined, at = self._fork(at, users)
                layers += joined
            else:
                node = self.nodes[users[-1]] if users else self.nodes[end]
                raise fault(
                    node, "reads a map that is read in other places too",
                    "cifar7 knows two ways that part at one place and join at another, none inside them.",
                )  # fmt: skip
        return layers

    def _step(self, at: int) -> list[Placed]:
        """The layer of one call, or none."""
        node = self.nodes[at]
        given = self.shapes[node.inputs[0]]
        if node.kind in SKIPPED:
            if node.kind != "flatten" and at != self.last:
                raise fault(node, "stands inside the network", "a softmax can only stand at its end.")
            self.shapes[at] = (prod(given),) if node.kind == "flatten" else given
            return []
        layer, shape = _layer(node, given)
        self.shapes[at] = shape
        return [] if layer is None else [Placed(layer, node, given, shape)]

    def _fork(self, start: int, users: list[int]) -> tuple[list[Placed], int]:
        """Both ways from `start`, the row first, and their join; and the number of that join."""
        end = self._meeting(start, users)
        node = self.nodes[end]
        if len(node.inputs) != 2:
            raise fault(node, f"joins {len(node.inputs)} maps", "cifar7 knows two ways.")
        ways = [self._way(start, given, end) for given in node.inputs]
        if not ways[0]:
            ways.reverse()
        main, side = ways
        if not main:
            raise fault(node, "joins a map with itself", "put a layer on one of the two ways.")
        shapes = [way[-1].output if way else self.shapes[start] for way in ways]
        (channels, *size), (added, *other) = shapes
        if size != other or (node.kind == "add" and channels != added):
            raise fault(
                node,
                f"joins maps of {words(shapes[0])} and {words(shapes[1])}",
                "they have to be of one size.",
            )
        out = channels + added if node.kind == "concat" else channels
        join = Layer("", 0, node.kind, channels, out, span=len(main) + len(side), side=len(side))
        self.shapes[end] = (out, *size)
        return [*main, *side, Placed(join, node, shapes[0], self.shapes[end])], end

    def _way(self, start: int, end: int, join: int) -> list[Placed]:
        """The layers of one way: from `start` to the value `end` that the join gets."""
        if end == start:
            return []
        chain, at = [], end
        while at != start:
            node = self.nodes[at]
            if len(node.inputs) != 1 or len(self.users[at]) != 1:
                raise fault(
                    self.nodes[join] if len(node.inputs) == 1 else node,
                    "has a connection inside another one", "cifar7 knows connections one behind the other.",
                )  # fmt: skip
            chain.append(at)
            at = node.inputs[0]
            if at == IMAGE and start != IMAGE:
                raise fault(
                    node, "comes from another place than the way beside it", "let both part at one place."
                )
        return [layer for step in reversed(chain) for layer in self._step(step)]

    def _meeting(self, start: int, users: list[int]) -> int:
        """The join at which the ways through both users meet."""
        ahead = [self._chain(start, user) for user in users]
        for at in ahead[0]:
            if at in ahead[1] and self.nodes[at].kind in JOINS:
                return at
        raise fault(
            self.nodes[users[1]], "parts from the row and never joins it", "add or concatenate both ways."
        )

    def _chain(self, start: int, user: int) -> list[int]:
        """The calls that follow one another from a user of `start`."""
        chain = [user]
        while len(self.users.get(chain[-1], [])) == 1:
            chain.append(self.users[chain[-1]][0])
        return chain


def _layer(node: Node, given: Shape) -> tuple[Layer | None, Shape]:
    """The layer of a call on what it gets, and the shape that it puts out; None where it changes nothing."""
    family = _family(node.kind)
    if family is None:
        raise fault(node, "is nothing that cifar7 knows", f"it knows {', '.join(_KNOWN)}.")
    channels = given[0]
    if family is Family.LINEAR:
        if len(given) > 1 and prod(given) != channels:
            raise fault(node, f"reads a map of {words(given)}", "flatten it before.")
        _same(node, "in_features", prod(given), given)
        out = node.settings["out_features"]
        return Layer("", 0, "linear", channels, out, bias=bool(node.settings.get("bias", True))), (out,)
    if family in (Family.CONVOLUTION, Family.POOL):
        if len(given) != 3:
            raise fault(node, f"needs a map, and gets {words(given)} values", "put it before the flattening.")
        return (_conv if family is Family.CONVOLUTION else _pool)(node, given)
    if family is Family.DROPOUT:
        rate = float(node.settings.get("rate", 0.5))
        kind = "dropout" if len(given) == 1 else node.kind
        return (Layer("", 0, kind, channels, channels, rate=rate) if rate else None), given
    if family is Family.NORM:
        return _norm(node, given), given
    return Layer("", 0, node.kind, channels, channels), given


def _same(node: Node, setting: str, value: int, given: Shape) -> None:
    stated = node.settings.get(setting, value)
    if stated != value:
        what = setting.replace("_", " ")
        raise fault(
            node, f"has {stated} {what}, and gets {words(given)}, which are {value}", f"write {value}."
        )


def _conv(node: Node, given: Shape) -> tuple[Layer, Shape]:
    s = node.settings
    _same(node, "in_channels", given[0], given)
    kernel, stride, dilation = (int(s.get(name, 1)) for name in ("kernel", "stride", "dilation"))
    padding = s.get("padding", 0)
    if padding == "same":
        if dilation * (kernel - 1) % 2:
            raise fault(node, "has an even kernel and padding 'same'", "give the padding as a number.")
        padding = dilation * (kernel - 1) // 2
    mode = s.get("padding_mode", "zeros") if padding else "zeros"
    layer = Layer(
        "", 0, "conv", given[0], s["out_channels"], kernel, stride, padding, dilation, s.get("groups", 1),
        bias=bool(s.get("bias", True)), padding_mode=mode,
    )  # fmt: skip
    if layer.in_channels % layer.groups or layer.out_channels % layer.groups:
        raise fault(node, f"has {layer.groups} groups, which do not divide its channels", "choose a divisor.")
    return layer, (layer.out_channels, *_sides(node, layer, given))


def _pool(node: Node, given: Shape) -> tuple[Layer | None, Shape]:
    s, channels, side = node.settings, given[0], given[1]
    short = "max_pool" if "max" in node.kind else "avg_pool"
    if node.kind.startswith("adaptive"):
        size = s.get("size", 1)
        if size == 1:
            return Layer("", 0, f"global_{short}", channels, channels, 0, 1), (channels, 1, 1)
        if size == side:
            return None, given
        if side % size:
            raise fault(node, f"makes {size} of {side} pixels", "choose a size that divides the map's.")
        return Layer("", 0, short, channels, channels, side // size, side // size), (channels, size, size)
    kernel = int(s["kernel"])
    stride, padding = int(s.get("stride", kernel)), int(s.get("padding", 0))
    layer = Layer("", 0, short, channels, channels, kernel, stride, padding)
    out = _sides(node, layer, given)
    whole = -(-(side + 2 * padding - kernel) // stride) + 1
    if s.get("ceil") and whole != out[0] and (whole - 1) * stride < side + padding:
        raise fault(node, f"rounds {side} pixels up to {whole}", "cifar7 rounds down; pad the map before it.")
    return layer, (channels, *out)


def _sides(node: Node, layer: Layer, given: Shape) -> Shape:
    side = map_size(given[1], layer.kernel, layer.stride, layer.padding, layer.dilation)
    if side < 1:
        raise fault(
            node, f"finds no place on a map of {words(given)}", "pool less, or take a smaller kernel."
        )
    return side, side


def _norm(node: Node, given: Shape) -> Layer:
    channels, kind = given[0], node.kind
    if "shape" in node.settings and tuple(node.settings["shape"]) not in (given, _squeezed(given)):
        shape = words(tuple(node.settings["shape"]))
        raise fault(node, f"normalises {shape}, and gets {words(given)}", f"write {words(given)}.")
    _same(node, "channels", channels, given)
    groups = int(node.settings.get("groups", 1))
    if kind == "group_norm" and channels % groups:
        raise fault(
            node, f"has {groups} groups, which do not divide {channels} channels", "choose a divisor."
        )
    if len(given) == 1:
        kind = LAYER_KINDS[kind].flat or kind
    return Layer("", 0, kind, channels, channels, groups=groups)


def _squeezed(shape: Shape) -> Shape:
    return shape[:1] if shape[1:] == (1, 1) else shape


def _family(kind: str) -> Family | None:
    if kind in ("adaptive_avg_pool", "adaptive_max_pool"):
        return Family.POOL
    return LAYER_KINDS[kind].family if kind in LAYER_KINDS else None


_KNOWN = (*names(Family.ACTIVATION), *names(Family.NORM))
