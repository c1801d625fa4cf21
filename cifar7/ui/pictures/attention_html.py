"""A picture and, over it, where a network looked: the rest dimmed, a line around the strongest part."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from cifar7.ui.files.tables import comma_separated

Picture = npt.NDArray[np.uint8]  # (3, H, W)
Map = npt.NDArray[np.float32]  # (H, W), the strongest 1

SHARP = 8  # drawn pixels for each side of a picture's pixel
HALF = 0.5  # of the strongest: the line goes around what is above
DARKEST = 0.18  # share of its brightness that a pixel keeps where the map is 0
LINE = (255, 176, 32)  # light orange: visible on bright and on dimmed pixels


def overlay(picture: Picture, strength: Map) -> npt.NDArray[np.uint8]:
    """The picture (H·SHARP, W·SHARP, 3), bright where the map is strong."""
    large = np.moveaxis(picture, 0, -1).repeat(SHARP, axis=0).repeat(SHARP, axis=1).astype(np.float32)
    size = (large.shape[1], large.shape[0])  # of `large`, (H·SHARP, W·SHARP, 3)
    smooth = Image.fromarray(strength.astype(np.float32), mode="F").resize(size, Image.Resampling.BILINEAR)
    share = np.clip(np.asarray(smooth), 0, 1)  # (H·SHARP, W·SHARP)
    lit = (large * (DARKEST + (1 - DARKEST) * share)[..., None]).astype(np.uint8)
    lit[_edge(share >= HALF)] = LINE
    return lit


def _edge(inside: npt.NDArray[np.bool_], width: int = 2) -> npt.NDArray[np.bool_]:
    """The outermost `width` pixels of the inside; the border of the picture is no edge."""
    core = inside.copy()
    for _ in range(width):
        padded = np.pad(core, 1, mode="edge")  # (H + 2, W + 2)
        core = core & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core


def picture_html(picture: Picture, alt: str, caption: str) -> str:
    """The picture as the network gets it, with its pixels as squares; `caption` is plain text."""
    return _figure(np.moveaxis(picture, 0, -1), alt, caption)


def attention_html(picture: Picture, strength: Map, alt: str, caption: str) -> str:
    """The picture with the map over it; `caption` is plain text."""
    return _figure(overlay(picture, strength), alt, caption)


def waiting_html(picture: Picture, caption: str) -> str:
    """A dark figure of the same size, while the map is being made."""
    return _figure(overlay(picture, np.zeros(picture.shape[1:], dtype=np.float32)), caption, caption)


def overlay_png(picture: Picture, strength: Map) -> bytes:
    """The overlay as a PNG file."""
    return _png(overlay(picture, strength))


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, format="PNG", compress_level=1)
    return out.getvalue()


def _figure(pixels: npt.NDArray[np.uint8], alt: str, caption: str) -> str:
    source = f"data:image/png;base64,{base64.b64encode(_png(pixels)).decode()}"
    return (
        f'<figure class="c7-picture"><img src="{source}" alt="{escape(alt, quote=True)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def map_csv(strength: Map) -> bytes:
    """A map of strengths as CSV, with a line for each pixel."""
    return comma_separated(
        ("row", "column", "strength"), ((*place, float(value)) for place, value in np.ndenumerate(strength))
    )
