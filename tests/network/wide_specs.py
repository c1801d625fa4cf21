"""Random networks over the whole vocabulary: `random_specs` with everything that its units leave out."""

from dataclasses import replace

from hypothesis import strategies as st
from random_specs import specs

from cifar7.network.spec import (
    ACTIVATIONS,
    NORMS,
    OUTPUT,
    PADDING_MODES,
    STAGE_NAMES,
    Head,
    NetSpec,
    Unit,
    settled,
)
from cifar7.network.unit import ORDERS

MAYBE = st.sampled_from([None, None, True, False])


@st.composite
def varied(draw, unit: Unit) -> Unit:
    """The unit with settings of its own where it had its network's."""
    if draw(st.booleans()):
        return unit
    return replace(
        unit,
        bias=draw(MAYBE),
        pointwise_bias=draw(MAYBE) if unit.kind == "separable" else None,
        order=draw(st.sampled_from([None, None, *ORDERS])),
        norm_kind=draw(st.sampled_from([None, None, *NORMS[:-1]])),
        norm_groups=draw(st.sampled_from([None, None, 1, 2])),
        activation_kind=draw(st.sampled_from([None, None, *ACTIVATIONS])),
        padding_mode=draw(st.sampled_from(PADDING_MODES)),
        dropout_kind=draw(st.sampled_from(["values", "channels"])),
    )


@st.composite
def others(draw) -> Unit:
    """A pool, or a unit of nothing but what follows."""
    kind = draw(st.sampled_from(["max_pool", "avg_pool", "none"]))
    kernel = draw(st.integers(2, 4))
    pool = {"kernel": kernel, "stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, kernel // 2))}
    return Unit(
        1,
        kind=kind,
        norm=draw(st.booleans()),
        activation=draw(st.booleans()) or kind == "none",
        dropout=draw(st.sampled_from([0.0, 0.25])),
        **({} if kind == "none" else pool),
    )


@st.composite
def shortcuts(draw, unit: Unit) -> Unit:
    """A connection with units on its way, or a concatenation of both."""
    if not unit.residual or draw(st.booleans()):
        return unit
    join = draw(st.sampled_from(["add", "concat"]))
    row = tuple(
        Unit(
            draw(st.sampled_from([2, 4, 6])),
            kernel=draw(st.sampled_from([1, 3])),
            kind=draw(st.sampled_from(["standard", "standard", "separable"])),
            dilation=draw(st.sampled_from([1, 2])),
            activation=draw(st.booleans()),
            bias=draw(MAYBE),
        )
        for _ in range(draw(st.integers(0 if join == "concat" else 1, 2)))
    )
    if join == "add":
        row = (*row[:-1], replace(row[-1], channels=unit.channels))
    return replace(unit, shortcut=row, join=join, joined_activation=draw(st.booleans()))


@st.composite
def strided(draw, units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """A connection around one unit, both of whose ways have the same stride."""
    at = next((i for i, unit in enumerate(units) if unit.residual == 1 and unit.shortcut), None)
    if at is None or not draw(st.booleans()):
        return units
    first = replace(units[at].shortcut[0], kernel=1, dilation=1, stride=2)
    unit = replace(units[at], stride=2, kernel=3, dilation=1, padding=1, pointwise_padding=0)
    return (*units[:at], replace(unit, shortcut=(first, *units[at].shortcut[1:])), *units[at + 1 :])


@st.composite
def heads(draw, spec: NetSpec) -> Head:
    """Other poolings, units behind them, a classifier without bias."""
    head = replace(
        spec.output, bias=draw(st.booleans()), units=tuple(draw(varied(u)) for u in spec.output.units)
    )
    if head.classifier == "none":
        return head
    behind = [
        replace(draw(varied(Unit(draw(st.sampled_from([4, 8])), kernel=1))), padding_mode="zeros")
        for _ in range(draw(st.integers(0, 2)))
    ]
    if draw(st.booleans()):
        behind.append(
            Unit(12, kind="linear", dropout=draw(st.sampled_from([0.0, 0.3])), norm=draw(st.booleans()))
        )
        behind += [Unit(12, kind="none", activation=True, norm=False)] * draw(st.integers(0, 1))
        head = replace(head, classifier="linear")
    pooling = draw(st.sampled_from(["average", "average", "max", "none"]))
    if pooling == "none":
        behind = [unit for unit in behind if unit.kind == "linear"]
        head = replace(head, classifier="linear")
    return replace(head, behind=tuple(behind), pooling=pooling)


@st.composite
def wide_specs(draw) -> NetSpec:
    """Networks that may use every word of the vocabulary; not all of them can be built."""
    spec = draw(specs())
    for name in STAGE_NAMES:
        row = [draw(shortcuts(draw(varied(unit)))) for unit in spec.units(name)]
        inside = {at - back for at, unit in enumerate(row) for back in range(1, unit.residual)}
        for at in reversed(range(len(row) + 1)):
            if at - 1 not in inside and draw(st.integers(0, 5)) == 0:
                row.insert(at, draw(others()))
        spec = spec.with_units(name, draw(strided(tuple(row))))
    spec = replace(spec, output=draw(heads(spec)), norm_groups=draw(st.sampled_from([None, None, 1, 2])))
    assert spec.units(OUTPUT) == spec.output.units
    return settled(spec)
