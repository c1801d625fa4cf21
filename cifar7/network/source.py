"""A network as a stand-alone PyTorch file: what a student would have written by hand, shapes in the comments.

The learnt tensors of the written class come in the same order as those of the module that cifar7 trains, so
`renamed_keys` is all that its weights need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from cifar7.network.arithmetic import Analysis, Row, analyse
from cifar7.network.kinds import Family
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec


def model_source(spec: NetSpec) -> str:
    """The text of `model.py`, class `Network`: (B, in_channels, H, W) to logits (B, classes).

    Raises SpecError where the network cannot be built.
    """
    check(spec)
    analysis = analyse(spec)
    stages = [(name, list(rows)) for name, rows in groupby(analysis.rows, key=lambda row: row.layer.stage)]
    lines = [*_head(spec, analysis), *_init(stages), "", *_forward(spec, stages), "", "", *_main(spec)]
    return "\n".join(lines) + "\n"


def renamed_keys(spec: NetSpec) -> dict[str, str]:
    """From the state-dict prefix of a layer in cifar7's module to its prefix in the written file."""
    names: dict[str, str] = {}
    rows = analyse(spec).rows
    for stage, group in groupby(enumerate(rows), key=lambda pair: pair[1].layer.stage):
        members = list(group)
        places = _places([row for _, row in members])
        names |= {f"layers.{at}": f"{stage}.{place}" for (at, _), place in zip(members, places, strict=True)}
    return names


def _places(rows: Sequence[Row]) -> list[str]:
    """Where each layer of a stage stands in what is written: "4", or "4.0" and on inside a Residual at 4."""
    closes = {at - row.layer.span: at for at, row in enumerate(rows) if row.layer.family is Family.SUM}
    places, position, begin, close = [], 0, 0, 0
    for at, row in enumerate(rows):
        if at in closes:
            begin, close = at, closes[at]
        if at < close:
            places.append(f"{position}.{at - begin}")
            continue
        position += row.layer.family is Family.LINEAR  # the flattening before it takes a place
        places.append(f"{position}")
        position += 1
    return places


_RESIDUAL = '''class Residual(nn.Sequential):
    """Layers in a row, and their input added to what they put out (He et al. 2015)."""

    def forward(self, x):  # (B, C, H, W)
        return x + super().forward(x)  # (B, C, H, W)


'''


def _head(spec: NetSpec, analysis: Analysis) -> list[str]:
    residual = any(row.layer.family is Family.SUM for row in analysis.rows)
    size = f"{spec.in_channels}x{spec.image_size}x{spec.image_size}"
    return [
        f'"""{safe_name(spec.name)}: images of {size} to {spec.classes} classes.',
        "",
        f"{analysis.parameters:,} parameters, {analysis.macs:,} multiply-accumulates an image.",
        f"Receptive field {analysis.receptive_field_before} pixels before the pooling head, "
        f"{analysis.receptive_field_total} with it.",
        "Beside each layer: its output (channels, height, width), receptive field and jump in pixels.",
        '"""',
        "",
        "import torch",
        "from torch import nn",
        "",
        "",
        f"{_RESIDUAL if residual else ''}class Network(nn.Module):",
    ]


def safe_name(name: str) -> str:
    """A user's name for a network as it may stand in source text: letters, digits and plain punctuation."""
    return re.sub(r"[^\w .,()+-]", "_", name, flags=re.ASCII)


def _init(stages: list[tuple[str, list[Row]]]) -> Iterator[str]:
    yield "    def __init__(self):"
    yield "        super().__init__()"
    for name, rows in stages:
        yield f"        self.{name} = nn.Sequential("
        for row, place in zip(rows, _places(rows), strict=True):
            if row.layer.family is Family.LINEAR:
                yield "            nn.Flatten(),"
            if row.layer.family is Family.SUM:
                yield f"            ),  # and its input added: {_shape(row)}, RF {row.receptive_field}"
                continue
            if place.endswith(".0"):
                yield "            Residual("
            note = f"  # {_shape(row)}"
            if row.layer.windowed:
                note += f", RF {row.receptive_field}, jump {row.jump}"
            yield f"            {'    ' * ('.' in place)}{layer_source(row)},{note}"
        if name == "O" and rows[-1].layer.family is not Family.LINEAR:
            yield "            nn.Flatten(),"
        yield "        )"


def _shape(row: Row) -> str:
    if row.layer.family is Family.LINEAR:
        return f"({row.output[0]})"
    return "({}, {}, {})".format(*row.output)


def _forward(spec: NetSpec, stages: list[tuple[str, list[Row]]]) -> Iterator[str]:
    yield f"    def forward(self, x):  # (B, {spec.in_channels}, {spec.image_size}, {spec.image_size})"
    for name, rows in stages[:-1]:
        yield f"        x = self.{name}(x)  # (B, {', '.join(map(str, rows[-1].output))})"
    yield f"        return self.{stages[-1][0]}(x)  # logits (B, {spec.classes})"


def _main(spec: NetSpec) -> Iterator[str]:
    yield 'if __name__ == "__main__":'
    yield "    network = Network()"
    yield "    print(network)"
    yield '    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")'
    image = f"2, {spec.in_channels}, {spec.image_size}, {spec.image_size}"
    yield f"    print(network(torch.zeros({image})).shape)"


def layer_source(row: Row) -> str:
    """The constructor call of one layer."""
    return row.layer.source
