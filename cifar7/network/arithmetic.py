"""Shapes, parameters, MACs and receptive field in closed form, without torch, in microseconds.

Conventions, the same everywhere in cifar7:
- Parameters are the learnt ones: weights and biases, and scale and shift of a normalisation.
- MACs are multiply-accumulates of convolutions and linear layers for one image, without bias. The additions
  of a residual connection are no MACs: it multiplies nothing, and learns nothing.
- The receptive field is the side, in image pixels, of the square that one value can see. A layer of kernel k,
  dilation d and stride s turns receptive field r and jump j into r + d(k-1)j and jump js (Araujo, Norris and
  Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019). It is given before the
  average pooling of the output stage, and with it.
- A sum sees what either of its two maps sees: the hull of both. `problems` lets a connection go around layers
  of stride 1 that keep the map only, so both lie around the same middle and the wider one is the hull.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    receptive_field_added: int = 0  # image pixels, of an add: what the map that it adds sees

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
    head = next(row for row in rows if row.layer.head)
    return Analysis(
        rows=rows,
        parameters=sum(row.parameters for row in rows),
        macs=sum(row.macs for row in rows),
        receptive_field_before=head.receptive_field_in,
        receptive_field_total=rows[-1].receptive_field,
    )


def walk(spec: NetSpec) -> tuple[Row, ...]:
    """The rows as far as the map lasts: the last has a height of 0 where the map vanishes."""
    rows: list[Row] = []
    shape: Shape = (spec.in_channels, spec.image_size, spec.image_size)
    field, jump, centre = 1, 1, 0.0
    for layer in expand(spec):
        row = _row(layer, shape, field, jump, centre)
        if layer.family is Family.SUM:
            added = rows[-layer.span].receptive_field_in
            row = replace(row, receptive_field=max(field, added), receptive_field_added=added)
        rows.append(row)
        shape, field, jump, centre = row.output, row.receptive_field, row.jump, row.centre
        if shape[1] < 1:
            break
    return tuple(rows)


def _row(layer: Layer, shape: Shape, field: int, jump: int, centre: float) -> Row:
    entry, size = layer.entry, shape[1]
    kernel, stride = (size, size) if entry.whole_map else (layer.kernel, layer.stride)
    side = map_size(size, kernel, stride, layer.padding, layer.dilation)
    weights = _weights(layer) if entry.weighted else 0
    return Row(
        layer=layer,
        input=shape,
        output=(layer.out_channels, side, side),
        kernel=kernel,
        stride=stride,
        parameters=weights + (entry.per_channel + layer.bias) * layer.out_channels,
        macs=weights * side * side,
        jump_in=jump,
        jump=jump * stride,
        receptive_field_in=field,
        receptive_field=field + layer.dilation * (kernel - 1) * jump,
        centre=centre + (layer.dilation * (kernel - 1) / 2 - layer.padding) * jump,
    )


def map_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Side of the map after a sliding window, in pixels; 0 where the window does not fit."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


def _weights(layer: Layer) -> int:
    return layer.out_channels * (layer.in_channels // layer.groups) * layer.kernel**2
