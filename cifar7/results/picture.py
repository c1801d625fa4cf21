"""A picture of one's own: what the network sees of it, and what it takes it for.

Reading it loads no torch; classifying it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cifar7.data.apart import decode_apart
from cifar7.data.decode import Decoded
from cifar7.data.imageset import SIZE, DataError, Images

if TYPE_CHECKING:  # the page reads pictures without loading torch
    from cifar7.network.module import Network

MAX_BYTES = 5_000_000  # of the file, which is what a phone's photo has
_NAME = 60  # letters of a file's name that are repeated


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """A picture as the network sees it."""

    pixels: Images  # uint8 (3, 32, 32), RGB
    size: tuple[int, int]  # width and height before it was scaled, pixels
    notes: tuple[str, ...]  # what was done to it, each a sentence


def read_picture(data: bytes, name: str) -> OwnPicture:
    """The picture in a file's bytes: centre square, 32x32, RGB.

    Decoded in a process of its own; see `decode_apart`. `name`: the file's name as uploaded, for messages; it
    is never opened. Raises DataError for a file that is empty, too large, damaged or no image.
    """
    label = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    label = "".join(letter if letter.isprintable() else "?" for letter in label) or "the picture"
    if not data:
        raise DataError(f"{label} is empty: choose another file")
    if len(data) > MAX_BYTES:
        raise DataError(
            f"{label} has {len(data) / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.0f} MB: scale it down"
        )
    decoded = decode_apart(data, label)
    pixels = np.ascontiguousarray(decoded.pixels.transpose(2, 0, 1))  # (3, 32, 32)
    return OwnPicture(pixels, decoded.size, tuple(_notes(decoded)))


def classify(
    module: Network, pixels: Images, mean: Sequence[float], std: Sequence[float]
) -> NDArray[np.float32]:
    """Class probabilities (N, K) of pictures uint8 (N, 3, 32, 32), each row summing to one.

    `mean` and `std` are those of the set that the network was trained on. The module is used in evaluation
    mode, on its own device, and left as it was.
    """
    import torch

    from cifar7.training.evaluation import predict

    device = next(module.parameters()).device
    images = torch.from_numpy(np.array(pixels)).to(device)  # (N, 3, H, W)
    return predict(module, images, mean, std).softmax(1).cpu().numpy()  # (N, K)


def _notes(decoded: Decoded) -> Iterator[str]:
    side = min(decoded.size)
    if decoded.size != (SIZE, SIZE):
        square = "Its centre square" if side != max(decoded.size) else "It"
        verb = "reduced" if side > SIZE else "enlarged" if side < SIZE else "kept"
        yield f"{square}, {side:,} pixels wide, was {verb} to {SIZE} x {SIZE}."
    if decoded.see_through:
        yield "What is transparent was laid on white."
    if decoded.animated:
        yield "Of its animation only the first picture is looked at."
