"""The receptive field on a picture: what a value may see, and beside it what it really looks at.

One SVG a frame, for the page and for paper; a unit of it is a pixel of the image. 0 is the left or upper edge
of the image, `image_size` the other one.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from cifar7.network import measures
from cifar7.network.arithmetic import Row
from cifar7.ui.files import paper
from cifar7.ui.files.tables import comma_separated

HALF = 0.5  # of the strongest pixel: what is looked at mainly
MARGIN = 34  # image pixels that are drawn around the image at most
AROUND = 2  # image pixels of room around a box
SHARP = 8  # pixels of an embedded PNG for one of the image: no browser smooths them visibly
SIDE, GAP = 320, 16  # CSS pixels of a frame, as on a usual page, and between two on paper
OUTSIDE, HOLE = (128, 136, 144, 165), (20, 24, 28, 215)  # veils over what is not seen, RGBA

Picture = npt.NDArray[np.uint8]  # (3, H, W)
Strength = npt.NDArray[np.float32]  # (H, W), the strongest 1


@dataclass(frozen=True, slots=True)
class Field:
    """What the middle value of a layer's map may see, along one axis; both axes are alike."""

    first: int  # image pixels; may lie outside the image
    side: int
    reached: frozenset[int]  # offsets from `first` that some weight looks at

    @property
    def share(self) -> float:
        """Share of the pixels in a line that are looked at."""
        return len(self.reached) / self.side


