"""A network's units written out as single layers: the list that is counted, built, drawn and exported."""

from __future__ import annotations

from collections.abc import Iterator

from cifar7.network.kinds import LAYER_KINDS, Layer
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec, Unit


def expand(spec: NetSpec) -> tuple[Layer, ...]:
    """The layers of a network in the order they run. Makes no check: call `problems.problems` first."""
    return tuple(_layers(spec))


def _layers(spec: NetSpec) -> Iterator[Layer]:
    channels = spec.in_channels
    for name, stage in zip(STAGE_NAMES, spec.stages, strict=True):
        yield from _row_of_units(spec, name, channels, stage.units)
        channels = stage.units[-1].channels if stage.units else channels
        if stage.pool is not None:
            yield Layer(name, 0, "max_pool", channels, channels, stage.pool, stage.pool)
    units = spec.output.units
    yield from _row_of_units(spec, OUTPUT, channels, units)
    channels = units[-1].channels if units else channels
    pool = spec.output.pool
    if pool is None:
        yield Layer(OUTPUT, 0, "global_avg_pool", channels, channels, 0, 1, head=True)
    else:
        yield Layer(OUTPUT, 0, "avg_pool", channels, channels, pool, pool, head=True)
    if spec.output.classifier != "none":
        yield Layer(OUTPUT, 0, spec.output.classifier, channels, spec.classes, bias=True, role="classifier")


def _row_of_units(spec: NetSpec, stage: str, channels: int, units: tuple[Unit, ...]) -> Iterator[Layer]:
    """The layers of a stage's units, the first of which gets `channels` channels, and their additions."""
    starts, count = [], 0  # layers of the stage before each unit, and so far
    for number, unit in enumerate(units, 1):
        starts.append(count)
        for layer in _unit_layers(spec, stage, number, channels, unit):
            count += 1
            yield layer
        channels = unit.channels
        if unit.residual:
            first = max(1, number - unit.residual + 1)
            span = count - starts[first - 1]
            count += 1
            yield Layer(stage, number, "add", channels, channels, span=span, role=f"input of unit {first}")


def _unit_layers(spec: NetSpec, stage: str, number: int, channels: int, unit: Unit) -> Iterator[Layer]:
    """The layers of one unit that gets `channels` channels."""
    after = channels if unit.kind == "separable" else unit.channels
    inside = unit.kind == "separable" and unit.between
    groups = {"standard": 1, "grouped": unit.groups, "separable": channels}[unit.kind]
    yield Layer(
        stage, number, "conv", channels, after, unit.kernel, unit.stride, unit.actual_padding, unit.dilation,
        groups, bias=_bias(spec, unit.norm and (inside or unit.kind != "separable")),
        role="depthwise" if unit.kind == "separable" else "",
    )  # fmt: skip
    if unit.kind == "separable":
        if unit.between:
            yield from _norm_and_activation(spec, stage, number, channels, unit)
        if unit.dropout and unit.dropout_after == "depthwise":
            yield Layer(stage, number, "dropout", channels, channels, rate=unit.dropout)
        yield Layer(
            stage, number, "conv", channels, unit.channels, padding=unit.pointwise_padding,
            bias=_bias(spec, unit.norm), role="pointwise",
        )  # fmt: skip
    yield from _norm_and_activation(spec, stage, number, unit.channels, unit)
    if unit.dropout and (unit.kind != "separable" or unit.dropout_after == "unit"):
        yield Layer(stage, number, "dropout", unit.channels, unit.channels, rate=unit.dropout)


def _norm_and_activation(
    spec: NetSpec, stage: str, number: int, channels: int, unit: Unit
) -> Iterator[Layer]:
    norm = unit.norm and spec.norm != "none"
    kinds = [f"{spec.norm}_norm"] * norm + [spec.activation] * unit.activation
    if spec.order == "conv-act-norm":
        kinds.reverse()
    for kind in kinds:
        yield Layer(stage, number, kind, channels, channels, groups=LAYER_KINDS[kind].groups(channels))


def _bias(spec: NetSpec, normalised: bool) -> bool:
    """Whether a convolution has a bias: a spec may leave it away where a normalisation replaces it."""
    if spec.bias or not normalised or spec.norm == "none":
        return True
    return not LAYER_KINDS[f"{spec.norm}_norm"].replaces_bias
