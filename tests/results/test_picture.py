"""A picture of one's own: read in words, seen as the network sees it, judged as the test images are."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from judged import network, stripes
from PIL import Image

from cifar7.data.imageset import DataError
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.results import picture
from cifar7.results.picture import classify, read_picture
from cifar7.training.evaluation import evaluate


def encoded(pixels: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def test_a_picture_of_the_right_size_is_left_as_it_is() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    own = read_picture(encoded(pixels), "mine.png")
    assert own.pixels.dtype == np.uint8
    assert np.array_equal(own.pixels, pixels.transpose(2, 0, 1))
    assert (own.size, own.notes) == ((32, 32), ())


def test_the_centre_square_is_reduced() -> None:
    wide = np.zeros((64, 128, 3), dtype=np.uint8)
    wide[:, 32:96] = (10, 200, 30)  # the middle 64 x 64
    own = read_picture(encoded(wide), "wide.png")
    assert own.pixels.shape == (3, 32, 32)
    assert own.pixels[:, 16, 16].tolist() == [10, 200, 30]
    assert own.pixels[:, 4:28, 4:28].std(axis=(1, 2)).max() == 0
    assert own.size == (128, 64)
    assert own.notes == ("Its centre square, 64 pixels wide, was reduced to 32 x 32.",)


def test_what_was_done_is_told() -> None:
    small = read_picture(encoded(np.zeros((16, 16, 4), dtype=np.uint8)), "icon.png")
    assert small.notes == (
        "It, 16 pixels wide, was enlarged to 32 x 32.",
        "What is transparent was laid on white.",
    )
    assert small.pixels.min() == 255
    file = io.BytesIO()
    frames = [Image.new("RGB", (32, 48), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    moving = read_picture(file.getvalue(), "moving.gif")
    assert moving.notes[-1] == "Of its animation only the first picture is looked at."
    assert moving.notes[0] == "Its centre square, 32 pixels wide, was kept to 32 x 32."
    assert moving.pixels[:, 0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"Dear teacher,\nthis is not a picture.\n", "letter.png", r"letter\.png .*not an image"),
        (b"", "nothing.png", r"nothing\.png is empty"),
        (encoded(np.zeros((40, 40, 3), dtype=np.uint8))[:60], "half.png", r"half\.png cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawn.svg", "not an image"),
        (b"x", "a" * 500 + ".png", "^a{59}… cannot"),
        (b"x", "two\nlines\x00.png", r"^two\?lines\?\.png cannot"),
        (b"x", "", "^the picture cannot"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_picture(data, name)
    assert "\n" not in str(caught.value)


def test_a_file_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    monkeypatch.setattr(picture, "MAX_BYTES", len(data))
    assert read_picture(data, "photo.png").size == (64, 64)
    monkeypatch.setattr(picture, "MAX_BYTES", len(data) - 1)
    with pytest.raises(DataError, match=r"photo\.png has .* MB, more than .* scale it down"):
        read_picture(data, "photo.png")


def test_a_picture_that_would_not_fit_in_memory_is_refused_before_it_is_decoded() -> None:
    file = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(file, "PNG")  # 81 million pixels
    assert len(file.getvalue()) < 100_000
    with pytest.raises(DataError, match="scale it down"):
        read_picture(file.getvalue(), "bomb.png")


def test_it_is_judged_as_a_test_image_is() -> None:
    images, module = stripes(), build(preset("starter").with_classes(4), seed=2)
    pixels, labels = images.test.images[:20], images.test.labels[:20]
    told = evaluate(module, torch.tensor(pixels), torch.tensor(labels), images.mean, images.std).probabilities
    ours = classify(module, pixels, images.mean, images.std)
    assert ours.shape == (20, 4)
    np.testing.assert_allclose(ours, told, atol=1e-6)
    np.testing.assert_allclose(ours.sum(1), 1, atol=1e-6)
    assert module.training  # left as it was, and used otherwise
    alone = classify(module, pixels[:1], images.mean, images.std)
    np.testing.assert_allclose(alone, ours[:1], atol=1e-5)  # no picture depends on its neighbours


def test_a_mapped_set_is_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    pixels = stripes().test.images[:1].copy()
    pixels.setflags(write=False)
    classify(network(0), pixels, (0.4,) * 3, (0.2,) * 3)
    assert not list(recwarn)


def test_reading_a_picture_takes_no_torch() -> None:
    code = (
        "import sys; from cifar7.results import picture, figures, calibration, compare, differences; "
        "print(sorted({'torch', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
