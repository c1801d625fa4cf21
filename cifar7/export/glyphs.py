"""Fonts for the class names in exported pictures, and whether this machine has one for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a README without pictures is written without it
    from PIL import ImageFont

MOST = 500  # different letters that are looked at
NOBODYS = "\U0010fffe"  # no font has it: what is drawn in the place of a letter that is lacking
SIZE = 13  # pixels
OWN = ""  # Pillow's own font, which has little more than ASCII
FONTS = (
    OWN, "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf",
    "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "msyh.ttc", "Arial Unicode.ttf",
)  # fmt: skip
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
    '<text x="4" y="22" font-size="16" font-family="sans-serif">&#{};</text></svg>'
)


def lacking(names: Sequence[str]) -> list[str]:
    """Those of the names with a letter that stands as a box in charts or pictures, for want of a font."""
    if not (letters := _rare(names)):
        return []
    missing = set(filter(_is_box_in_charts, letters)) | set(_missing(best_font(names), letters))
    return [name for name in names if missing & set(name)]


def best_font(names: Iterable[str]) -> str:
    """The first of `FONTS` on this machine with all letters of the names, or with the most of them."""
    letters = _rare(names)
    return min(filter(_is_here, FONTS), key=lambda font: len(_missing(font, letters)))


@cache
def load(font: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font for pictures. Raises OSError where the machine does not have it."""
    from PIL import ImageFont

    return ImageFont.truetype(font, SIZE) if font else ImageFont.load_default(SIZE)


def _rare(names: Iterable[str]) -> list[str]:
    """The letters that not every font has."""
    letters = {letter for name in names for letter in name if letter > "~" and letter.isprintable()}
    return sorted(letter for letter in letters if not letter.isspace())[:MOST]


@cache
def _is_here(font: str) -> bool:
    try:
        load(font)
    except OSError:
        return False
    return True


def _missing(font: str, letters: Iterable[str]) -> list[str]:
    return [letter for letter in letters if _shape(font, letter) == _shape(font, NOBODYS)]


@cache
def _shape(font: str, letter: str) -> bytes:
    return bytes(load(font).getmask(letter))


@cache
def _is_box_in_charts(letter: str) -> bool:
    """Charts take any font of the machine."""
    return _chart(letter) == _chart(NOBODYS)


@cache
def _chart(letter: str) -> bytes:
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(_SVG.format(ord(letter)))
    return drawn
