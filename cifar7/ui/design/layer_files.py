"""The numbers of what Design shows, to take away: layers, growth, drawing. No streamlit.

Where a design is compared with another, its numbers stand beside the other's.
"""

from __future__ import annotations

from collections.abc import Callable

from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row
from cifar7.ui.design.line_pairs import pairs
from cifar7.ui.files.tables import Value, comma_separated
from cifar7.ui.words.lines import Line, lines

# Where a layer has no such number, a ReLU's kernel or a pool's groups, the cell stays empty.
_NUMBERS: dict[str, Callable[[Row], Value]] = {
    "channels": lambda row: row.output[0],
    "height": lambda row: row.output[1],
    "width": lambda row: row.output[2],
    "kernel": lambda row: row.kernel if row.layer.windowed else None,
    "stride": lambda row: row.stride if row.layer.windowed else None,
    "padding": lambda row: row.layer.padding if row.layer.windowed else None,
    "dilation": lambda row: row.layer.dilation if row.layer.kind == "conv" else None,
    "groups": lambda row: row.layer.groups if row.layer.kind == "conv" else None,
    "parameters": lambda row: row.parameters,
    "MACs": lambda row: row.macs,
    "jump": lambda row: row.jump,
    "receptive field": lambda row: row.receptive_field,
    "centre": lambda row: row.centre,
}


def layers_csv(analysis: Analysis, then: Analysis | None = None) -> bytes:
    """One line a layer, all numbers exact; `then`: what it is compared with, its numbers "… before"."""
    heads = ["stage", "unit", "layer", *_NUMBERS]
    if then:
        heads += ["change", *(f"{name} before" for name in ("layer", *_NUMBERS))]
    rows: list[list[Value]] = []
    for pair in pairs(analysis, then, every=True):
        layer = pair.line.row.layer
        rows.append([layer.stage, layer.unit or None, *_layer(pair.now)])
        if then:
            rows[-1] += [pair.fate, *_layer(pair.then)]
    return comma_separated(heads, rows)


def _layer(line: Line | None) -> list[Value]:
    """Its name and numbers; nothing where it is not there."""
    if line is None:
        return [None] * (1 + len(_NUMBERS))
    return [working.name(line.row), *(number(line.row) for number in _NUMBERS.values())]


def growth_csv(name: str, analysis: Analysis, compared: tuple[str, Analysis] | None = None) -> bytes:
    """The steps of the growth: the image is step 0; `compared`: another design's name and figures."""
    rows: list[tuple[Value, ...]] = []
    for design, figures in ((name, analysis), *([compared] if compared else [])):
        rows.append((design, 0, "the image", figures.rows[0].input[1], 1))
        rows += [
            (design, at, f"{line.stage} {line.name}", line.row.output[1], line.row.receptive_field)
            for at, line in enumerate(lines(figures.rows), 1)
        ]
    return comma_separated(("design", "step", "layer", "map", "receptive field"), rows)


def network_csv(analysis: Analysis) -> bytes:
    """What the drawing of the network shows: each map with its side, channels, and the kernel before it."""
    numbers = ("channels", "height", "kernel", "dilation", "stride", "groups", "receptive field")
    channels, side, _ = analysis.rows[0].input
    rows: list[tuple[Value, ...]] = [(None, "the image", channels, side, None, None, None, None, 1)]
    rows += [
        (line.stage, line.name, *(_NUMBERS[name](line.row) for name in numbers))
        for line in lines(analysis.rows)
    ]
    heads = [name.replace("height", "side") for name in ("stage", "layer", *numbers)]
    return comma_separated(heads, rows)
