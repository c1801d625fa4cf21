"""The numbers of what Design shows, to take away: layers, growth, drawing. No streamlit.

Where a design is compared with another, its numbers stand beside the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row
from cifar7.ui.design.line_pairs import Pair, pairs
from cifar7.ui.files.tables import Value, comma_separated
from cifar7.ui.words.lines import Line, lines

# Where a layer has no such number, a ReLU's kernel or a pool's groups, the cell stays empty.
_NUMBERS: tuple[tuple[str, Callable[[Row], Value]], ...] = (
    ("channels", lambda row: row.output[0]),
    ("height", lambda row: row.output[1]),
    ("width", lambda row: row.output[2]),
    ("kernel", lambda row: row.kernel if _slides(row) else None),
    ("stride", lambda row: row.stride if _slides(row) else None),
    ("padding", lambda row: row.layer.padding if _slides(row) else None),
    ("dilation", lambda row: row.layer.dilation if row.layer.kind == "conv" else None),
    ("groups", lambda row: row.layer.groups if row.layer.kind == "conv" else None),
    ("parameters", lambda row: row.parameters),
    ("MACs", lambda row: row.macs),
    ("jump", lambda row: row.jump),
    ("receptive field", lambda row: row.receptive_field),
    ("centre", lambda row: row.centre),
)


def _slides(row: Row) -> bool:
    return row.layer.windowed


def layers_csv(analysis: Analysis, then: Analysis | None = None) -> bytes:
    """One line a layer, all numbers exact; `then`: what it is compared with, its numbers "… before"."""
    now = lines(analysis.rows, every=True)
    both = pairs(now, now if then is None else lines(then.rows, every=True))
    names = [name for name, _ in _NUMBERS]
    heads = ["stage", "unit", "layer", *names]
    if then is not None:
        heads += ["change", "layer before", *(f"{name} before" for name in names)]
    return comma_separated(heads, [_exact(pair, then is not None) for pair in both])


def _exact(pair: Pair, compared: bool) -> list[Value]:
    layer = pair.line.row.layer
    out: list[Value] = [layer.stage, layer.unit or None, *_of(pair.now)]
    return [*out, pair.fate, *_of(pair.then)] if compared else out


def _of(line: Line | None) -> list[Value]:
    """A layer's name and numbers; nothing where it is not there."""
    if line is None:
        return [None] * (1 + len(_NUMBERS))
    return [working.name(line.row), *(value(line.row) for _, value in _NUMBERS)]


def growth_csv(name: str, analysis: Analysis, compared: tuple[str, Analysis] | None = None) -> bytes:
    """The steps of the growth: the image is step 0; `compared`: another design's name and figures."""
    heads = ("design", "step", "layer", "map", "receptive field")
    rows: list[tuple[Value, ...]] = []
    for design, figures in ((name, analysis), *([compared] if compared else [])):
        image = figures.rows[0].input[1]
        rows.append((design, 0, "the image", image, 1))
        rows += [
            (design, at, f"{line.stage} {line.name}", line.row.output[1], line.row.receptive_field)
            for at, line in enumerate(lines(figures.rows), 1)
        ]
    return comma_separated(heads, rows)


def network_csv(analysis: Analysis) -> bytes:
    """What the drawing of the network shows: each map with its side, channels, and the kernel before it."""
    first = analysis.rows[0].input
    rows: list[tuple[Any, ...]] = [(None, "the image", first[0], first[1], None, None, None, None, 1)]
    numbers = dict(_NUMBERS)
    rows += [
        (line.stage, line.name, line.row.output[0], line.row.output[1],
         *(numbers[name](line.row) for name in ("kernel", "dilation", "stride", "groups")),
         line.row.receptive_field)
        for line in lines(analysis.rows)
    ]  # fmt: skip
    heads = (
        "stage",
        "layer",
        "channels",
        "side",
        "kernel",
        "dilation",
        "stride",
        "groups",
        "receptive field",
    )
    return comma_separated(heads, rows)
