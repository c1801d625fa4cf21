"""Images as a network wants them: batches to batches, on the device where they are.

Whole tensors at once, with no loop over images, nothing copied to the device and no answer awaited from
it, so that a CUDA graph can hold all of it. What is random comes from the generator that is passed, which
lives on the images' device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def normalise(images: Tensor, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype) -> Tensor:
    """Images (B, C, H, W), uint8 or of the same scale, to `dtype`: (value / 255 - mean) / std, by channel.

    `mean` and `std` are on the scale 0..1. Computed in float32 and rounded to `dtype` once.
    """
    floats = images.to(torch.float32, copy=True)  # (B, C, H, W)
    for channel, (m, s) in enumerate(zip(mean, std, strict=True)):
        floats[:, channel].mul_(1 / (255 * s)).sub_(m / s)
    return floats.to(dtype)


def random_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image (B, C, H, W) mirrored left to right with probability one half."""
    return mirror(images, torch.rand(len(images), generator=generator, device=images.device) < 0.5)


def mirror(images: Tensor, mirrored: Tensor) -> Tensor:
    """Those of the images (B, C, H, W) that `mirrored` (B,), bool, names, left to right."""
    return torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)


def random_cutout(images: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Each image (B, C, H, W) with 0 in a square of `size` pixels a side around a pixel chosen at random.

    What would lie beyond the border is cut off, as in DeVries & Taylor 2017, "Improved regularization of
    convolutional neural networks with cutout". For images that are normalised: 0 is then their mean.
    """
    batch, _, height, width = images.shape
    inside = []
    for length in (height, width):
        middle = torch.randint(length, (batch, 1), generator=generator, device=images.device)
        place = torch.arange(length, device=images.device) - (middle - size // 2)  # (B, length)
        inside.append((place >= 0) & (place < size))
    rows, columns = inside
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)  # (B, 1, H, W)


def random_affine(images: Tensor, rotation: float, scale: float, generator: torch.Generator) -> Tensor:
    """Each image (B, C, H, W) turned and scaled about its middle, as float32 on the scale that it had.

    By an angle of up to `rotation` degrees either way, and to 1 - scale/100 up to 1 + scale/100 of its size,
    both evenly distributed; between pixels by bilinear interpolation, beyond the border by reflection, as in
    `random_crop`.
    """
    batch, _, height, width = images.shape
    drawn = 2 * torch.rand((2, batch, 1, 1), generator=generator, device=images.device) - 1  # -1..1
    angle, size = drawn[0] * (math.pi / 180 * rotation), drawn[1] * (scale / 100) + 1  # (B, 1, 1)
    along, across = angle.cos() / size, angle.sin() / size
    x = (torch.arange(width, device=images.device) - (width - 1) / 2) * (2 / (width - 1))  # (W,) -1..1
    y = ((torch.arange(height, device=images.device) - (height - 1) / 2) * (2 / (height - 1)))[:, None]
    grid = torch.stack((x * along + y * across, y * along - x * across), dim=3)  # (B, H, W, 2)
    return grid_sample(images.float(), grid, "bilinear", "reflection", align_corners=True)


def random_crop(images: Tensor, padding: int, generator: torch.Generator) -> Tensor:
    """Each image (B, C, H, W) moved by up to `padding` pixels either way, the same size again.

    As if padded by its own reflection (which does not repeat the edge) and cut out at random; all
    (2 * padding + 1)**2 places are equally likely. `padding` is below H and W.
    """
    batch, channels, height, width = images.shape
    moved = torch.randint(-padding, padding + 1, (2, batch, 1), generator=generator, device=images.device)
    rows = _reflected(moved[0] + torch.arange(height, device=images.device), height)  # (B, H)
    columns = _reflected(moved[1] + torch.arange(width, device=images.device), width)  # (B, W)
    source = (rows[:, :, None] * width + columns[:, None, :]).view(batch, 1, -1)  # (B, 1, H * W)
    flat = images.reshape(batch, channels, -1)
    return flat.gather(2, source.expand(-1, channels, -1)).view(images.shape)


def _reflected(index: Tensor, size: int) -> Tensor:
    """Indices beyond 0..size-1 sent back inside by reflection at the first and last element."""
    index = index.abs()
    return torch.where(index < size, index, 2 * (size - 1) - index)