def middle_field(rows: Sequence[Row], at: int) -> Field:
    """The field of the middle value of the map that row `at` puts out."""
    row = rows[at]
    first, last = row.seen(row.output[1] // 2)
    reached = frozenset(measures.paths(rows[: at + 1]))
    return Field(round(first), round(last) - round(first) + 1, reached)


def window(field: Field, image_size: int) -> tuple[int, int]:
    """The square that is drawn: from and to, in image pixels, along one axis. It always holds the image."""
    low = max(-MARGIN, min(0, field.first - AROUND))
    high = min(image_size + MARGIN, max(image_size, field.first + field.side + AROUND))
    return low, high


def strong_side(strength: Strength) -> float:
    """Side, in pixels, of a square as large as the pixels at least half as strong as the strongest."""
    return math.sqrt(int((strength >= HALF).sum())) if strength.any() else 0.0


def strong_middle(strength: Strength) -> float:
    """Where those pixels lie: the middle of them along one axis, in image pixels; both axes are alike."""
    places = np.argwhere(strength >= HALF)  # (n, 2)
    return float(places.mean()) + 0.5


def may_see_svg(picture: Picture, field: Field, strength: Strength | None, what: str) -> str:
    """The picture, the box of the theoretical field, a veil over what is not seen.

    `strength`: the effective field; its strongest part gets a box as well, unless it is scattered between
    holes. None while it is not known.
    """
    size = picture.shape[1]
    low, high = window(field, size)
    unit = (high - low) / SIDE
    parts = [
        _pixels(np.moveaxis(picture, 0, -1), 0, size),
        _pixels(veil(field, low, high), low, high - low),
        _box("edge", 0, size, "var(--c7-muted)", unit),
        *_field_box(field, unit),
    ]
    if strength is not None and strength.any() and field.share == 1:
        side = strong_side(strength)
        first = strong_middle(strength) - side / 2
        parts.append(_box("real", first, side, "#000000", 2 * unit))
        parts.append(_box("dashes", first, side, "#FFFFFF", 2 * unit, f"{6 * unit:.3g} {4 * unit:.3g}"))
    alt = f"A picture of {what} with the {field.side} × {field.side} pixels that the value may see"
    return _frame(parts, low, high, alt)


def looks_at_svg(strength: Strength, field: Field, alt: str) -> str:
    """The heat map on the image's pixels, the box over it as far as it lies inside."""
    size = strength.shape[0]
    heat = np.full((*strength.shape, 4), 255, dtype=np.uint8)  # (H, W, RGBA): how much of the colour is seen
    heat[..., 3] = np.round(255 * np.clip(strength, 0, 1))
    parts = [
        f'<mask id="c7-heat">{_pixels(heat, 0, size)}</mask>',
        f'<rect class="heat" width="{size}" height="{size}" fill="var(--c7-accent)" mask="url(#c7-heat)"/>',
        *_field_box(field, size / SIDE),
    ]
    return _frame(parts, 0, size, alt)


def waiting_html(words: str) -> str:
    """A frame of the same size with a sentence in it."""
    return f'<div class="frame"><div class="c7-note" style="padding:1rem">{escape(words)}</div></div>'


def png(picture: Picture, field: Field, strength: Strength, titles: tuple[str, str]) -> bytes:
    """What the value may see beside what it looks at, on paper; `titles`: what stands above the two."""
    frames = (may_see_svg(picture, field, strength, ""), looks_at_svg(strength, field, ""))
    drawing = ""
    for at, (title, frame) in enumerate(zip(titles, frames, strict=True)):
        left = at * (SIDE + GAP)
        drawing += f'<text x="{left}" y="12" font-size="13" fill="var(--c7-ink)">{paper.text(title)}</text>'
        drawing += f'<svg x="{left}" y="{GAP + 4}" width="{SIDE}" height="{SIDE}">{frame}</svg>'
    return paper.png(paper.sheet("The receptive field on a picture", drawing, 2 * SIDE + GAP, SIDE + GAP + 4))


def pixels_csv(strength: Strength, field: Field) -> bytes:
    """A line a pixel: row and column from the upper left, whether it may be seen, and how much it moves."""
    places = range(strength.shape[0])
    reached = {at for at in places if at - field.first in field.reached}
    return comma_separated(
        ("row", "column", "may see", "strength"),
        ((y, x, int(y in reached and x in reached), float(strength[y, x])) for y in places for x in places),
    )


def veil(field: Field, low: int, high: int) -> npt.NDArray[np.uint8]:
    """A veil (n, n, RGBA) over the window: grey outside the field, dark over holes in it."""
    places = np.arange(low, high) - field.first
    inside = (places >= 0) & (places < field.side)  # (n,)
    reached = np.isin(places, list(field.reached))  # (n,)
    out = np.zeros((high - low, high - low, 4), dtype=np.uint8)
    out[np.outer(inside, inside) & ~np.outer(reached, reached)] = HOLE
    out[~np.outer(inside, inside)] = OUTSIDE
    return out


def _frame(parts: Sequence[str], low: int, high: int, alt: str) -> str:
    side = high - low
    role = f'role="img" aria-label="{paper.text(alt)}"'
    ground = f'<rect x="{low}" y="{low}" width="{side}" height="{side}" fill="var(--c7-panel)"/>'
    return f'<svg class="frame" {role} viewBox="{low} {low} {side} {side}">{ground}{"".join(parts)}</svg>'


def _pixels(pixels: npt.NDArray[np.uint8], first: int, side: int) -> str:
    """(H, W, 3 or 4) from `first` on."""
    out = io.BytesIO()
    large = np.ascontiguousarray(pixels.repeat(SHARP, axis=0).repeat(SHARP, axis=1))
    Image.fromarray(large).save(out, format="PNG", compress_level=1)
    source = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    return f'<image x="{first}" y="{first}" width="{side}" height="{side}" href="{source}"/>'


def _field_box(field: Field, unit: float) -> list[str]:
    """The blue box on a white one, so that it is seen on every picture; `unit`: image pixels a CSS pixel."""
    place = (field.first, field.side)
    return [_box("halo", *place, "#FFFFFF", 4.5 * unit), _box("field", *place, "#0072B2", 2.5 * unit)]


def _box(name: str, first: float, side: float, colour: str, width: float, dashes: str = "none") -> str:
    """The outline of a square; everything in image pixels."""
    return (
        f'<rect class="{name}" x="{first:g}" y="{first:g}" width="{side:g}" height="{side:g}" fill="none" '
        f'stroke="{colour}" stroke-width="{width:.3g}" stroke-dasharray="{dashes}"/>'
    )
