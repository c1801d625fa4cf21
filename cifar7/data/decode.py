"""An image file's bytes to 32x32 RGB pixels.

What a browser sent goes through `cifar7.data.apart`, which calls this in a process of its own.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from cifar7.data.imageset import SIZE, DataError, Images

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff",
    ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
MAX_PIXELS = (
    16_000_000  # of one image; decoding takes up to 20 bytes for each. A phone's photo has 12 million
)
ORIENTATION, QUARTER_TURNS = 0x0112, (5, 6, 7, 8)  # of EXIF: values at which width and height change places
DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I")  # 16 bits a pixel

_SAID = {Image.UnidentifiedImageError: "not an image", MemoryError: "it takes too much memory"}

RECIPE = 1  # raised when the same file would become other pixels; older caches are then left alone


@dataclass(frozen=True, eq=False)
class Decoded:
    """pixels: uint8 (32, 32, 3); size: (width, height), as shown, before it was scaled."""

    pixels: Images
    size: tuple[int, int]
    see_through: bool
    animated: bool


def decode(data: bytes, name: str) -> Decoded:
    """The image in `data`. DataError that begins with `name` if it is none, is damaged or too large.

    Turned upright as its EXIF tag says; transparency laid on white. Of an animation the first picture is
    decoded, and no more than a second one looked for: counting 40,000 pages of a TIFF takes seconds.
    Another size than 32x32: the centre square, as large as fits, scaled with a Lanczos filter.
    """
    try:
        return _decode(data)
    except DataError as error:
        raise DataError(f"{name} {error}") from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        reason = _SAID.get(type(error)) or str(error) or type(error).__name__
        raise DataError(f"{name} cannot be read as an image ({reason}): replace or remove it") from error


def _decode(data: bytes) -> Decoded:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise DataError(
                f"has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}: scale it down"
            )
        # A JPEG may hold several pictures as well: what a phone keeps beside a photo.
        animated = image.format != "MPO" and getattr(image, "is_animated", False)
        exif = image.getexif()
        is_plain = image.mode == "RGB" and not exif and not image.has_transparency_data
        if is_plain and image.size == (SIZE, SIZE):
            return Decoded(np.asarray(image), (SIZE, SIZE), False, animated)
        size = image.size[::-1] if exif.get(ORIENTATION, 1) in QUARTER_TURNS else image.size
        image.draft("RGB", (4 * SIZE, 4 * SIZE))  # a large JPEG is decoded at a fraction of its size
        rgb, see_through = _to_rgb(ImageOps.exif_transpose(image))
    if rgb.size != (SIZE, SIZE):
        rgb = ImageOps.fit(rgb, (SIZE, SIZE), Image.Resampling.LANCZOS)
    return Decoded(np.asarray(rgb), (size[0], size[1]), see_through, animated)


def _to_rgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image as RGB, and whether anything of it was transparent."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        see_through = image.getchannel("A").getextrema()[0] != 255
        on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return on_white.convert("RGB"), see_through
    if image.mode in DEEP_GREY:
        deep = np.asarray(image)  # (H, W), 16 bits, or 32 of which 0..65535 are used
        image = Image.fromarray((deep.clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise DataError("has floating-point pixels, whose brightness is not agreed: save it as an 8-bit PNG")
    return image.convert("RGB"), False
