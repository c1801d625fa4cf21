"""airbench94, a published network and way to train it, as a mark to stand beside ours on the same images.

Written anew from its description: Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
arXiv:2404.00498. The first layer whitens 2x2 patches and stays as the images set it; three blocks follow, of
conv, pool, norm, gelu, conv, norm, gelu. Half precision on a GPU as there, fp32 on a CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from cifar7.data.augment import mirror, normalise, random_crop
from cifar7.data.imageset import ImageSet, Split
from cifar7.training.selection import to_device

PATCH, PATCH_IMAGES = 2, 5000  # pixels a side of what is whitened; images that it is measured on
CHANNELS = 2 * 3 * PATCH**2  # 24: each direction, and its opposite
DEPTH = 3  # blocks
EVALUATED_AT_ONCE = 2000  # images


@dataclass(frozen=True, slots=True)
class Settings:
    """The paper's, table 4 and appendix."""

    epochs: float = 9.9
    batch_size: int = 1024
    widths: tuple[int, ...] = (64, 256, 256)
    lr: float = 11.5  # for 1,024 images, before momentum adds its share
    momentum: float = 0.85
    weight_decay: float = 0.0153  # likewise
    norm_bias_factor: float = 64.0  # of the learning rate
    norm_momentum: float = 0.6  # of the running statistics that a batch leaves
    whitening_bias_epochs: int = 3  # in which the first layer's bias learns
    label_smoothing: float = 0.2
    scale: float = 1 / 9  # of the logits
    shift: int = 2  # pixels
    rise: float = 0.23  # share of the steps in which the learning rate rises
    first: float = 0.2  # share of its peak that it begins with
    last: float = 0.07  # ... and ends with
    lookahead_steps: int = 5
    lookahead: float = 0.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. Accuracies of the test images, 0 to 1; as published, with mirror images and shifts."""

    accuracy: float
    accuracy_plain: float
    seconds: float  # whitening and training, the test left out
    steps: int
    parameters: int


class _Conv(nn.Conv2d):
    """3x3, no bias; the first channels that it puts out are those that come in."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3, padding="same", bias=False)
        nn.init.dirac_(self.weight.data[:channels])


class _Norm(nn.BatchNorm2d):
    """With a bias that learns and no factor."""

    def __init__(self, channels: int, momentum: float) -> None:
        super().__init__(channels, eps=1e-12, momentum=1 - momentum)
        self.weight.requires_grad = False


class _Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, logits: Tensor) -> Tensor:
        return logits * self.factor


def network(settings: Settings, classes: int) -> nn.Sequential:
    """Images (B, 3, 32, 32) to logits (B, classes): maps of 31, 15, 7, 3 and 1 pixels a side."""
    whitening = nn.Conv2d(3, CHANNELS, PATCH, bias=True)
    whitening.weight.requires_grad = False
    layers: list[nn.Module] = [whitening, nn.GELU()]
    channels = CHANNELS
    for width in settings.widths:
        layers += [_Conv(channels, width), nn.MaxPool2d(2), _Norm(width, settings.norm_momentum), nn.GELU()]
        layers += [_Conv(width, width), _Norm(width, settings.norm_momentum), nn.GELU()]
        channels = width
    layers += [
        nn.MaxPool2d(3),
        nn.Flatten(),
        nn.Linear(channels, classes, bias=False),
        _Scale(settings.scale),
    ]
    return nn.Sequential(*layers)


def whiten(convolution: nn.Conv2d, images: Tensor, eps: float = 5e-4) -> None:
    """Set the filters so that what they make of the patches of images (N, 3, 32, 32) is uncorrelated."""
    patches = images.float().unfold(2, PATCH, 1).unfold(3, PATCH, 1)  # (N, 3, 31, 31, 2, 2)
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * PATCH**2)  # (N * 961, 12)
    values, directions = torch.linalg.eigh(patches.T @ patches / len(patches))  # (12,), (12, 12) in columns
    filters = (directions / (values + eps).sqrt()).T.flip(0).reshape(-1, 3, PATCH, PATCH)  # the largest first
    convolution.weight.data.copy_(torch.cat([filters, -filters]))


class Lookahead:
    """A slow copy of the weights, to which the fast ones return every few steps (Zhang et al. 2019)."""

    def __init__(self, module: nn.Module) -> None:
        self._pairs = [
            (value, value.clone()) for value in module.state_dict().values() if value.is_floating_point()
        ]

    def update(self, kept: float) -> None:
        """Move the slow copy, of which the share `kept` stays, and put it in the place of the weights."""
        for fast, slow in self._pairs:
            slow.lerp_(fast, 1 - kept)
            fast.copy_(slow)


def lr_share(step: int, steps: int, settings: Settings) -> float:
    """Of the peak learning rate, at a step counted from 0: a straight rise and a straight fall."""
    top = int(settings.rise * steps)
    if step < top:
        return settings.first + (1 - settings.first) * step / top
    return 1 + (settings.last - 1) * (step - top) / (steps - top)


