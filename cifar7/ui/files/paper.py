"""A drawing of the page on paper: its SVG as a PNG on white. No streamlit.

On the page a drawing takes its colours from the theme, as var(--c7-ink); on paper they are the light ones.
"""

from __future__ import annotations

import re
from html import escape

MARGIN, TITLE = 12, 30  # pixels around a drawing, and of the line above it
SCALE = 2.0  # pixels of the picture for one of the drawing: sharp in print

# The theme's colours as they are on white; a test holds them against the page's style sheet.
LIGHT = {
    "ink": "#1B2430",
    "page": "#FFFFFF",
    "panel": "#F3F6F9",
    "line": "#D9E0E7",
    "muted": "#5A6673",
    "more": "#9C4A00",
    "accent": "#0072B2",
}


def sheet(title: str, drawing: str, width: float, height: float) -> str:
    """A page of paper as SVG: a title, and below it a drawing of this size in pixels."""
    place = f'x="{MARGIN}" y="{MARGIN + TITLE}" width="{width:.0f}" height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{max(width, 7.5 * len(title)) + 2 * MARGIN:.0f}" '
        f'height="{height + TITLE + 2 * MARGIN:.0f}" font-family="sans-serif">'
        '<rect width="100%" height="100%" fill="var(--c7-page)"/>'
        f'<text x="{MARGIN}" y="{MARGIN + 14}" font-size="14" font-weight="bold" fill="var(--c7-ink)">'
        f"{text(title)}</text><svg {place}>{drawing}</svg></svg>"
    )


def text(words: str) -> str:
    """What a user named as it may stand in an SVG, which knows no control characters."""
    line = escape("".join(letter if letter.isprintable() else " " for letter in words))
    return line.replace("var(", "var&#40;")  # no colour of the theme


def png(svg: str) -> bytes:
    """The picture of an SVG, drawn offline."""
    import vl_convert  # a whole JavaScript engine, and only needed here

    picture: bytes = vl_convert.svg_to_png(
        re.sub(r"var\(--c7-(\w+)\)", lambda match: LIGHT.get(match[1], match[0]), svg), scale=SCALE
    )
    return picture
