"""A design in short words, for the titles of cards and the rows of tables. No streamlit."""

from __future__ import annotations

from itertools import groupby

from cifar7.network.arithmetic import Row, Shape
from cifar7.network.controls.poolings import CLASSIFIER_TITLES
from cifar7.network.kinds import square
from cifar7.network.spec import NetSpec, Unit


def form(unit: Unit, around: bool = True) -> str:
    """A unit without its width: "separable 3×3, dilation 2", "grouped 3×3 (4 groups)", "max-pool 2×2".

    `around`: with the units on its shortcut.
    """
    parts = [_operation(unit)]
    if unit.residual:
        name = "residual" if unit.join == "add" else "concatenated"
        over = f" over {unit.residual}" if unit.residual > 1 else ""
        row = f" with ({units_words(unit.shortcut)})" if unit.shortcut and around else ""
        parts.append(name + over + row)
    return ", ".join(parts)


def _operation(unit: Unit) -> str:
    if unit.kind == "none":
        parts = {
            "normalisation": unit.norm,
            "activation": unit.activation,
            f"dropout {unit.dropout:g}": unit.dropout,
        }
        return " + ".join(name for name, there in parts.items() if there) or "nothing"
    if unit.kind == "linear":
        return "linear"
    noun = {"standard": "conv", "max_pool": "max-pool", "avg_pool": "average pool"}.get(unit.kind, unit.kind)
    groups = f" ({unit.groups} groups)" if unit.kind == "grouped" else ""
    dilation = f", dilation {unit.dilation}" if unit.dilation > 1 and unit.spatial else ""
    usual = unit.kernel if unit.pools else 1
    stride = f", stride {unit.stride}" if unit.stride != usual else ""
    return f"{noun} {square(unit.kernel)}{groups}{dilation}{stride}"


def units_words(units: tuple[Unit, ...]) -> str:
    """Units in a row: "2 × conv 3×3 → 16, 32 · separable 3×3 → 64"; equal widths stand once."""
    parts = []
    for what, alike in groupby(units, key=form):
        group = list(alike)
        widths = [u.channels for u in group]
        times = f"{len(widths)} × " if len(widths) > 1 else ""
        listed = widths if len(set(widths)) > 1 else widths[:1]
        out = "" if group[0].keeps_channels else f" → {', '.join(map(str, listed))}"
        parts.append(f"{times}{what}{out}")
    return " · ".join(parts)


def stage_words(spec: NetSpec, name: str) -> str:
    """What a stage C1 … C4 is made of, its pool included."""
    stage = spec.stage(name)
    pool = f"max-pool {square(stage.pool)}" if stage.pool else ""
    return " · ".join(filter(None, [units_words(stage.units), pool])) or "empty: passes its input on"


def head_words(spec: NetSpec) -> str:
    """What the output stage is made of."""
    head = spec.output
    name = {"average": "average pool", "max": "max-pool", "none": ""}[head.pooling]
    pool = name and (f"global {name}" if head.pool is None else f"{name} {square(head.pool)}")
    last = "" if head.classifier == "none" else f"{CLASSIFIER_TITLES[head.classifier]} → {spec.classes}"
    return " · ".join(filter(None, [units_words(head.units), pool, units_words(head.behind), last]))


def flow_words(rows: tuple[Row, ...], stage: str) -> str:
    """What a stage does to map and receptive field: "map 32×32 → 16×16, RF 1 → 6"; empty for no layers."""
    steps = [row for row in rows if row.layer.stage == stage]
    if not steps:
        return ""
    first, last = steps[0], steps[-1]
    sides = arrow(square(first.input[1]), square(last.output[1]))
    return f"map {sides}, RF {arrow(first.receptive_field_in, last.receptive_field)}"


def arrow(before: object, after: object) -> str:
    """What something was and is, as "32 → 16"; once where it is the same."""
    return f"{before}" if before == after else f"{before} → {after}"


def shape_words(shape: Shape) -> str:
    """A map as "64 × 8×8", a vector as "10"."""
    channels, height, _ = shape
    return f"{channels:,} × {square(height)}" if height > 1 else f"{channels:,}"


def millions(number: int) -> str:
    """A large count in short: "16.9 M", "153 k", "812"."""
    if number >= 1_000_000:
        digits = 1 if number < 100e6 else 0
        return f"{number / 1e6:,.{digits}f}".removesuffix(".0") + "\u202fM"
    return f"{number / 1e3:.0f}\u202fk" if number >= 10_000 else f"{number:,}"
