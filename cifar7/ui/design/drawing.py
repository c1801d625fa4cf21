"""The network drawn: every map to scale, every kernel with its taps. One SVG for the page and for paper.

A map is as high as its side and as wide as the root of its channels. Places along the network are percents,
so that the drawing fills the width that there is; heights are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row
from cifar7.network.kinds import Family
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec
from cifar7.ui.files import paper
from cifar7.ui.words.lines import Line, lines
from cifar7.ui.words.summary import arrow, flow_words, head_words, shape_words, square, stage_words
from cifar7.ui.words.ways import Layout, Way, layout

HEIGHT = 112  # CSS pixels of the image's side
TOP = 28  # CSS pixels above the maps: the stage's names, and the arcs
GLYPH, TEXT = 37, 14  # CSS pixels of the row of kernels, and of a line of text
TOTAL = TOP + HEIGHT + GLYPH + 4 * TEXT + 9
LANE, SMALL = 86, 36  # CSS pixels that a second way takes above the maps, and of an image's side there
STEP, LETTER = 33, 5.4  # CSS pixels: the least from one map to the next, and the width of a letter
TAP = 3.2  # CSS pixels between two neighbouring taps
LARGEST_GLYPH = 34  # CSS pixels
CAPTION = (
    "Height: the side of the map, to scale. Width: its channels. Stripes: groups that do not see each other. "
    "Dots: the taps of the kernel, spread by the dilation. Last line: the receptive field in pixels, orange "
    "where it is wider than the image."
)
ARCS = (
    " Arc: what goes in at its left end meets what comes out at its right: + adds the two, cat puts one "
    "behind the other."
)
SECOND = " Small maps: layers on such a way around, drawn above those that they stand beside."
_MIDDLE = TOP + HEIGHT / 2
_RAIL = 66  # CSS pixels from above to the middle of the maps on a second way
_STYLE = """<style>
.c7-net text { font-size: 11.5px; text-anchor: middle; fill: var(--c7-ink); }
.c7-net .muted { fill: var(--c7-muted); } .c7-net .bold, .c7-net .beyond { font-weight: bold; }
.c7-net .beyond { fill: var(--c7-more); } .c7-net .sum { font-size: 21px; }
.c7-net .band { fill: var(--c7-line); opacity: .38; } .c7-net .join { fill: var(--c7-accent); opacity: .16; }
.c7-net .map { fill: var(--c7-accent); stroke: var(--c7-accent); }
.c7-net .pool { fill: var(--c7-page); } .c7-net .image { fill: var(--c7-muted); stroke: none; }
.c7-net .rule { stroke: var(--c7-muted); } .c7-net .stripes { stroke: var(--c7-page); stroke-width: 1.5; }
.c7-net .square { fill: none; stroke: var(--c7-ink); }
.c7-net .arc { stroke: var(--c7-muted); stroke-width: 1.5; stroke-linecap: round; }
.c7-net .stack { fill: var(--c7-page); stroke: var(--c7-ink); stroke-width: 1.4; }
.c7-net .taps { fill: none; stroke: var(--c7-ink); stroke-width: 2.2; stroke-linecap: round; }
</style>"""


def drawing_html(spec: NetSpec, analysis: Analysis) -> str:
    """The drawing for the page, which scrolls where it is too narrow, with a description in words."""
    label, columns = escape(description(spec, analysis), quote=True), lines(analysis.rows)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Drawing of the network">'
        f'<svg class="c7-net" role="img" aria-label="{label}" width="100%" height="{height(columns)}" '
        f'style="display:block;min-width:{_width(columns):.0f}px">'
        f"{_STYLE}{_drawing(spec, columns)}</svg></div>"
    )


def drawing_png(spec: NetSpec, analysis: Analysis) -> bytes:
    """The same on paper."""
    title = f"{spec.name}: channels, layer and receptive field (px) below each map"
    columns = lines(analysis.rows)
    drawing = f'{_STYLE}<g class="c7-net">{_drawing(spec, columns)}</g>'
    return paper.png(title, drawing, 1.3 * _width(columns), height(columns))


def height(columns: Sequence[Line]) -> int:
    """CSS pixels of the drawing."""
    return TOTAL + LANE * any(line.row.layer.beside for line in columns)


def _width(columns: Sequence[Line]) -> float:
    """CSS pixels that the drawing takes at least: no two texts touch."""
    longest = max(len(text) for line in columns for text in _tag(line.row))
    return layout(columns).count * max(STEP, LETTER * longest + 2)


def _drawing(spec: NetSpec, columns: Sequence[Line]) -> str:
    laid = layout(columns)
    share = 100 / laid.count  # percent of the width for a column
    lane = height(columns) - TOTAL
    row = [(0.0, spec.image_size)] + [
        (at, line.row.output[1])
        for at, line in zip(laid.columns, columns, strict=True)
        if not line.row.layer.beside
    ]
    tall = {at: max(3.0, HEIGHT * side / spec.image_size) for at, side in row}  # by column
    image = [f"{spec.in_channels}", "image", square(spec.image_size), "1"]
    below = TOTAL - TEXT - 5
    main = [f'<line class="rule" x2="100%" y1="{below}" y2="{below}"/>']
    main += [_join(a, b, (tall[a], tall[b]), share) for (a, _), (b, _) in pairwise(row)]
    main.append(
        _column(0, share, "The image", _map(spec.in_channels, tall[0], 1, "image"), _texts(image, False))
    )
    beside = [_way(way, laid, tall, share, lane) for way in laid.ways if way.turn < way.end]
    for at, line in zip(laid.columns, columns, strict=True):
        if line.row.layer.beside:
            beside.append(_small(at, line.row, spec.image_size, share))
        else:
            main.append(_layer(at, line.row, tall[at], spec.image_size, share))
    main += [
        _arc(laid.start(way), laid.columns[way.end], tall, share) for way in laid.ways if way.turn == way.end
    ]
    drawn = "".join(main)
    shifted = f'<g transform="translate(0 {lane})">{drawn}</g>' if lane else drawn
    return _stages(laid, row, share, TOTAL + lane) + shifted + "".join(beside)


def description(spec: NetSpec, analysis: Analysis) -> str:
    """What the drawing shows, in words."""
    used = [name for name in STAGE_NAMES if spec.stage(name).units or spec.stage(name).pool]
    stages = [f"{name}: {stage_words(spec, name)}; {flow_words(analysis.rows, name)}." for name in used]
    head = f"{OUTPUT}: {head_words(spec)}; {flow_words(analysis.rows, OUTPUT)}."
    return " ".join([f"An image of {square(spec.image_size)} pixels goes through", *stages, head])


def _stages(laid: Layout, row: Sequence[tuple[float, int]], share: float, total: int) -> str:
    """The names of the stages with the sides of their maps, every other one on a band."""
    out = ""
    for number, (stage, first, last) in enumerate(laid.stages):
        left, width = first * share, (last - first + 1) * share
        if number % 2 == 0:
            out += f'<rect class="band" x="{left:.2f}%" width="{width:.2f}%" height="{total}"/>'
        out += f'<text x="{left + width / 2:.2f}%" y="13"><tspan class="bold">{stage}</tspan>'
        before = [side for at, side in row if at < first][-1]
        flow = arrow(before, [side for at, side in row if at <= last][-1]) if last > first else ""
        out += f' <tspan class="muted">{flow}</tspan></text>'
    return out


def _join(a: float, b: float, heights: tuple[float, float], share: float) -> str:
    """A trapezium that leads from the map of one column to the next."""
    left, right = heights
    box = f'y="{TOP}" width="{(b - a) * share:.2f}%" height="{HEIGHT}" viewBox="0 0 1 {HEIGHT}"'
    points = (
        f"0,{(HEIGHT - left) / 2:.1f} 1,{(HEIGHT - right) / 2:.1f} "
        f"1,{(HEIGHT + right) / 2:.1f} 0,{(HEIGHT + left) / 2:.1f}"
    )
    return (
        f'<svg x="{(a + 0.5) * share:.2f}%" {box} preserveAspectRatio="none">'
        f'<polygon class="join" points="{points}"/></svg>'
    )


def _tip(row: Row) -> str:
    return f"{working.name(row)} → {shape_words(row.output)}, receptive field {row.receptive_field} px"


def _layer(at: float, row: Row, height: float, image_size: int, share: float) -> str:
    texts = [f"{row.output[0]}", *_tag(row), f"{row.receptive_field}"]
    groups = row.layer.groups if row.layer.family is Family.CONVOLUTION else 1
    drawn = _map(row.output[0], height, groups, "pool" if row.layer.family is Family.POOL else "made")
    return _column(at, share, _tip(row), drawn, _glyph(row), _texts(texts, row.receptive_field > image_size))


def _small(at: float, row: Row, image_size: int, share: float) -> str:
    """A map on a second way: its layer above it, its channels below."""
    side = max(3.0, SMALL * row.output[1] / image_size)
    kind = "pool aside" if row.layer.family is Family.POOL else "made aside"
    tag = [text for text in _tag(row) if text]
    texts = [(text, _RAIL - SMALL / 2 - 6 - TEXT * (len(tag) - 1 - i), "") for i, text in enumerate(tag)]
    texts.append((f"{row.output[0]}", _RAIL + SMALL / 2 + TEXT - 1, "bold"))
    drawn = "".join(f'<text class="{style}" y="{y:g}">{text}</text>' for text, y, style in texts)
    return _column(at, share, _tip(row), _map(row.output[0], side, 1, kind, _RAIL), drawn)


def _way(way: Way, laid: Layout, tall: dict[float, float], share: float, lane: int) -> str:
    """The line from the map that goes into a second way, along its maps, to where both ways meet."""
    ends = laid.start(way), laid.columns[way.end]
    tops = [lane + _MIDDLE - tall[at] / 2 for at in ends]
    return _bridge((ends[0], ends[1]), _RAIL, (tops[0], tops[1]), share)


def _column(at: float, share: float, tip: str, *drawn: str) -> str:
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


def _map(channels: int, height: float, groups: int, kind: str, middle: float = _MIDDLE) -> str:
    """The box of a map; groups cut it into stripes, as many as can be told apart."""
    width, top = 3 + 1.1 * channels**0.5, middle - height / 2
    box = f'x="{-width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5"'
    stripe = max(3.0, height / groups)
    cuts = range(1, round(height / stripe)) if groups > 1 and height > 6 else ()
    path = "".join(f"M{-width / 2:.1f} {top + cut * stripe:.1f}h{width:.1f}" for cut in cuts)
    return f'<rect class="map {kind}" {box}/>' + (f'<path class="stripes" d="{path}"/>' if path else "")


def _arc(first: float, end: float, tall: dict[float, float], share: float) -> str:
    """The line around a residual connection: from the map that goes in, above all, down to the sum."""
    tops = (_MIDDLE - tall[first] / 2, _MIDDLE - tall[end] / 2)
    return _bridge((first, end), TOP - 8, tops, share)


def _bridge(ends: tuple[float, float], above: float, tops: tuple[float, float], share: float) -> str:
    """A level line between two columns, and from its ends the legs to the maps."""
    left, right = ((at + 0.5) * share for at in ends)
    level = f'<line class="arc" x1="{left:.2f}%" x2="{right:.2f}%" y1="{above:g}" y2="{above:g}"/>'
    return level + "".join(
        f'<line class="arc leg" x1="{x:.2f}%" x2="{x:.2f}%" y1="{above:g}" y2="{y:.1f}"/>'
        for x, y in zip((left, right), tops, strict=True)
    )


def _glyph(row: Row) -> str:
    """The taps of a convolution, the square of a pool, the plus of a sum, two maps that become one."""
    glyph, kernel, middle = row.layer.entry.glyph, row.kernel, TOP + HEIGHT + TEXT + 4 + GLYPH / 2
    if not glyph:
        return ""
    if glyph == "sum":
        return f'<text class="sum" y="{middle + 7}">+</text>'
    if glyph == "stack":  # one map behind the other
        return "".join(
            f'<rect class="stack" x="{x}" y="{middle - 7}" width="8" height="14"/>' for x in (-9, 1)
        )
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
