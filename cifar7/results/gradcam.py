"""Grad-CAM: where in a picture a layer finds what speaks for a class.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
ICCV 2017: the channels of a layer's map, each weighted with the mean gradient of the class's logit over it,
are summed, and what is below zero is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cifar7.network.arithmetic import Row, analyse
from cifar7.network.kinds import Family
from cifar7.network.module import Network
from cifar7.training.evaluation import evaluation_mode

Maps = npt.NDArray[np.float32]

# Measured on `shapes` with a trained `starter`: maps of 8 x 8 lie on the shape in 9 of 10 pictures, its last
# ones, of 4 x 4, in 6 of 10, and those of C1, which see 5 x 5 pixels, little more often than untrained ones.
SMALLEST = 6  # values a side; a smaller map hardly says where
SHORTEST = 8  # pixels a side; who sees less cannot tell one thing from another


def grad_cam(module: Network, images: Tensor, layer: int, classes: Sequence[int] | Tensor) -> Maps:
    """Where `module.layers[layer]` speaks for each picture's class, (N, H, W), strongest pixel 1.

    `images`: float (N, C, H, W), normalised, on the module's device; `classes`: N class indices. A picture
    of which nothing speaks for the class gets zeros. Each value of the map stands where the middle of what
    it sees lies in the image, and between them the map is interpolated linearly. The module is used in
    evaluation mode and left as it was, gradients included.
    """
    indices = classes if isinstance(classes, Tensor) else torch.tensor([int(c) for c in classes])
    maps = _weighted(module, images, layer, indices.to(images.device, torch.int64))  # (N, h, w)
    row = analyse(module.spec).rows[layer]
    height, width = _spread(row, maps.shape[1], images.shape[2]), _spread(row, maps.shape[2], images.shape[3])
    large = height @ maps.cpu().double().numpy() @ width.T  # (N, H, W)
    top = large.max(axis=(1, 2), keepdims=True)
    return np.divide(large, top, out=np.zeros_like(large), where=top > 0).astype(np.float32)


def layers_to_choose(rows: Sequence[Row]) -> tuple[int, ...]:
    """The layers worth looking into: the last one of each unit before the pooling head, or a linear layer."""
    before_head = takewhile(lambda row: not (row.layer.head or row.layer.family is Family.LINEAR), rows)
    last = {(row.layer.stage, row.layer.unit): i for i, row in enumerate(before_head) if row.layer.unit}
    return tuple(last.values())


def usual_layer(rows: Sequence[Row]) -> int:
    """The layer to begin with: the last one to choose without advice against it.

    Else the largest map of those that see enough, or of all.
    """
    layers = layers_to_choose(rows) or (0,)
    good = [i for i in layers if advice(rows[i]) is None]
    if good:
        return good[-1]
    return max(layers, key=lambda i: (rows[i].receptive_field >= SHORTEST, rows[i].output[1], i))


def advice(row: Row) -> str | None:
    """Why a layer's map says little about where or what, and what to do; None if it says enough."""
    side = row.output[1]
    if side == 1:
        return (
            "The map of this layer is a single value: it says that something is there, not where. "
            "Choose a layer before the last pooling."
        )
    if side < SMALLEST:
        return (
            f"The map of this layer has only {side} × {side} values, {row.jump} pixels apart: "
            "take it as a hint, or choose an earlier layer."
        )
    if row.receptive_field < SHORTEST:
        field = row.receptive_field
        return (
            f"Each value of this layer sees only {field} × {field} pixels: it marks edges and colours "
            "rather than things. Choose a later layer."
        )
    return None


def _weighted(module: Network, images: Tensor, layer: int, classes: Tensor) -> Tensor:
    """The maps (N, h, w) before they are enlarged: ReLU of the channels' sum, weighted by mean gradients."""
    outputs: list[Tensor] = []

    def hold(_: torch.nn.Module, __: object, output: Tensor) -> Tensor:
        # Cut from what comes before: the gradient is needed from here on only.
        outputs.append(output.detach().requires_grad_())
        return outputs[-1]

    hook = module.layers[layer].register_forward_hook(hold)
    try:
        with evaluation_mode(module), torch.enable_grad():
            logits = module(images)  # (N, K)
            score = logits.gather(1, classes[:, None]).sum()
            (gradient,) = torch.autograd.grad(score, outputs)  # (N, C, h, w)
    finally:
        hook.remove()
    values = outputs[0].detach()
    if values.ndim == 2:  # a linear layer's, (N, C)
        values, gradient = values[:, :, None, None], gradient[:, :, None, None]
    weights = gradient.mean((2, 3), keepdim=True)  # (N, C, 1, 1)
    return (weights * values).sum(1).relu()  # (N, h, w)


def _spread(row: Row, values: int, pixels: int) -> npt.NDArray[np.float64]:
    """Weights (pixels, values) of a linear interpolation along one axis; the outermost values go on."""
    place = np.clip((np.arange(pixels) - row.centre) / row.jump, 0, values - 1)  # in values
    return np.clip(1 - np.abs(place[:, None] - np.arange(values)), 0, 1)
