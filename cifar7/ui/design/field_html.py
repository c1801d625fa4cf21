"""The receptive field on a picture: what a value may see, and beside it what it really looks at. HTML alone.

All places are in image pixels: 0 is the left or upper edge of the image, `image_size` the other one.
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

HALF = 0.5  # of the strongest pixel: what is looked at mainly
MARGIN = 34  # image pixels that are drawn around the image at most
AROUND = 2  # image pixels of room around a box
SHARP = 8  # pixels of the heat map's PNG for one of the image
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


def may_see_html(picture: Picture, field: Field, strength: Strength | None, what: str) -> str:
    """The picture, the box of the theoretical field, a veil over what is not seen.

    `strength`: the effective field; its strongest part gets a box as well, unless it is scattered between
    holes. None while it is not known.
    """
    size = picture.shape[1]
    low, high = window(field, size)
    alt = f"A picture of {what} with the {field.side} × {field.side} pixels that the value may see"
    parts = [
        _pixels(_png(np.moveaxis(picture, 0, -1)), 0, size, low, high, alt),
        _pixels(_png(veil(field, low, high)), low, high - low, low, high),
        _box("edge", 0, size, low, high),
        _box("field", field.first, field.side, low, high),
    ]
    if strength is not None and strength.any() and field.share == 1:
        side = strong_side(strength)
        parts.append(_box("real", strong_middle(strength) - side / 2, side, low, high))
    return f'<div class="frame">{"".join(parts)}</div>'


def looks_at_html(strength: Strength, field: Field, alt: str) -> str:
    """The heat map on the image's pixels, the box over it as far as it lies inside."""
    size = strength.shape[0]
    heat = np.zeros((*strength.shape, 4), dtype=np.uint8)  # its opacity is what counts
    heat[..., 3] = np.round(255 * np.clip(strength, 0, 1))
    heat = heat.repeat(SHARP, axis=0).repeat(SHARP, axis=1)  # a mask would be smoothed
    parts = [
        _pixels(_png(heat), 0, size, 0, size, alt, "heat", "mask-image"),
        _box("field", field.first, field.side, 0, size),
    ]
    return f'<div class="frame">{"".join(parts)}</div>'


def waiting_html(words: str) -> str:
    """A frame of the same size with a sentence in it."""
    return f'<div class="frame"><div class="c7-note" style="inset:0;padding:1rem">{escape(words)}</div></div>'


def veil(field: Field, low: int, high: int) -> npt.NDArray[np.uint8]:
    """A veil (n, n, RGBA) over the window: grey outside the field, dark over holes in it."""
    places = np.arange(low, high) - field.first
    inside = (places >= 0) & (places < field.side)  # (n,)
    seen = np.isin(places, list(field.reached))  # (n,)
    out = np.zeros((high - low, high - low, 4), dtype=np.uint8)
    out[np.outer(inside, inside) & ~np.outer(seen, seen)] = HOLE
    out[~np.outer(inside, inside)] = OUTSIDE
    return out


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, format="PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _pixels(
    source: str,
    first: float,
    side: float,
    low: int,
    high: int,
    alt: str = "",
    style: str = "pixels",
    use: str = "background-image",
) -> str:
    role = f' role="img" aria-label="{escape(alt, quote=True)}"' if alt else ""
    place = _place(first, side, low, high)
    return f'<div class="{style}"{role} style="{place};{use}:url({source})"></div>'


def _box(name: str, first: float, side: float, low: int, high: int) -> str:
    return f'<div class="{name}" style="{_place(first, side, low, high)}"></div>'


def _place(first: float, side: float, low: int, high: int) -> str:
    span = high - low
    at, long = 100 * (first - low) / span, 100 * side / span
    return f"left:{at:.2f}%;top:{at:.2f}%;width:{long:.2f}%;height:{long:.2f}%"
