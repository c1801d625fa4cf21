"""The receptive field on a picture as a PNG on white, and its numbers pixel by pixel. No streamlit."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cifar7.export.pictures import TRAINING
from cifar7.ui.design import field_html
from cifar7.ui.design.field_html import Field, Picture, Strength
from cifar7.ui.files.tables import comma_separated

PIXEL = 10  # pixels drawn for one of the image
MARGIN, LINE = 16, 24  # pixels around the drawings, and of a line of text
EMPTY = (226, 230, 234)  # beyond the image's edge


def png(picture: Picture, field: Field, strength: Strength, titles: tuple[str, str]) -> bytes:
    """What the value may see beside what it looks at; `titles`: what stands above the two."""
    low, high = field_html.window(field, picture.shape[1])
    sides = (_may_see(picture, field, low, high), _looks_at(strength, field))
    font = ImageFont.load_default(size=15)
    widths = [max(side.width, int(font.getlength(title))) for side, title in zip(sides, titles, strict=True)]
    size = (sum(widths) + 3 * MARGIN, max(side.height for side in sides) + LINE + 2 * MARGIN)
    sheet = Image.new("RGB", size, "white")
    pen, left = ImageDraw.Draw(sheet), MARGIN
    for side, title, width in zip(sides, titles, widths, strict=True):
        pen.text((left, MARGIN), title, "black", font)
        sheet.paste(side, (left, MARGIN + LINE))
        left += width + MARGIN
    out = io.BytesIO()
    sheet.save(out, format="PNG", optimize=True)
    return out.getvalue()


def pixels_csv(strength: Strength, field: Field) -> bytes:
    """A line a pixel: row and column from the upper left, whether it may be seen, and how much it moves."""
    lines = range(strength.shape[0])
    seen = {at for at in lines if at - field.first in field.reached}
    return comma_separated(
        ("row", "column", "may see", "strength"),
        ((y, x, int(y in seen and x in seen), float(strength[y, x])) for y in lines for x in lines),
    )


def _large(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """(H, W, 3 or 4), each pixel a square."""
    return Image.fromarray(np.ascontiguousarray(pixels.repeat(PIXEL, axis=0).repeat(PIXEL, axis=1)))


def _may_see(picture: Picture, field: Field, low: int, high: int) -> Image.Image:
    side = (high - low) * PIXEL
    drawn = Image.new("RGB", (side, side), EMPTY)
    drawn.paste(_large(np.moveaxis(picture, 0, -1)), (-low * PIXEL, -low * PIXEL))
    veil = _large(field_html.veil(field, low, high))
    drawn.paste(veil, (0, 0), veil)
    _box(drawn, 0 - low, picture.shape[1], "#5A6673", 1)
    _box(drawn, field.first - low, field.side, TRAINING, 3)
    return drawn


def _looks_at(strength: Strength, field: Field) -> Image.Image:
    """White where nothing moves the value, blue where it moves most."""
    ink = np.array([int(TRAINING[at : at + 2], 16) for at in (1, 3, 5)])
    share = np.clip(strength, 0, 1)[..., None]  # (H, W, 1)
    drawn = _large(np.round(255 - share * (255 - ink)).astype(np.uint8))
    _box(drawn, 0, strength.shape[0], "#5A6673", 1)
    _box(drawn, field.first, field.side, TRAINING, 3)
    return drawn


def _box(drawn: Image.Image, first: float, side: float, ink: str, width: int) -> None:
    a, b = round(first * PIXEL), round((first + side) * PIXEL) - 1
    ImageDraw.Draw(drawn).rectangle((a, a, b, b), outline=ink, width=width)
