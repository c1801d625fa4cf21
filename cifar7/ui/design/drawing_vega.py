"""The network's drawing as Vega-Lite, for a picture of it: maps to scale, and what belongs to each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, pairwise
from typing import Any

from cifar7.network.arithmetic import Analysis
from cifar7.network.kinds import Family
from cifar7.network.spec import NetSpec
from cifar7.ui.design.drawing import HEIGHT, arcs_of, layer_words
from cifar7.ui.shell.palette import HELD_OUT, TRAINING
from cifar7.ui.words.lines import lines
from cifar7.ui.words.summary import square

STEP = 46  # pixels from one map to the next
TOP, ROWS, ROW = 26, 4, 18  # pixels above the maps; lines of text below them and their height
INK, MUTED, BAND = "#1B2430", "#5A6673", "#8A939C"
_FILLS = {"image": MUTED, "made": TRAINING, "pool": "#FFFFFF"}


def drawing(spec: NetSpec, found: Analysis) -> dict[str, Any]:
    """The Vega-Lite of a design and its figures."""
    own = lines(found.rows)
    maps = [_map(0, spec.in_channels, spec.image_size, spec.image_size, "image")]
    texts = _below(0, [f"{spec.in_channels}", "image", square(spec.image_size), "1"], False)
    bands, at = [], 0
    for number, (stage, group) in enumerate(groupby(own, key=lambda line: line.stage)):
        first = at
        for line in group:
            at += 1
            row = line.row
            kind = "pool" if row.layer.family is Family.POOL else "made"
            maps.append(_map(at, row.output[0], row.output[1], spec.image_size, kind))
            said = [f"{row.output[0]}", *layer_words(row), f"{row.receptive_field}"]
            texts += _below(at, said, row.receptive_field > spec.image_size)
        bands.append({"x": (first + 0.5) * STEP, "x2": (at + 0.5) * STEP, "o": 0.1 * (1 - number % 2)})
        texts.append({"x": (first + at + 1) / 2 * STEP, "y": 10, "t": stage, "c": INK, "w": "bold"})
    wide, high = (at + 0.5) * STEP, TOP + HEIGHT + 12 + ROWS * ROW
    return {
        "title": f"{spec.name}: channels, layer and receptive field (px) below each map",
        "width": wide,
        "height": high,
        "layer": _layers(bands, _joins(maps), maps, texts, _around(arcs_of(own), maps), (wide, high)),
    }


def _map(at: int, channels: int, side: int, image: int, kind: str) -> dict[str, Any]:
    half = max(3.0, HEIGHT * side / image) / 2
    wide, middle = (3 + 1.1 * channels**0.5) / 2, TOP + HEIGHT / 2
    x = at * STEP
    return {"x": x - wide, "x2": x + wide, "y": middle - half, "y2": middle + half, "fill": _FILLS[kind]}


def _joins(maps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points of the bands that lead from each map to the next, upper and lower edge."""
    return [
        {"x": x, "y": side["y"], "y2": side["y2"], "join": at}
        for at, (before, after) in enumerate(pairwise(maps))
        for x, side in ((before["x2"], before), (after["x"], after))
    ]


def _around(arcs: Mapping[int, int], maps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points of the line above what each residual connection goes around, from its input to its sum."""
    points = []
    for number, (begin, end) in enumerate(arcs.items()):
        legs = [((one["x"] + one["x2"]) / 2, one["y"]) for one in (maps[begin], maps[end + 1])]
        path = [legs[0], (legs[0][0], TOP - 3), (legs[1][0], TOP - 3), legs[1]]
        points += [{"x": x, "y": y, "arc": number, "place": at} for at, (x, y) in enumerate(path)]
    return points


def _below(at: int, said: list[str], beyond: bool) -> list[dict[str, Any]]:
    inks = [INK, INK, MUTED, HELD_OUT if beyond else INK]
    weights = ["bold", "normal", "normal", "bold" if beyond else "normal"]
    return [
        {"x": at * STEP, "y": TOP + HEIGHT + 12 + (line + 0.5) * ROW, "t": text, "c": ink, "w": weight}
        for line, (text, ink, weight) in enumerate(zip(said, inks, weights, strict=True))
        if text
    ]


def _layers(
    bands: list[dict[str, Any]],
    joins: list[dict[str, Any]],
    maps: list[dict[str, Any]],
    texts: list[dict[str, Any]],
    around: list[dict[str, Any]],
    size: tuple[float, float],
) -> list[dict[str, Any]]:
    wide, high = size
    x = {"field": "x", "type": "quantitative", "axis": None,
         "scale": {"domain": [-STEP / 2, wide], "nice": False, "zero": False}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "axis": None,
         "scale": {"domain": [high, 0], "nice": False, "zero": False}}  # fmt: skip
    x2, y2, ink = {"field": "x2"}, {"field": "y2"}, {"type": "nominal", "scale": None}
    shade = {"field": "o", "type": "quantitative", "scale": None}
    out = [
        {"data": {"values": bands}, "mark": {"type": "rect", "color": BAND},
         "encoding": {"x": x, "x2": x2, "opacity": shade}},
        {"data": {"values": joins}, "mark": {"type": "area", "color": TRAINING, "opacity": 0.18},
         "encoding": {"x": x, "y": {**y, "stack": None}, "y2": y2, "detail": {"field": "join"}}},
        {"data": {"values": maps}, "mark": {"type": "rect", "stroke": TRAINING, "strokeWidth": 1},
         "encoding": {"x": x, "x2": x2, "y": y, "y2": y2, "color": {"field": "fill", **ink}}},
    ]  # fmt: skip
    if around:
        out.append(
            {"data": {"values": around}, "mark": {"type": "line", "color": INK, "strokeWidth": 1.25},
             "encoding": {"x": x, "y": y, "order": {"field": "place"}, "detail": {"field": "arc"}}}
        )  # fmt: skip
    words = {"x": x, "y": y, "text": {"field": "t"}, "color": {"field": "c", **ink}}
    out += [
        {"data": {"values": texts}, "transform": [{"filter": f"datum.w == '{weight}'"}],
         "mark": {"type": "text", "fontSize": 11, "fontWeight": weight}, "encoding": words}
        for weight in ("normal", "bold")
    ]  # fmt: skip
    return out
