"""Many small pictures at once: one sprite and one grid of HTML.

A browser takes over a second for a hundred image elements, and far less for one PNG of which every tile shows
a part.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cifar7.ui.shell import palette

SIDE = 32  # pixels of a picture
SPRITE_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture's lines below it and its text alternative."""

    # (style class, text) or (style class, text, end); if there is no room, the text is cut and not the end.
    # Classes: "true", "predicted", "plain", "number".
    lines: tuple[tuple[str, str] | tuple[str, str, str], ...]
    alt: str
    hint: str = ""  # shown at the pointer
    opens: int | None = None  # the number that a click reports; None: the picture is no button

    @staticmethod
    def of_test_picture(
        index: int, true: tuple[str, str], predicted: tuple[str, str], description: str
    ) -> Tile:
        """A test picture that opens; `true` and `predicted`: the class and its probability, in words."""
        lines = (("true", *true), ("predicted", *predicted), ("number", f"no. {index:,}"))
        return Tile(lines, alt=description, hint=description, opens=index)


def sprite(images: NDArray[np.uint8]) -> bytes:
    """A PNG of all pictures (N, 3, 32, 32) in rows of SPRITE_COLUMNS; N is at least 1."""
    count = len(images)
    columns = min(count, SPRITE_COLUMNS)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, SIDE, SIDE, 3), dtype=np.uint8)
    sheet[:count] = np.moveaxis(np.asarray(images), 1, -1)  # (N, 32, 32, 3)
    pixels = (
        sheet.reshape(rows, columns, SIDE, SIDE, 3).swapaxes(1, 2).reshape(rows * SIDE, columns * SIDE, 3)
    )
    out = io.BytesIO()
    # Pixels of photos hardly repeat: without a search for repetitions it takes half the time and equal space.
    Image.fromarray(pixels).save(out, format="PNG", compress_level=1, compress_type=zlib.Z_HUFFMAN_ONLY)
    return out.getvalue()


def grid(images: NDArray[np.uint8], tiles: Sequence[Tile], size: int = 96, label: str = "Pictures") -> str:
    """HTML of a grid that shows each picture with a side of `size` CSS pixels, its pixels as squares.

    Raises ValueError unless there is one tile for each picture, and at least one.
    """
    if not tiles or len(tiles) != len(images):
        raise ValueError(f"{len(images)} pictures and {len(tiles)} tiles: one tile to each picture is needed")
    png = sprite(images)
    # A page may have several grids: each has a sprite and so a class of its own.
    name = "g" + hashlib.sha256(png).hexdigest()[:10]
    columns = min(len(tiles), SPRITE_COLUMNS)
    figures = "".join(_figure(tile, at, columns, size) for at, tile in enumerate(tiles))
    return (
        f"<style>{_sheet(name, png, columns, size)}</style>"
        f'<div class="gallery {name}" role="list" aria-label="{html.escape(label, quote=True)}">'
        f"{figures}</div>"
    )


def _figure(tile: Tile, at: int, columns: int, size: int) -> str:
    row, column = divmod(at, columns)
    place = f"background-position:-{column * size}px -{row * size}px"
    lines = "".join(f'<span class="{style}">{_text(*texts)}</span>' for style, *texts in tile.lines)
    hint = f' title="{html.escape(tile.hint, quote=True)}"' if tile.hint else ""
    alt = html.escape(tile.alt, quote=True)
    if tile.opens is None:
        picture = f'<div class="pic" role="img" aria-label="{alt}" style="{place}"></div>'
    else:
        reach = "0" if at == 0 else "-1"  # the Tab key stops once; from there the arrow keys go on
        picture = (
            f'<button type="button" class="pic" data-opens="{tile.opens}" tabindex="{reach}" '
            f'aria-label="{alt}" style="{place}"></button>'
        )
    return f'<figure role="listitem"{hint}>{picture}<figcaption>{lines}</figcaption></figure>'


def _text(text: str, end: str = "") -> str:
    return f"<i>{html.escape(text)}</i><b>{html.escape(end)}</b>" if end else html.escape(text)


def _sheet(name: str, png: bytes, columns: int, size: int) -> str:
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return (
        f".{name}{{display:grid;gap:.75rem .4rem;"
        f"grid-template-columns:repeat(auto-fill,minmax({size + 10}px,1fr))}}"
        f".{name} figure{{margin:0;min-width:0}}"
        f".{name} .pic{{width:{size}px;height:{size}px;border-radius:4px;background-image:url({source});"
        f"background-size:{columns * size}px auto;image-rendering:pixelated}}"
        f".{name} button.pic{{display:block;padding:0;border:0;cursor:pointer}}"
        f".{name} button.pic:hover,.{name} button.pic:focus-visible"
        f"{{outline:3px solid {palette.TRAINING};outline-offset:2px}}"
        f".{name} figcaption{{font-size:.8rem;line-height:1.3;margin-top:.25rem}}"
        f".{name} figcaption span{{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}}"
        f".{name} figcaption span.plain{{white-space:normal;max-width:{size + 6}px}}"
        f".{name} figcaption span:has(b){{display:flex;align-items:baseline}}"
        f".{name} figcaption i{{font-style:normal;overflow:hidden;text-overflow:ellipsis}}"
        f".{name} figcaption b{{font-weight:inherit;flex:none;padding:0 .4em 0 .3em}}"
        f".{name} .true::before,.{name} .predicted::before{{content:'';display:inline-block;flex:none;"
        "width:.55em;height:.55em;margin-right:.35em}"
        f".{name} .true::before{{background:{palette.TRUE};border-radius:50%}}"
        f".{name} .predicted::before{{background:{palette.PREDICTED}}}"
    )
