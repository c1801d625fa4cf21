"""A network's units written out as single layers: the list that is counted, built, drawn and exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec, Unit

POOLS = ("max_pool", "avg_pool", "global_avg_pool")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    `kind` is conv, linear, batch_norm, group_norm, an activation's name, dropout, a pool or add: the end
    of a residual connection, which adds the input of the layer that stands `span` layers before it.

    `unit` counts the stage's units from 1, 0 for what belongs to no unit. A global pool's kernel is 0 here:
    it is as large as the map. `role` says what a convolution is for: depthwise, pointwise or classifier; and
    what an add adds: "input of unit 2".
    """

    stage: str
    unit: int
    kind: str
    in_channels: int
    out_channels: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    bias: bool = False
    rate: float = 0.0  # of dropout
    span: int = 0  # layers, of an add: how many the connection goes around
    role: str = ""

    @property
    def weighted(self) -> bool:
        """Whether it multiplies by learnt weights: the layers whose MACs count."""
        return self.kind in ("conv", "linear")


def expand(spec: NetSpec) -> tuple[Layer, ...]:
    """The layers of a network in the order they run. Makes no check: ask `problems.problems` first."""
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
        yield Layer(OUTPUT, 0, "global_avg_pool", channels, channels, 0, 1)
    else:
        yield Layer(OUTPUT, 0, "avg_pool", channels, channels, pool, pool)
    if spec.output.classifier != "none":
        yield Layer(OUTPUT, 0, spec.output.classifier, channels, spec.classes, bias=True, role="classifier")


def _row_of_units(spec: NetSpec, stage: str, channels: int, units: tuple[Unit, ...]) -> Iterator[Layer]:
    """The layers of a stage's units, the first of which gets `channels` channels, and their additions."""
    begins, done = [], 0  # layers of the stage before each unit, and so far
    for number, unit in enumerate(units, 1):
        begins.append(done)
        for layer in _unit_layers(spec, stage, number, channels, unit):
            done += 1
            yield layer
        channels = unit.channels
        if unit.residual:
            first = max(1, number - unit.residual + 1)
            span = done - begins[first - 1]
            done += 1
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
    order = [f"{spec.norm}_norm"] * norm + [spec.activation] * unit.activation
    if spec.order == "conv-act-norm":
        order.reverse()
    for kind in order:
        yield Layer(stage, number, kind, channels, channels, groups=norm_groups(kind, channels))


def norm_groups(kind: str, channels: int) -> int:
    """Groups of a group normalisation: 8, or fewer, so that they divide into two channels or more each."""
    if kind != "group_norm":
        return 1
    return next((g for g in (8, 4, 2) if channels % g == 0 and channels > g), 1)


def _bias(spec: NetSpec, normalised: bool) -> bool:
    """A bias before a normalisation is taken out again by its mean, so a spec may leave it away."""
    return spec.bias or not normalised or spec.norm == "none"
