"""Shapes, parameters, MACs and receptive field in closed form, without torch, in microseconds.

Conventions, the same everywhere in cifar7:
- Parameters are the learnt ones: weights and biases, and scale and shift of a normalisation.
- MACs are multiply-accumulates of convolutions and linear layers for one image, without bias. The additions
  of a residual connection are no MACs: it multiplies nothing, and learns nothing.
- The receptive field is the side, in image pixels, of the square that one value can see. A layer of kernel k,
  dilation d and stride s turns receptive field r and jump j into r + d(k-1)j and jump js (Araujo, Norris and
  Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019). It is given before the
  average pooling of the output stage, and with it.
- A linear layer over a map is as large as the map, and its field is given as that of the map's values.
- Where two ways join, a value sees what either of its two maps sees: the hull of both. They have the same
  jump, and mostly the same middle; where the middles differ, the hull is wider than the wider of the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from cifar7.network.kinds import Family, Layer
from cifar7.network.layers import expand
from cifar7.network.spec import NetSpec

Shape = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True, slots=True)
class Row:
    """What one layer does to shape and receptive field, and what it costs."""

    layer: Layer
    input: Shape
    output: Shape
    kernel: int  # pixels; a global pool's is the size of its map
    stride: int
    parameters: int
    macs: int
    jump_in: int  # image pixels between neighbouring values of the map that comes in
    jump: int
    receptive_field_in: int  # image pixels
    receptive_field: int
    centre: float  # image pixels: where the middle of what the first value sees lies, the first pixel at 0
    receptive_field_added: int = 0  # image pixels, of a join: what the map that is added sees
    sources: tuple[
        int, ...
    ] = ()  # the rows whose maps it gets, -1 the image; a join's second is what is added

    def seen(self, index: int) -> tuple[float, float]:
        """First and last image pixel that value `index` along one axis can see, borders ignored."""
        middle, half = self.centre + index * self.jump, (self.receptive_field - 1) / 2
        return middle - half, middle + half


@dataclass(frozen=True, slots=True)
class Analysis:
    """All rows of a network and their totals; the receptive field before the pooling head, and with it."""

    rows: tuple[Row, ...]
    parameters: int
    macs: int
    receptive_field_before: int
    receptive_field_total: int


def analyse(spec: NetSpec) -> Analysis:
    """Count a network in which `problems.problems` finds nothing."""
    rows = walk(spec)
    total = rows[-1].receptive_field
    return Analysis(
        rows=rows,
        parameters=sum(row.parameters for row in rows),
        macs=sum(row.macs for row in rows),
        receptive_field_before=next((row.receptive_field_in for row in rows if row.layer.head), total),
        receptive_field_total=total,
    )


class _Map(NamedTuple):
    """A map on its way: its shape, what its values see, and the row that put it out."""

    shape: Shape
    field: int = 1
    jump: int = 1
    centre: float = 0.0
    row: int = -1


@lru_cache(maxsize=64)  # a page asks for the rows of its design a dozen times
def walk(spec: NetSpec) -> tuple[Row, ...]:
    """The rows as far as the map lasts: the last has a height of 0 where the map vanishes."""
    rows: list[Row] = []
    layers = expand(spec)
    forks = {at - layer.span: at for at, layer in enumerate(layers) if layer.span}
    turns = {at - layer.side: at for at, layer in enumerate(layers) if layer.side}
    now = start = aside = _Map((spec.in_channels, spec.image_size, spec.image_size))
    for at, layer in enumerate(layers):
        if at in forks:
            start = now
        if at in turns:
            now, aside = start, now
        if layer.family is Family.JOIN:
            row = _join(layer, *((aside, now) if layer.side else (now, start)))
        else:
            row = _row(layer, now)
        rows.append(row)
        now = _Map(row.output, row.receptive_field, row.jump, row.centre, at)
        if now.shape[1] < 1:
            break
    return tuple(rows)


def _row(layer: Layer, given: _Map) -> Row:
    entry, size = layer.entry, given.shape[1]
    kernel, stride = (size, size) if entry.whole_map else (layer.kernel, layer.stride)
    side = map_size(size, kernel, stride, layer.padding, layer.dilation)
    if entry.per_value:
        layer = replace(layer, size=size)
    if layer.family is Family.LINEAR:
        layer, side = replace(layer, in_channels=layer.in_channels * size**2), 1
    weights = _weights(layer) if entry.weighted else 0
    learnt = entry.per_channel * (side**2 if entry.per_value else 1) + layer.bias
    return Row(
        layer=layer,
        input=given.shape,
        output=(layer.out_channels, side, side),
        kernel=kernel,
        stride=stride,
        parameters=weights + learnt * layer.out_channels,
        macs=weights * side * side,
        jump_in=given.jump,
        jump=given.jump * stride,
        receptive_field_in=given.field,
        receptive_field=given.field + layer.dilation * (kernel - 1) * given.jump,
        centre=given.centre + (layer.dilation * (kernel - 1) / 2 - layer.padding) * given.jump,
        sources=(given.row,),
    )


def _join(layer: Layer, given: _Map, added: _Map) -> Row:
    """The row of a sum or a concatenation of what comes down the row of layers and what is added to it."""
    reach = [(m.centre - (m.field - 1) / 2, m.centre + (m.field - 1) / 2) for m in (given, added)]
    first, last = min(low for low, _ in reach), max(high for _, high in reach)
    return Row(
        layer=layer,
        input=given.shape,
        output=(layer.out_channels, *given.shape[1:]),
        kernel=1,
        stride=1,
        parameters=0,
        macs=0,
        jump_in=given.jump,
        jump=given.jump,
        receptive_field_in=given.field,
        receptive_field=math.ceil(last - first) + 1,
        centre=(first + last) / 2,
        receptive_field_added=added.field,
        sources=(given.row, added.row),
    )


def map_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Side of the map after a sliding window, in pixels; 0 where the window does not fit."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


def _weights(layer: Layer) -> int:
    return layer.out_channels * (layer.in_channels // layer.groups) * layer.kernel**2
