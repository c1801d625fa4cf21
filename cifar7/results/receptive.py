"""The effective receptive field: how much each image pixel really moves one value of a layer's map.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", NeurIPS 2016: the gradient of a value in the middle of the map with respect to the image, its size
averaged over images. The theoretical field says what a value may see; this says what it looks at.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cifar7.network.module import Network, build
from cifar7.network.spec import NetSpec
from cifar7.training.checkpoint import fill
from cifar7.training.evaluation import evaluation_mode

Map = npt.NDArray[np.float32]

# Luo et al. count pixels above 1 - 95.45 % of the strongest: two standard deviations of a Gaussian.
THRESHOLD = 0.0455
UNTRAINED_SEEDS = 4
IMAGES = 16


def effective_field(module: Network, layer: int, images: Tensor) -> Map:
    """Mean size of the input gradient of the middle value of `module.layers[layer]`, strongest pixel 1.

    `images`: float (N, C, H, W), normalised, on the module's device. Returns (H, W); all zero where no pixel
    has any influence. Each channel of the value is followed with a random sign, so that channels do not
    cancel each other systematically. The module is used in evaluation mode and left as it was.
    """
    with evaluation_mode(module):
        pixels = images.detach().clone().requires_grad_()  # (N, C, H, W)
        x = module.until(pixels, layer + 1)  # (N, C, h, w), or (N, C) of a linear layer
        middle = x if x.ndim == 2 else x[:, :, x.shape[2] // 2, x.shape[3] // 2]  # (N, C)
        drawn = torch.randint(0, 2, middle.shape, generator=torch.Generator().manual_seed(0))
        signs = drawn.to(middle.device) * 2 - 1  # drawn on the CPU: the same on every device
        (gradient,) = torch.autograd.grad((middle * signs).sum(), pixels)  # (N, C, H, W)
    return _relative(gradient.abs().mean((0, 1)).cpu().numpy())  # (H, W)


def untrained_field(spec: NetSpec, layer: int, images: int = IMAGES, seeds: int = UNTRAINED_SEEDS) -> Map:
    """`effective_field` of a design before any training: the mean of `seeds` initialisations, on noise."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(images, spec.in_channels, spec.image_size, spec.image_size, generator=generator)
    maps = [effective_field(build(spec, seed=seed), layer, noise) for seed in range(seeds)]
    return _relative(np.mean(maps, axis=0))


def trained_field(spec: NetSpec, weights: dict[str, Tensor], layer: int, images: Tensor) -> Map:
    """`effective_field` of a run's weights on normalised images (N, C, H, W). May raise CheckpointError."""
    module = build(spec)
    fill(module, weights, "model.pt")
    return effective_field(module, layer, images)


def _relative(strength: Map) -> Map:
    """The map with its strongest pixel 1; all zero where it is so."""
    strongest = strength.max()
    return strength / strongest if strongest > 0 else strength


def effective_side(strength: Map) -> float:
    """Side, in pixels, of a square as large as the pixels above `THRESHOLD` of the strongest."""
    return math.sqrt(int((strength > THRESHOLD).sum()))
