"""A picture, and where a network looked in it: the rest dimmed, a line around the strongest. HTML alone."""

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

SHARP = 8  # pixels drawn for one of the picture
HALF = 0.5  # of the strongest: what the line goes around
DARKEST = 0.18  # of a pixel's brightness that is left where nothing was found
LINE = (255, 176, 32)  # light orange: seen on every picture, bright or dimmed


def overlay(picture: Picture, strength: Map) -> npt.NDArray[np.uint8]:
    """The picture (H·SHARP, W·SHARP, 3), bright where the map is strong."""
    large = np.moveaxis(picture, 0, -1).repeat(SHARP, axis=0).repeat(SHARP, axis=1).astype(np.float32)
    size = (large.shape[1], large.shape[0])
    smooth = Image.fromarray(strength.astype(np.float32), mode="F").resize(size, Image.Resampling.BILINEAR)
    share = np.clip(np.asarray(smooth), 0, 1)  # (H·SHARP, W·SHARP)
    lit = (large * (DARKEST + (1 - DARKEST) * share)[..., None]).astype(np.uint8)
    lit[_edge(share >= HALF)] = LINE
    return lit


def _edge(inside: npt.NDArray[np.bool_], width: int = 2) -> npt.NDArray[np.bool_]:
    """The outermost `width` pixels of what is inside; the picture's border is no edge."""
    core = inside.copy()
    for _ in range(width):
        wide = np.pad(core, 1, mode="edge")
        core = core & wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return inside & ~core


def picture_html(picture: Picture, alt: str, caption: str) -> str:
    """The picture as the network gets it, its pixels as squares; `caption` is plain text."""
    return _figure(np.moveaxis(picture, 0, -1), alt, caption)


def attention_html(picture: Picture, strength: Map, alt: str, caption: str) -> str:
    """The picture with the map over it; `caption` is plain text."""
    return _figure(overlay(picture, strength), alt, caption)


def waiting_html(picture: Picture, words: str) -> str:
    """A figure of the same size, dark, while the map is being made."""
    return _figure(overlay(picture, np.zeros(picture.shape[1:], dtype=np.float32)), words, words)


def overlay_png(picture: Picture, strength: Map) -> bytes:
    """The overlay as a file."""
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
    """A map of strengths, a line a pixel."""
    return comma_separated(
        ("row", "column", "strength"), ((*at, float(value)) for at, value in np.ndenumerate(strength))
    )
