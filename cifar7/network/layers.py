"""A network as the layers that it runs, in order: the list that arithmetic, module and exporter share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from cifar7.network.kinds import LAYER_KINDS, Layer
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec, Unit, row_channels


def expand(spec: NetSpec) -> tuple[Layer, ...]:
    """The layers of a network in the order they run. Makes no check: call `problems.problems` first."""
    return tuple(_layers(spec))


def _layers(spec: NetSpec) -> Iterator[Layer]:
    channels = spec.in_channels
    for name, stage in zip(STAGE_NAMES, spec.stages, strict=True):
        layers, channels = _row_of_units(spec, name, channels, stage.units)
        yield from layers
        if stage.pool is not None:
            yield Layer(name, 0, "max_pool", channels, channels, stage.pool, stage.pool)
    head = spec.output
    layers, channels = _row_of_units(spec, OUTPUT, channels, head.units)
    yield from layers
    if head.pooling != "none":
        kind = "avg_pool" if head.pooling == "average" else "max_pool"
        if head.pool is None:
            yield Layer(OUTPUT, 0, f"global_{kind}", channels, channels, 0, 1, head=True)
        else:
            yield Layer(OUTPUT, 0, kind, channels, channels, head.pool, head.pool, head=True)
    flat = False
    for number, unit in enumerate(head.behind, len(head.units) + 1):
        yield from _unit_layers(spec, OUTPUT, number, channels, unit, flat=flat)
        flat = flat or unit.kind == "linear"
        channels = row_channels((unit,), channels)
    if head.classifier != "none":
        yield Layer(
            OUTPUT, 0, head.classifier, channels, spec.classes, bias=head.bias, role="classifier"
        )  # fmt: skip


def _row_of_units(
    spec: NetSpec, stage: str, channels: int, units: tuple[Unit, ...]
) -> tuple[list[Layer], int]:
    """The layers of a stage's units, the first of which gets `channels` channels, and the channels then."""
    layers: list[Layer] = []
    starts: list[tuple[int, int]] = []  # of each unit: layers of the stage before it, and channels into it
    for number, unit in enumerate(units, 1):
        starts.append((len(layers), channels))
        layers += _unit_layers(spec, stage, number, channels, unit)
        channels = row_channels((unit,), channels)
        if unit.residual:
            first = max(1, number - unit.residual + 1)
            start, into = starts[first - 1]
            side, added = _shortcut(spec, stage, number, into, unit)
            layers += side
            out = channels + added if unit.join == "concat" else channels
            layers.append(
                Layer(
                    stage,
                    number,
                    unit.join,
                    channels,
                    out,
                    span=len(layers) - start,
                    side=len(side),
                    role="branch beside" if unit.shortcut else f"input of unit {first}",
                )
            )
            channels = out
            if unit.joined_activation:
                layers.append(Layer(stage, number, spec.activation, channels, channels))
    return layers, channels


def _shortcut(spec: NetSpec, stage: str, number: int, channels: int, unit: Unit) -> tuple[list[Layer], int]:
    """The layers on the way around, and the channels that they put out."""
    layers: list[Layer] = []
    for beside, other in enumerate(unit.shortcut, 1):
        layers += _unit_layers(spec, stage, number, channels, other, beside=beside)
        channels = row_channels((other,), channels)
    return layers, channels


def _unit_layers(
    spec: NetSpec, stage: str, number: int, channels: int, unit: Unit, beside: int = 0, flat: bool = False
) -> list[Layer]:
    """The layers of one unit that gets `channels` channels; `flat`: single values, behind a linear layer."""
    layers: list[Layer] = []
    width = channels  # in front of the operation stand as many as come in
    for part in _order(spec, unit):
        if part == "conv":
            layers += _operation(spec, stage, number, channels, unit, beside)
            width, flat = row_channels((unit,), channels), flat or unit.kind == "linear"
        elif part != "drop" or unit.kind != "separable" or unit.dropout_after == "unit":
            layers += _follower(spec, stage, number, width, unit, part, beside, flat)
    return layers


