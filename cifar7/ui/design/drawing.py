"""The network drawn: every map to scale, every kernel with its taps. One SVG for the page and for paper.

A map is as high as its side and as wide as the root of its channels. Places along the network are percents,
so that the drawing fills the width that there is; heights are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby, pairwise

from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row
from cifar7.network.kinds import Family
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec
from cifar7.ui.files import paper
from cifar7.ui.words.lines import Line, lines
from cifar7.ui.words.summary import flow_words, head_words, shape_words, square, stage_words

HEIGHT = 112  # CSS pixels of the image's side
TOP = 28  # CSS pixels above the maps: the stage's names, and the arcs
GLYPH, TEXT = 37, 14  # CSS pixels of the row of kernels, and of a line of text
TOTAL = TOP + HEIGHT + GLYPH + 4 * TEXT + 9
STEP, LETTER = 33, 5.4  # CSS pixels: the least from one map to the next, and the width of a letter
TAP = 3.2  # CSS pixels between two neighbouring taps
LARGEST_GLYPH = 34  # CSS pixels
CAPTION = (
    "Height: the side of the map, to scale. Width: its channels. Stripes: groups that do not see each other. "
    "Dots: the taps of the kernel, spread by the dilation. Last line: the receptive field in pixels, orange "
    "where it is wider than the image."
)
ARCS = " Arc: a residual connection adds what goes in at its left end to what comes out at its right."
_MIDDLE = TOP + HEIGHT / 2
_STYLE = """<style>
.c7-net text { font-size: 11.5px; text-anchor: middle; fill: var(--c7-ink); }
.c7-net .muted { fill: var(--c7-muted); } .c7-net .bold, .c7-net .beyond { font-weight: bold; }
.c7-net .beyond { fill: var(--c7-more); } .c7-net .sum { font-size: 21px; }
.c7-net .band { fill: var(--c7-line); opacity: .38; } .c7-net .join { fill: var(--c7-accent); opacity: .16; }
.c7-net .map { fill: var(--c7-accent); stroke: var(--c7-accent); }
.c7-net .pool { fill: var(--c7-page); } .c7-net .image { fill: var(--c7-muted); stroke: none; }
.c7-net .rule { stroke: var(--c7-line); } .c7-net .stripes { stroke: var(--c7-page); stroke-width: 1.5; }
.c7-net .square { fill: none; stroke: var(--c7-ink); }
.c7-net .arc { stroke: var(--c7-muted); stroke-width: 1.5; stroke-linecap: round; }
.c7-net .taps { fill: none; stroke: var(--c7-ink); stroke-width: 2.2; stroke-linecap: round; }
</style>"""


def drawing_html(spec: NetSpec, analysis: Analysis) -> str:
    """The drawing for the page, which scrolls where it is too narrow, with a description in words."""
    label = escape(description(spec, analysis), quote=True)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Drawing of the network">'
        f'<svg class="c7-net" role="img" aria-label="{label}" width="100%" height="{TOTAL}" '
        f'style="display:block;min-width:{_width(lines(analysis.rows)):.0f}px">'
        f"{_STYLE}{_drawing(spec, analysis)}</svg></div>"
    )


def drawing_png(spec: NetSpec, analysis: Analysis) -> bytes:
    """The same on paper."""
    title = f"{spec.name}: channels, layer and receptive field (px) below each map"
    drawing = f'{_STYLE}<g class="c7-net">{_drawing(spec, analysis)}</g>'
    return paper.png(paper.sheet(title, drawing, 1.3 * _width(lines(analysis.rows)), TOTAL))


def _width(columns: Sequence[Line]) -> float:
    """CSS pixels that the drawing takes at least: no two texts touch."""
    longest = max(len(text) for line in columns for text in _tag(line.row))
    return (len(columns) + 1) * max(STEP, LETTER * longest + 2)


def _drawing(spec: NetSpec, analysis: Analysis) -> str:
    columns = lines(analysis.rows)
    share = 100 / (len(columns) + 1)  # percent of the width for a column; the image is column 0
    sides = [spec.image_size, *(line.row.output[1] for line in columns)]
    heights = [max(3.0, HEIGHT * side / spec.image_size) for side in sides]
    image = [f"{spec.in_channels}", "image", square(spec.image_size), "1"]
    rule = f'<line class="rule" x2="100%" y1="{TOTAL - TEXT - 5}" y2="{TOTAL - TEXT - 5}"/>'
    parts = [_stages(columns, sides, share), rule]
    parts += [_join(at, ends, share) for at, ends in enumerate(pairwise(heights))]
    parts.append(
        _column(0, share, "The image", _map(spec.in_channels, heights[0], 1, "image"), _texts(image, False))
    )
    parts += [
        _layer(at, line.row, height, spec.image_size, share)
        for at, (line, height) in enumerate(zip(columns, heights[1:], strict=True), 1)
    ]
    parts += [_arc(first, end + 1, heights, share) for first, end in arcs_of(columns).items()]
    return "".join(parts)


def arcs_of(columns: Sequence[Line]) -> dict[int, int]:
    """Of each residual connection: the place of the first line that it goes around, and of its sum."""
    arcs = {}
    for end, line in enumerate(columns):
        begin, left = end, line.row.layer.span
        while left > 0:
            begin -= 1
            left -= 1 + len(columns[begin].followers)
        if begin < end:
            arcs[begin] = end
    return arcs


def description(spec: NetSpec, analysis: Analysis) -> str:
    """What the drawing shows, in words."""
    used = [name for name in STAGE_NAMES if spec.stage(name).units or spec.stage(name).pool]
    stages = [f"{name}: {stage_words(spec, name)}; {flow_words(analysis.rows, name)}." for name in used]
    head = f"{OUTPUT}: {head_words(spec)}; {flow_words(analysis.rows, OUTPUT)}."
    return " ".join([f"An image of {square(spec.image_size)} pixels goes through", *stages, head])


def _stages(columns: Sequence[Line], sides: Sequence[int], share: float) -> str:
    """The names of the stages with the sides of their maps, every other one on a band."""
    out, at = "", 0
    for number, (stage, group) in enumerate(groupby(columns, key=lambda line: line.stage)):
        first, at = at, at + len(list(group))
        left, width = (first + 1) * share, (at - first) * share
        if number % 2 == 0:
            out += f'<rect class="band" x="{left:.2f}%" width="{width:.2f}%" height="{TOTAL}"/>'
        flow = f"{sides[first]} → {sides[at]}" if sides[first] != sides[at] else f"{sides[first]}"
        out += f'<text x="{left + width / 2:.2f}%" y="13"><tspan class="bold">{stage}</tspan>'
        out += f' <tspan class="muted">{flow if at - first > 1 else ""}</tspan></text>'
    return out


def _join(at: int, heights: tuple[float, float], share: float) -> str:
    """A trapezium that leads from one map to the next."""
    (a, b), box = heights, f'y="{TOP}" width="{share:.2f}%" height="{HEIGHT}" viewBox="0 0 1 {HEIGHT}"'
    points = (
        f"0,{(HEIGHT - a) / 2:.1f} 1,{(HEIGHT - b) / 2:.1f} 1,{(HEIGHT + b) / 2:.1f} 0,{(HEIGHT + a) / 2:.1f}"
    )
    return (
        f'<svg x="{(at + 0.5) * share:.2f}%" {box} preserveAspectRatio="none">'
        f'<polygon class="join" points="{points}"/></svg>'
    )


def _layer(at: int, row: Row, height: float, image_size: int, share: float) -> str:
    tip = f"{working.name(row)} → {shape_words(row.output)}, receptive field {row.receptive_field} px"
    texts = [f"{row.output[0]}", *_tag(row), f"{row.receptive_field}"]
    groups = row.layer.groups if row.layer.family is Family.CONVOLUTION else 1
    drawn = _map(row.output[0], height, groups, "pool" if row.layer.family is Family.POOL else "made")
    return _column(at, share, tip, drawn, _glyph(row), _texts(texts, row.receptive_field > image_size))


def _column(at: int, share: float, tip: str, *drawn: str) -> str:
    """What belongs to a map, its places counted from the middle of the column."""
    return (
        f'<svg class="layer" x="{(at + 0.5) * share:.2f}%" overflow="visible" style="overflow:visible">'
        f"<title>{escape(tip)}</title>{''.join(drawn)}</svg>"
    )


def _texts(texts: Sequence[str], beyond: bool) -> str:
    """Channels above the glyph, the layer in two lines and the receptive field below it."""
    base = TOP + HEIGHT + TEXT
    places = (base, base + GLYPH + TEXT, base + GLYPH + 2 * TEXT, base + GLYPH + 3 * TEXT + 4)
    styles = ("bold", "", "", "field beyond" if beyond else "field")
    return "".join(
        f'<text class="{style}" y="{y}">{text}</text>'
        for text, style, y in zip(texts, styles, places, strict=True)
        if text
    )


def _map(channels: int, height: float, groups: int, kind: str) -> str:
    """The box of a map; groups cut it into stripes, as many as can be told apart."""
    width, top = 3 + 1.1 * channels**0.5, _MIDDLE - height / 2
    box = f'x="{-width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5"'
    stripe = max(3.0, height / groups)
    cuts = range(1, round(height / stripe)) if groups > 1 and height > 6 else ()
    path = "".join(f"M{-width / 2:.1f} {top + cut * stripe:.1f}h{width:.1f}" for cut in cuts)
    return f'<rect class="map {kind}" {box}/>' + (f'<path class="stripes" d="{path}"/>' if path else "")


def _arc(first: int, end: int, heights: Sequence[float], share: float) -> str:
    """The line around a residual connection: from the map that goes in, above all, down to the sum."""
    left, right, above = (first + 0.5) * share, (end + 0.5) * share, TOP - 8
    legs = ((left, _MIDDLE - heights[first] / 2), (right, _MIDDLE - heights[end] / 2))
    return f'<line class="arc" x1="{left:.2f}%" x2="{right:.2f}%" y1="{above}" y2="{above}"/>' + "".join(
        f'<line class="arc leg" x1="{x:.2f}%" x2="{x:.2f}%" y1="{above}" y2="{y:.1f}"/>' for x, y in legs
    )


def _glyph(row: Row) -> str:
    """The taps of a convolution, the square of a pool, the plus of a sum."""
    glyph, kernel, middle = row.layer.entry.glyph, row.kernel, TOP + HEIGHT + TEXT + 4 + GLYPH / 2
    if not glyph:
        return ""
    if glyph == "sum":
        return f'<text class="sum" y="{middle + 7}">+</text>'
    step = min(TAP * row.layer.dilation, LARGEST_GLYPH / kernel)
    side = kernel * step
    if glyph == "square":
        place = f'x="{-side / 2:.2f}" y="{middle - side / 2:.2f}" width="{side:.2f}" height="{side:.2f}"'
        return f'<rect class="square" {place}/>'
    first = (1 - kernel) / 2 * step  # of the upper left tap, from the middle
    rows = "".join(
        f"M{first:.2f} {middle + first + at * step:.2f}h{side - step + 0.02:.2f}" for at in range(kernel)
    )
    return f'<path class="taps" stroke-dasharray="0.01 {step - 0.01:.2f}" d="{rows}"/>'


def _tag(row: Row) -> tuple[str, str]:
    """The layer in two very short lines."""
    return row.layer.entry.tag(row.layer, row.kernel)
