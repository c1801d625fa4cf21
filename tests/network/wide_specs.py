"""Random networks over the whole vocabulary: `random_specs` with everything that its units leave out."""

from dataclasses import replace
from random import Random

from hypothesis import strategies as st
from random_specs import EITHER, random_spec, randomly

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

MAYBE = (None, None, True, False)


def varied(chance: Random, unit: Unit) -> Unit:
    """The unit with settings of its own where it had its network's."""
    if chance.choice(EITHER):
        return unit
    return replace(
        unit,
        bias=chance.choice(MAYBE),
        pointwise_bias=chance.choice(MAYBE) if unit.kind == "separable" else None,
        order=chance.choice([None, None, *ORDERS]),
        norm_kind=chance.choice([None, None, *NORMS[:-1]]),
        norm_groups=chance.choice([None, None, 1, 2]),
        activation_kind=chance.choice([None, None, *ACTIVATIONS]),
        padding_mode=chance.choice(PADDING_MODES),
        dropout_kind=chance.choice(["values", "channels"]),
    )


def others(chance: Random) -> Unit:
    """A pool, or a unit of nothing but what follows."""
    kind = chance.choice(["max_pool", "avg_pool", "none"])
    kernel = chance.randint(2, 4)
    pool = {"kernel": kernel, "stride": chance.randint(1, 3), "padding": chance.randint(0, kernel // 2)}
    return Unit(
        1,
        kind=kind,
        norm=chance.choice(EITHER),
        activation=chance.choice(EITHER) or kind == "none",
        dropout=chance.choice([0.0, 0.25]),
        **({} if kind == "none" else pool),
    )


def shortcuts(chance: Random, unit: Unit) -> Unit:
    """A connection with units on its way, or a concatenation of both."""
    if not unit.residual or chance.choice(EITHER):
        return unit
    join = chance.choice(["add", "concat"])
    row = tuple(
        Unit(
            chance.choice([2, 4, 6]),
            kernel=chance.choice([1, 3]),
            kind=chance.choice(["standard", "standard", "separable"]),
            dilation=chance.choice([1, 2]),
            activation=chance.choice(EITHER),
            bias=chance.choice(MAYBE),
        )
        for _ in range(chance.randint(0 if join == "concat" else 1, 2))
    )
    if join == "add":
        row = (*row[:-1], replace(row[-1], channels=unit.channels))
    return replace(unit, shortcut=row, join=join, joined_activation=chance.choice(EITHER))


def strided(chance: Random, units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """A connection around one unit, both of whose ways have the same stride."""
    at = next((i for i, unit in enumerate(units) if unit.residual == 1 and unit.shortcut), None)
    if at is None or not chance.choice(EITHER):
        return units
    first = replace(units[at].shortcut[0], kernel=1, dilation=1, stride=2)
    unit = replace(units[at], stride=2, kernel=3, dilation=1, padding=1, pointwise_padding=0)
    return (*units[:at], replace(unit, shortcut=(first, *units[at].shortcut[1:])), *units[at + 1 :])


def heads(chance: Random, spec: NetSpec) -> Head:
    """Other poolings, units behind them, a classifier without bias."""
    head = replace(
        spec.output, bias=chance.choice(EITHER), units=tuple(varied(chance, u) for u in spec.output.units)
    )
    if head.classifier == "none":
        return head
    behind = [
        replace(varied(chance, Unit(chance.choice([4, 8]), kernel=1)), padding_mode="zeros")
        for _ in range(chance.randint(0, 2))
    ]
    if chance.choice(EITHER):
        behind.append(Unit(12, kind="linear", dropout=chance.choice([0.0, 0.3]), norm=chance.choice(EITHER)))
        behind += [Unit(12, kind="none", activation=True, norm=False)] * chance.randint(0, 1)
        head = replace(head, classifier="linear")
    pooling = chance.choice(["average", "average", "max", "none"])
    if pooling == "none":
        behind = [unit for unit in behind if unit.kind == "linear"]
        head = replace(head, classifier="linear")
    return replace(head, behind=tuple(behind), pooling=pooling)


def wide_spec(chance: Random) -> NetSpec:
    spec = random_spec(chance)
    for name in STAGE_NAMES:
        row = [shortcuts(chance, varied(chance, unit)) for unit in spec.units(name)]
        inside = {at - back for at, unit in enumerate(row) for back in range(1, unit.residual)}
        for at in reversed(range(len(row) + 1)):
            if at - 1 not in inside and chance.randint(0, 5) == 0:
                row.insert(at, others(chance))
        spec = spec.with_units(name, strided(chance, tuple(row)))
    spec = replace(spec, output=heads(chance, spec), norm_groups=chance.choice([None, None, 1, 2]))
    assert spec.units(OUTPUT) == spec.output.units
    return settled(spec)


def wide_specs() -> st.SearchStrategy[NetSpec]:
    """Networks that may use every word of the vocabulary; not all of them can be built."""
    return randomly(wide_spec)
