"""The orthogonalised update of Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers")."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

# Of the quintic a·x + b·x³ + c·x⁵ that Jordan iterates: it brings singular values to between 0.7 and 1.2.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 3  # as in Jordan's record for CIFAR-10; five bring small values nearer to 1, for more arithmetic


def hidden_kernels(module: nn.Module) -> list[nn.Parameter]:
    """The kernels and matrices that Muon updates: of plain convolutions and linear layers, save the last.

    A depthwise or grouped kernel mixes too few channels for its update to be worth making orthogonal, and the
    last layer's rows are classes, each with a scale of its own to learn. What is frozen is left out.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    whole: list[Any] = [layer.weight for layer in layers[:-1] if getattr(layer, "groups", 1) == 1]
    return [weight for weight in whole if weight.requires_grad]


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix (m, n) of the same singular vectors, with singular values near 1; of zeros, zeros.

    By Newton and Schulz's iteration, of matrix products alone: a singular value decomposition takes a GPU far
    longer. The update of a kernel then changes what a layer puts out by about as much in every direction.
    """
    a, b, c = COEFFICIENTS
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix  # (small, large)
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(ITERATIONS):
        square = wide @ wide.T  # (small, small)
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide.T if matrix.shape[0] > matrix.shape[1] else wide


@torch.no_grad()
def muon(
    kernels: list[Tensor],
    gradients: list[Tensor],
    momenta: list[Tensor],
    *,
    lr: float | Tensor,
    momentum: float,
    weight_decay: float,
    skipped: Tensor | None = None,
) -> None:
    """Update kernels (out, in, k, k) and matrices (out, in), with Nesterov's momentum and decoupled decay.

    An update's root mean square is about lr / √(in·k·k): in proportion to the weights' at the start, whatever
    the layer's size. `lr`: a tensor () on the device where a recorded step is to read it there; so it is with
    `skipped` (): where it is 1, all stays as it is.
    """
    before = [value.clone() for value in (*kernels, *momenta)] if skipped is not None else []
    torch._foreach_mul_(momenta, momentum)
    torch._foreach_add_(momenta, gradients)
    for kernel, gradient, mean in zip(kernels, gradients, momenta, strict=True):
        # Channels last, as kernels lie in memory: rows are a view, and the order of columns does not matter.
        ahead = (gradient + momentum * mean).movedim(1, -1)  # (out, k, k, in)
        rows = ahead.reshape(len(kernel), -1)  # (out, k·k·in)
        update = orthogonalised(rows) * max(1.0, rows.shape[0] / rows.shape[1]) ** 0.5
        kernel.mul_(1 - lr * weight_decay).sub_(update.view(ahead.shape).movedim(-1, 1) * lr)
    if skipped is not None:
        for value, old in zip((*kernels, *momenta), before, strict=True):
            value.copy_(torch.where(skipped > 0, old, value))