def _follower(
    spec: NetSpec,
    stage: str,
    number: int,
    channels: int,
    unit: Unit,
    part: str,
    beside: int,
    flat: bool = False,
) -> list[Layer]:
    """The normalisation ("norm"), activation ("act") or dropout ("drop") of a unit, as one layer or none."""
    kind, groups, rate = "", 1, 0.0
    if part == "norm" and (norm := norm_of(spec, unit)) != "none":
        kind = f"{norm}_norm"
        chosen = (unit.norm_groups or spec.norm_groups) if norm == "group" else None
        groups = chosen or LAYER_KINDS[kind].groups(channels)
    elif part == "act" and unit.activation:
        kind = unit.activation_kind or spec.activation
    elif part == "drop" and unit.dropout:
        kind, rate = "dropout2d" if unit.dropout_kind == "channels" else "dropout", unit.dropout
    if not kind:
        return []
    kind = LAYER_KINDS[kind].flat or kind if flat else kind
    return [Layer(stage, number, kind, channels, channels, groups=groups, rate=rate, beside=beside)]


def _operation(spec: NetSpec, stage: str, number: int, channels: int, unit: Unit, beside: int) -> list[Layer]:
    """The layers of a unit's operation: one, none, or what a separable convolution is made of."""
    if unit.kind == "none":
        return []
    if unit.kind == "linear":
        bias = _bias(spec, unit, _behind(spec, unit), unit.bias)
        return [Layer(stage, number, "linear", channels, unit.channels, bias=bias, beside=beside)]
    if unit.pools:
        return [
            Layer(
                stage, number, unit.kind, channels, channels, unit.kernel, unit.stride, unit.actual_padding,
                beside=beside,
            )
        ]  # fmt: skip
    separable = unit.kind == "separable"
    after = channels if separable else unit.channels
    groups = {"standard": 1, "grouped": unit.groups, "separable": channels}[unit.kind]
    layers = [
        Layer(
            stage, number, "conv", channels, after, unit.kernel, unit.stride, unit.actual_padding,
            unit.dilation, groups,
            bias=_bias(spec, unit, unit.between if separable else _behind(spec, unit), unit.bias),
            role="depthwise" if separable else "", padding_mode=_border(unit, unit.actual_padding),
            beside=beside,
        )
    ]  # fmt: skip
    if separable:
        between = ("norm", "act") if unit.between else ()
        inside = [part for part in _order(spec, unit) if part in between]
        for part in inside + ["drop"] * (unit.dropout_after == "depthwise"):
            layers += _follower(spec, stage, number, channels, unit, part, beside)
        layers.append(
            Layer(
                stage, number, "conv", channels, unit.channels, padding=unit.pointwise_padding,
                bias=_bias(spec, unit, _behind(spec, unit), unit.pointwise_bias), role="pointwise",
                padding_mode=_border(unit, unit.pointwise_padding), beside=beside,
            )
        )  # fmt: skip
    return layers


def _border(unit: Unit, padding: int) -> str:
    """What stands beyond the border; zeros where nothing is padded, which torch writes the same."""
    return unit.padding_mode if padding else "zeros"


def _order(spec: NetSpec, unit: Unit) -> tuple[str, ...]:
    """The four parts of a unit in their order."""
    return _parts(unit.order or spec.order)


@cache
def _parts(order: str) -> tuple[str, ...]:
    parts = tuple(order.split("-"))
    return parts if "drop" in parts else (*parts, "drop")


def norm_of(spec: NetSpec, unit: Unit) -> str:
    """The normalisation that a unit has: the network's, another one, or none."""
    if not unit.norm:
        return "none"
    return unit.norm_kind or spec.norm


def _behind(spec: NetSpec, unit: Unit) -> bool:
    """Whether the unit's normalisation would stand behind its convolution."""
    order = _order(spec, unit)
    return order.index("norm") > order.index("conv")


def _bias(spec: NetSpec, unit: Unit, followed: bool, own: bool | None) -> bool:
    """Whether a convolution has a bias: as the unit says, or by the rule of the network.

    A network may leave it away where the unit's normalisation follows and replaces it.
    """
    norm = norm_of(spec, unit)
    if own is not None or spec.bias or norm == "none" or not followed:
        return True if own is None else own
    return not LAYER_KINDS[f"{norm}_norm"].replaces_bias
