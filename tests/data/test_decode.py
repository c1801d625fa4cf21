"""Image files of every kind become 32x32 RGB; what is no image is named."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from pictures import BLUE, GREEN, RED, picture, saved
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from cifar7.data import decode
from cifar7.data.imageset import DataError


def pixels(data: bytes) -> np.ndarray:
    decoded = decode.decode(data, "x")
    assert decoded.pixels.shape == (32, 32, 3)
    assert decoded.pixels.dtype == np.uint8
    return decoded.pixels


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [("PNG", 0), ("BMP", 0), ("GIF", 0), ("TIFF", 0), ("PPM", 0), ("JPEG", 6), ("WEBP", 6)],
)
def test_every_format(kind, tolerance):
    assert np.abs(pixels(picture(RED, kind=kind)).astype(int) - RED).max() <= tolerance


def test_an_image_of_the_right_size_keeps_its_pixels_to_the_bit():
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(pixels(saved(Image.fromarray(noise))), noise)
    assert decode.decode(saved(Image.fromarray(noise)), "x").size == (32, 32)


def test_palette_grey_and_cmyk():
    assert np.array_equal(
        pixels(saved(Image.new("RGB", (32, 32), RED).quantize(4))), np.full((32, 32, 3), RED)
    )
    assert np.array_equal(pixels(picture((77,))), np.full((32, 32, 3), 77))
    white_paper = saved(Image.new("CMYK", (32, 32), (0, 0, 0, 0)), "JPEG")
    assert pixels(white_paper).min() > 250
    assert np.array_equal(pixels(saved(Image.new("1", (32, 32), 1))), np.full((32, 32, 3), 255))


def test_sixteen_bit_grey_is_scaled_not_clipped():
    deep = Image.fromarray(np.full((32, 32), 0x80FF, dtype=np.uint16))
    assert np.array_equal(pixels(saved(deep)), np.full((32, 32, 3), 0x80))  # the upper byte
    assert np.array_equal(pixels(saved(deep, "TIFF")), np.full((32, 32, 3), 0x80))


def test_transparency_is_laid_on_white():
    half = decode.decode(picture((255, 0, 0, 128)), "x")
    assert half.see_through
    # 255 stays 255; 0 * 128/255 + 255 * 127/255 = 127
    assert np.abs(half.pixels.astype(int) - (255, 127, 127)).max() <= 1
    assert not decode.decode(picture((255, 0, 0, 255)), "x").see_through
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    clear = decode.decode(saved(palette, transparency=0), "x")
    assert clear.see_through
    assert clear.pixels.min() == 255


def test_exif_turns_the_picture_upright():
    stored = np.zeros((32, 32, 3), dtype=np.uint8)
    stored[:, 16:] = 255  # white on the right
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: what was right is below
    upright = pixels(saved(Image.fromarray(stored), exif=exif))
    assert upright[:16].max() == 0
    assert upright[16:].min() == 255


def test_exif_swaps_the_size_that_is_told():
    exif = Image.Exif()
    exif[0x0112] = 8
    assert decode.decode(saved(Image.new("RGB", (40, 20)), exif=exif), "x").size == (20, 40)


def test_another_size_gives_its_centre_square():
    wide = np.zeros((64, 128, 3), dtype=np.uint8)
    wide[:, :32], wide[:, 32:96], wide[:, 96:] = RED, GREEN, BLUE  # the middle 64 columns are green
    decoded = decode.decode(saved(Image.fromarray(wide)), "x")
    assert decoded.size == (128, 64)
    assert np.array_equal(decoded.pixels[:, 3:-3], np.full((32, 26, 3), GREEN))
    tall = decode.decode(saved(Image.fromarray(wide.transpose(1, 0, 2))), "x")
    assert tall.size == (64, 128)
    assert np.array_equal(tall.pixels[3:-3], np.full((26, 32, 3), GREEN))


def test_smaller_images_are_enlarged_and_odd_shapes_survive():
    assert np.array_equal(pixels(picture(BLUE, (8, 8))), np.full((32, 32, 3), BLUE))
    assert np.array_equal(pixels(picture(BLUE, (1, 1))), np.full((32, 32, 3), BLUE))
    assert np.array_equal(pixels(picture(BLUE, (3000, 1))), np.full((32, 32, 3), BLUE))


def test_a_shrunk_picture_is_the_mean_of_its_pixels_not_a_sample():
    stripes = np.zeros((320, 320, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    assert np.abs(pixels(saved(Image.fromarray(stripes))).astype(int) - 100).max() <= 8


def test_a_large_jpeg_tells_its_own_size_and_keeps_its_colours():
    decoded = decode.decode(picture(GREEN, (3000, 2000), "JPEG"), "x")
    assert decoded.size == (3000, 2000)
    assert np.abs(decoded.pixels.astype(int) - GREEN).max() <= 6


def test_of_an_animation_the_first_picture():
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN)]
    decoded = decode.decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), "x")
    assert decoded.animated
    assert np.array_equal(decoded.pixels, np.full((32, 32, 3), RED))


def test_a_photo_with_another_picture_beside_it_is_no_animation():
    photo, depth = Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), GREEN)
    decoded = decode.decode(saved(photo, "MPO", save_all=True, append_images=[depth]), "x.jpg")
    assert not decoded.animated
    assert np.abs(decoded.pixels.astype(int) - RED).max() <= 6


@pytest.mark.parametrize(
    "data", [b"", b"hello, I am a text", b"\xff\xd8\xff", b"<svg></svg>", b"%!PS-Adobe-3.0 EPSF"]
)
def test_what_is_no_image_is_named(data):
    with pytest.raises(
        DataError, match=r"^train/cat/7\.jpg cannot be read as an image \(.+\): replace or remove"
    ):
        decode.decode(data, "train/cat/7.jpg")


def test_a_text_file_is_called_no_image():
    with pytest.raises(DataError, match="not an image"):
        decode.decode(b"hello, I am a text", "7.jpg")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_an_image_that_was_cut_off_is_named(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    data = saved(noise, kind)
    with pytest.raises(DataError, match=r"^7\.jpg cannot be read as an image"):
        decode.decode(data[: len(data) // 2], "7.jpg")


def test_floating_point_pixels_are_refused():
    with pytest.raises(DataError, match=r"^7\.tif has floating-point pixels"):
        decode.decode(saved(Image.new("F", (32, 32), 0.5), "TIFF"), "7.tif")


def test_more_pixels_than_allowed_are_refused_unseen(monkeypatch):
    monkeypatch.setattr(decode, "MAX_PIXELS", 99 * 100)
    with pytest.raises(DataError, match=r"^7\.png has 100 x 100 pixels, more than 9,900: scale it down"):
        decode.decode(picture(size=(100, 100)), "7.png")
    decode.decode(picture(size=(99, 100)), "7.png")


def test_sixteen_million_pixels_are_allowed():
    decode.decode(saved(Image.new("1", (4000, 4000))), "7.png")
    with pytest.raises(DataError, match=r"has 4001 x 4000 pixels, more than 16,000,000: scale it down"):
        decode.decode(saved(Image.new("1", (4001, 4000))), "7.png")


def test_the_pages_of_a_tiff_are_not_counted(monkeypatch):
    """Of 40,000 pages, which fit into 5 MB, that takes ten seconds."""
    sought = []
    seek = TiffImageFile._seek
    monkeypatch.setattr(TiffImageFile, "_seek", lambda self, frame: sought.append(frame) or seek(self, frame))
    pages = [Image.new("L", (32, 32), 50)] * 5
    decoded = decode.decode(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "7.tif")
    assert decoded.animated
    assert max(sought) == 0


@pytest.mark.parametrize("side", [9_000, 40_000])  # above ours; above Pillow's own limits as well
def test_a_picture_bomb_is_refused_by_its_header(side):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(DataError, match=r"^bomb\.png .*(scale it down|replace or remove)"):
        decode.decode(data + chunk(b"IEND", b""), "bomb.png")


def test_formats_that_nobody_asked_for_are_not_even_tried():
    with pytest.raises(DataError, match="not an image"):  # Pillow could read it; of some it runs programs
        decode.decode(picture(kind="PCX"), "x.png")
