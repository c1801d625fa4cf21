"""Layers in a row as units, each with every setting of its own: the first half of making a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cifar7.network.kinds import LAYER_KINDS, Family, Layer
from cifar7.network.spec import ORDERS, Unit

PARTS = {Family.NORM: "norm", Family.ACTIVATION: "act", Family.DROPOUT: "drop"}


@dataclass(frozen=True, slots=True)
class Raw:
    """A unit as its layers are: an operation, or none, and what follows it in the order it does."""

    operation: Layer | None
    followers: tuple[Layer, ...] = ()
    pointwise: Layer | None = None  # of a separable unit
    between: tuple[Layer, ...] = ()  # of a separable unit: what stands before its pointwise convolution
    around: int = 0  # units that a connection which ends here goes around
    side: tuple[Raw, ...] = ()  # units on its other way
    join: Layer | None = None
    joined: Layer | None = None  # the activation behind the join
    stage: str = ""  # where the layers say so
    layers: tuple[Layer, ...] = field(default=(), compare=False)

    @property
    def channels(self) -> int:
        """Channels of its last layer, a join left out."""
        last = self.pointwise or self.operation or self.followers[-1]
        return last.out_channels

    def has(self, part: str) -> Layer | None:
        """The normalisation, activation or dropout that follows."""
        return next((layer for layer in self.followers if PARTS[layer.family] == part), None)

    @property
    def downsamples(self) -> bool:
        """Whether it steps over pixels."""
        return self.operation is not None and self.operation.stride > 1

    @property
    def plain_pool(self) -> int | None:
        """The side of a max-pool that a stage can end with."""
        pool = self.operation
        if pool is None or pool.kind != "max_pool" or self.followers or self.around:
            return None
        return pool.kernel if pool.kernel == pool.stride in (2, 3, 4) and not pool.padding else None


def raw_units(layers: Sequence[Layer]) -> list[Raw]:
    """The units of layers in the order of `network.layers.expand`, connections included."""
    ends = {at - layer.span: at for at, layer in enumerate(layers) if layer.span}
    units: list[Raw] = []
    at = straight = 0
    while at < len(layers):
        if at not in ends:
            at += 1
            continue
        units += _row(layers[straight:at], ends_stage=True)
        end = ends[at]
        turn = end - layers[end].side
        main, side = _row(layers[at:turn]), _row(layers[turn:end])
        behind = layers[end + 1] if end + 1 < len(layers) and end + 1 not in ends else None
        follows = behind is not None and behind.family is Family.ACTIVATION
        joined = behind if behind and follows and behind.stage == layers[end].stage else None
        last = replace(main[-1], around=len(main), side=tuple(side), join=layers[end], joined=joined)
        units += [*main[:-1], last]
        at = straight = end + 1 + (joined is not None)
    units += _row(layers[straight:], ends_stage=True)
    return units


def _row(layers: Sequence[Layer], ends_stage: bool = False) -> list[Raw]:
    """The units of layers without connections. `ends_stage`: a plain max-pool takes nothing behind it."""
    units: list[Raw] = []
    for layer in layers:
        part = PARTS.get(layer.family)
        last = units[-1] if units else None
        if part is None:
            units.append(Raw(layer, stage=layer.stage))
        elif last is None or last.stage != layer.stage or last.has(part) or (ends_stage and last.plain_pool):
            units.append(Raw(None, (layer,), stage=layer.stage))
        else:
            units[-1] = replace(last, followers=(*last.followers, layer))
    return _separable(units)


def _separable(units: list[Raw]) -> list[Raw]:
    """The same with each depthwise and pointwise pair as one unit, where one unit can say it."""
    out: list[Raw] = []
    for unit in units:
        pair = _pair(out[-1], unit) if out and out[-1].stage == unit.stage else None
        if pair is None:
            out.append(unit)
        else:
            out[-1] = pair
    return out


def _pair(first: Raw, second: Raw) -> Raw | None:
    depthwise, pointwise = first.operation, second.operation
    if (
        depthwise is None
        or pointwise is None
        or pointwise.kind != "conv"
        or first.pointwise
        or second.pointwise
    ):
        return None
    if not depthwise.depthwise or depthwise.out_channels != depthwise.in_channels:
        return None
    if (pointwise.kernel, pointwise.stride, pointwise.dilation, pointwise.groups) != (1, 1, 1, 1):
        return None
    modes = {layer.padding_mode for layer in (depthwise, pointwise) if layer.padding}
    if pointwise.padding > 4 or len(modes) > 1:
        return None
    between = [layer for layer in first.followers if layer.family is not Family.DROPOUT]
    dropped = first.has("drop")
    if dropped and (first.followers[-1] is not dropped or second.has("drop")):
        return None
    around = [layer for layer in second.followers if layer.family is not Family.DROPOUT]
    if between and [_same(layer) for layer in between] != [_same(layer) for layer in around]:
        return None
    return replace(first, pointwise=pointwise, followers=second.followers, between=first.followers)


def _same(layer: Layer) -> tuple[str, int]:
    """What two normalisations or activations have to have in common; groups 0 where they follow the rule."""
    rule = LAYER_KINDS[layer.kind].groups(layer.out_channels)
    return layer.kind, 0 if layer.groups == rule else layer.groups


def norm_name(layer: Layer) -> str:
    """What a network calls the normalisation."""
    return layer.kind.removesuffix("_flat").removesuffix("_norm")


def norm_groups(layer: Layer) -> int | None:
    """The groups of a group normalisation where they are not those of the rule."""
    rule = LAYER_KINDS["group_norm"].groups(layer.out_channels)
    return layer.groups if layer.kind == "group_norm" and layer.groups != rule else None


def order_of(raw: Raw, usual: str) -> str | None:
    """The order that a unit needs to be given; None where that of its network says the same."""
    present = ["conv", *(PARTS[layer.family] for layer in raw.followers)]
    if raw.between and any(layer.family is not Family.DROPOUT for layer in raw.between):
        present = ["conv", *(PARTS[layer.family] for layer in raw.followers)]
    for order in (usual, *ORDERS):
        parts = order.split("-")
        parts = parts if "drop" in parts else [*parts, "drop"]
        if [part for part in parts if part in present] == present:
            return None if order == usual else order
    raise AssertionError(f"no order for {present}")


def unit_of(raw: Raw, usual: Unit) -> Unit:
    """The unit without what depends on its network. `usual`: a unit whose fields are kept."""
    first = raw.operation
    if first is None:
        return replace(usual, channels=raw.channels, kind="none", kernel=3)
    if first.kind == "linear":
        return replace(usual, channels=first.out_channels, kind="linear")
    keeping = first.family is Family.POOL
    unit = replace(
        usual,
        channels=raw.channels,
        kernel=first.kernel,
        stride=first.stride,
        padding=first.padding,
        dilation=first.dilation,
        kind=first.kind if keeping else "separable" if raw.pointwise else "standard",
    )
    if not keeping and not raw.pointwise and first.groups > 1:
        unit = replace(unit, kind="grouped", groups=first.groups)
    same = 0 if keeping else unit.same_padding
    if first.padding == same and (keeping or unit.dilation * (unit.kernel - 1) % 2 == 0):
        unit = replace(unit, padding=None)
    pointwise = raw.pointwise
    mode = next((y.padding_mode for y in (first, pointwise) if y and y.padding), "zeros")
    return replace(unit, pointwise_padding=pointwise.padding if pointwise else 0, padding_mode=mode)