def train(data: ImageSet, seed: int, device: torch.device, settings: Settings) -> Outcome:
    """Train on all training images and test once."""
    torch.manual_seed(seed)
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    images, labels = _on(device, data, data.train, dtype)
    _wait(device)
    began = perf_counter()
    module = network(settings, len(data.classes)).to(device, dtype, memory_format=torch.channels_last)
    for layer in module:
        if isinstance(layer, _Norm):
            layer.float()
    whitening = module[0]
    assert isinstance(whitening, nn.Conv2d)
    assert whitening.bias is not None
    whiten(whitening, images[:PATCH_IMAGES])
    per_epoch = max(1, len(images) // settings.batch_size)
    steps, done = ceil(per_epoch * settings.epochs), 0
    optimiser = _optimiser(module, settings)
    peaks = [group["lr"] for group in optimiser.param_groups]
    slow = Lookahead(module)
    module.train()
    for rows, epoch, batch in _batches(images, settings, steps, per_epoch):
        whitening.bias.requires_grad = epoch < settings.whitening_bias_epochs
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["lr"] = peak * lr_share(done, steps, settings)
        smoothing = settings.label_smoothing
        loss = cross_entropy(module(batch), labels[rows], label_smoothing=smoothing, reduction="none").sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        done += 1
        if done % settings.lookahead_steps == 0:
            slow.update(settings.lookahead**settings.lookahead_steps * (done / steps) ** 3)
    slow.update(1.0)
    _wait(device)
    seconds = perf_counter() - began
    accuracy, plainly = _test(module, data, device, dtype)
    return Outcome(accuracy, plainly, seconds, done, sum(p.numel() for p in module.parameters()))


def _optimiser(module: nn.Module, settings: Settings) -> torch.optim.SGD:
    """Nesterov SGD on sums of losses; the biases of the norms learn faster, and all decay alike."""
    thousand = 1024 * (1 + 1 / (1 - settings.momentum))
    lr, decay = settings.lr / thousand, settings.weight_decay * settings.batch_size / thousand
    norms = [layer.bias for layer in module.modules() if isinstance(layer, _Norm)]
    faster = {id(bias) for bias in norms}
    others = [p for p in module.parameters() if p.requires_grad and id(p) not in faster]
    groups = [
        {"params": parameters, "lr": rate, "weight_decay": decay / rate}
        for parameters, rate in ((norms, lr * settings.norm_bias_factor), (others, lr))
    ]
    return torch.optim.SGD(groups, momentum=settings.momentum, nesterov=True)


def _batches(
    images: Tensor, settings: Settings, steps: int, per_epoch: int
) -> Iterator[tuple[Tensor, int, Tensor]]:
    """Rows (B,), the epoch, and images (B, 3, 32, 32): shifted by chance, mirrored every other epoch."""
    generator = torch.Generator(images.device).manual_seed(torch.initial_seed())
    first = torch.rand(len(images), device=images.device, generator=generator) < 0.5
    for step in range(steps):
        epoch, at = divmod(step, per_epoch)
        if at == 0:
            order = torch.randperm(len(images), device=images.device, generator=generator)
            shifted = random_crop(images, settings.shift, generator)
            seen = mirror(shifted, first ^ bool(epoch % 2)).contiguous(memory_format=torch.channels_last)
        rows = order[at * settings.batch_size : (at + 1) * settings.batch_size]
        yield rows, epoch, seen[rows]


def _on(device: torch.device, data: ImageSet, split: Split, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Normalised images (N, 3, 32, 32) and labels (N,) on the device."""
    images = normalise(to_device(split.images, device), data.mean, data.std, dtype)
    return images.contiguous(memory_format=torch.channels_last), to_device(split.labels, device)


@torch.inference_mode()
def _test(module: nn.Module, data: ImageSet, device: torch.device, dtype: torch.dtype) -> tuple[float, float]:
    """Accuracy with mirror images and two shifts by a pixel, and without."""
    module.eval()
    images, labels = _on(device, data, data.test, dtype)
    helped = plainly = 0

    def both(batch: Tensor) -> Tensor:
        return (module(batch) + module(batch.flip(3))) / 2

    for batch, truth in zip(images.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE), strict=True):
        size = batch.shape[3]
        wide = pad(batch, (1, 1, 1, 1), "reflect")
        moved = (both(wide[:, :, :size, :size]) + both(wide[:, :, 2:, 2:])) / 2
        helped += int(((both(batch) + moved).argmax(1) == truth).sum())
        plainly += int((module(batch).argmax(1) == truth).sum())
    return helped / len(labels), plainly / len(labels)


def _wait(device: torch.device) -> None:
    if device.type != "cpu":
        torch.get_device_module(device).synchronize()
