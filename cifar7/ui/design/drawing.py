"""The network drawn: every map to scale, every kernel with the taps it really has. HTML alone.

Boxes of HTML rather than an SVG: they follow the theme by the page's own style sheet, and their text can be
selected and enlarged. A box is as high as its map's side and as wide as the root of its channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby, pairwise

from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row
from cifar7.network.kinds import Family
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec
from cifar7.ui.words.lines import Line, lines
from cifar7.ui.words.summary import flow_words, head_words, shape_words, square, stage_words

HEIGHT = 112  # CSS pixels of the image's side
Ends = tuple[float, float]  # CSS pixels: the heights of a join at its left and right end

TAP = 3.2  # CSS pixels between two neighbouring taps
LARGEST_GLYPH = 34  # CSS pixels
CAPTION = (
    "Height: the side of the map, to scale. Width: its channels. Stripes: groups that do not see each other. "
    "Dots: the taps of the kernel, spread by the dilation. Last line: the receptive field in pixels, orange "
    "where it is wider than the image."
)
ARCS = " Arc: a residual connection adds what goes in at its left end to what comes out at its right."


def drawing_html(spec: NetSpec, found: Analysis) -> str:
    """The drawing with its description for those who do not see it."""
    own = lines(found.rows)
    sides = [spec.image_size, *(line.row.output[1] for line in own)]
    heights = [max(3.0, HEIGHT * side / spec.image_size) for side in sides]
    joins = [(a + b) / 2 for a, b in pairwise(heights)]
    image = _column(
        _map(spec.in_channels, heights[0], 1, "image"), None, (heights[0], joins[0]),
        [f"{spec.in_channels}", "", "image", square(spec.image_size), "1"], "The image", False,
    )  # fmt: skip
    parts = [_stage("", "", image)]
    at, arcs = 0, arcs_of(own)
    for stage, group in groupby(own, key=lambda line: line.stage):
        columns, first = "", at
        for line in group:
            if at in arcs:
                leg = (HEIGHT - heights[at]) / 2  # CSS pixels, from the top down to the map
                columns += f'<div class="around" style="flex-grow:{arcs[at] - at};--leg:{leg:.1f}px">'
            columns += "</div>" * (at in arcs.values())
            at += 1
            after = joins[at] if at < len(joins) else heights[at]
            columns += _layer(line, heights[at], (joins[at - 1], heights[at]), (heights[at], after), spec)
        flow = _sides(sides[first], sides[at])
        parts.append(_stage(stage, flow, columns))
    words = escape(description(spec, found), quote=True)
    style = "c7-net arcs" if arcs else "c7-net"
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Drawing of the network">'
        f'<div class="{style}" role="img" aria-label="{words}" style="--h:{HEIGHT}px">'
        f"{''.join(parts)}</div></div>"
    )


def arcs_of(own: Sequence[Line]) -> dict[int, int]:
    """Of each residual connection: the place of the first line that it goes around, and of its sum."""
    arcs = {}
    for end, line in enumerate(own):
        begin, left = end, line.row.layer.span
        while left > 0:
            begin -= 1
            left -= 1 + len(own[begin].followers)
        if begin < end:
            arcs[begin] = end
    return arcs


def description(spec: NetSpec, found: Analysis) -> str:
    """What the drawing shows, in words."""
    used = [name for name in STAGE_NAMES if spec.stage(name).units or spec.stage(name).pool]
    stages = [f"{name}: {stage_words(spec, name)}; {flow_words(found.rows, name)}." for name in used]
    head = f"{OUTPUT}: {head_words(spec)}; {flow_words(found.rows, OUTPUT)}."
    return " ".join([f"An image of {square(spec.image_size)} pixels goes through", *stages, head])


def _sides(first: int, last: int) -> str:
    return f"{first} → {last}" if first != last else f"{first}"


def _stage(name: str, flow: str, columns: str) -> str:
    return (
        f'<div class="stage"><div class="head"><b>{name or "&nbsp;"}</b> <span>{flow}</span></div>'
        f'<div class="columns">{columns}</div></div>'
    )


def _layer(line: Line, height: float, before: Ends, after: Ends, spec: NetSpec) -> str:
    row = line.row
    beyond = row.receptive_field > spec.image_size
    tip = f"{working.name(row)} → {shape_words(row.output)}, receptive field {row.receptive_field} px"
    texts = [f"{row.output[0]}", _glyph(row), *layer_words(row), f"{row.receptive_field}"]
    kind = "pool" if row.layer.family is Family.POOL else "made"
    return _column(_map(row.output[0], height, _groups(row), kind), before, after, texts, tip, beyond)


def _column(drawn: str, before: Ends | None, after: Ends, texts: list[str], tip: str, beyond: bool) -> str:
    channels, glyph, what, note, field = texts
    return (
        f'<div class="layer" title="{escape(tip, quote=True)}"><div class="tower">{_join(before)}{drawn}'
        f'{_join(after)}</div><div class="channels">{channels}</div><div class="glyph">{glyph}</div>'
        f"<div>{what}</div><div>{note}</div>"
        f'<div class="field{" beyond" if beyond else ""}">{field}</div></div>'
    )


def _map(channels: int, height: float, groups: int, kind: str) -> str:
    """The box of a map; groups cut it into stripes, as many as can be told apart."""
    width = 3 + 1.1 * channels**0.5
    stripes = f";--stripe:{max(3.0, height / groups):.1f}px" if groups > 1 else ""
    striped = " striped" if groups > 1 and height > 6 else ""
    return f'<i class="map {kind}{striped}" style="height:{height:.1f}px;width:{width:.1f}px{stripes}"></i>'


def _join(ends: Ends | None) -> str:
    """What leads from one map to the next: a trapezium between half the way and the map."""
    if ends is None:
        return '<i class="join none"></i>'
    left, right = ends
    tall = max(left, right)
    a, b = 50 * (1 - left / tall), 50 * (1 - right / tall)
    shape = f"polygon(0 {a:.0f}%,100% {b:.0f}%,100% {100 - b:.0f}%,0 {100 - a:.0f}%)"
    return f'<i class="join" style="height:{tall:.1f}px;clip-path:{shape}"></i>'


def _groups(row: Row) -> int:
    return row.layer.groups if row.layer.family is Family.CONVOLUTION else 1


def _glyph(row: Row) -> str:
    """The taps of a convolution, the square of a pool."""
    glyph = row.layer.entry.glyph
    if glyph == "sum":
        return "<b>+</b>"
    if not glyph:
        return ""
    step = min(TAP * row.layer.dilation, LARGEST_GLYPH / row.kernel)
    side = f"width:{row.kernel * step:.1f}px;height:{row.kernel * step:.1f}px"
    taps = f";background-size:{step:.2f}px {step:.2f}px" if glyph == "taps" else ""
    return f'<i class="{glyph}" style="{side}{taps}"></i>'


def layer_words(row: Row) -> tuple[str, str]:
    """The layer in two very short lines."""
    return row.layer.entry.tag(row.layer, row.kernel)
