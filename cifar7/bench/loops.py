"""The loops that `bench` compares, each run once over a number of images and timed in its phases.

Two are written as people write them, in plain PyTorch: the one of the velasoka submissions (from their
account: batches of 4, two loader processes, each image transformed by itself, the loss read after every
step) and the one of a textbook. The third is the engine. All run in one process: that the engine has freed
memory kept there serves the others, too, from its first lap on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from cifar7.bench.memory import PeakMemory
from cifar7.data.imageset import ImageSet, Split
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.devices import choose
from cifar7.training.engine import Training
from cifar7.training.events import Beat, EpochEnd, Finished, Started
from cifar7.training.recipes import VELASOKA

LOADERS = 2  # processes


@dataclass(frozen=True, slots=True)
class Lap:
    """One loop, once. Times in seconds, memory in bytes; None: does not apply, or cannot be measured."""

    parameters: int
    images: int  # trained on
    batch_size: int
    precision: str
    start: float  # the network is built (and moved to the device, in the plain loops)
    data: float  # plain: loader processes start and bring the first batch; ours: all images to the device
    capture: float | None  # recording the step for the device; None: nothing is recorded
    training: float  # plain: without the wait for the first batch, which is in `data`
    evaluation: float
    evaluated: int  # images
    first_progress: float  # from the beginning until the host has the loss of the first step
    memory: int | None  # peak of resident memory, loader processes included
    cuda_memory: int | None  # peak of what torch had allocated there

    @property
    def images_per_second(self) -> float:
        """Trained on, evaluation left out."""
        return self.images / self.training


# Of a recipe the plain loops take batch size, SGD, crop, flip, normalisation, seed and device.
SUBMISSIONS = VELASOKA.config
TEXTBOOK = TrainConfig(
    batch_size=128, lr=0.1, nesterov=False, weight_decay=5e-4, schedule="constant", crop_padding=4
)


class Pictures(Dataset[tuple[Any, int]]):
    """Images one by one, as torchvision's CIFAR10 yields them: a PIL image through a transform."""

    def __init__(self, split: Split, count: int, transform: Callable[[Image.Image], Any]) -> None:
        places = np.random.default_rng(1).permutation(len(split))[:count]  # sets may be sorted by class
        self.pixels = split.images[places].transpose(0, 2, 3, 1)  # (n, 32, 32, 3)
        self.labels = split.labels[places]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def plain(spec: NetSpec, data: ImageSet, config: TrainConfig, images: int, test_images: int) -> Lap:
    """Train on `images` images (whole batches, at most the set once), then evaluate `test_images`."""
    place = choose(config.device)
    memory, began = PeakMemory(place), perf_counter()
    torch.manual_seed(config.seed)
    module = build(spec).to(place)
    optimiser = torch.optim.SGD(
        module.parameters(), lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )
    built = perf_counter()
    count = min(images, len(data.train))
    batch_size = min(config.batch_size, count)
    train_set = Pictures(data.train, count - count % batch_size, transform(config, data, training=True))
    batches = iter(DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=LOADERS))
    first = next(batches)
    loaded = perf_counter()
    first_progress = _train(module, optimiser, place, chain([first], batches))
    trained = perf_counter()
    memory.update()
    del batches  # ends the loader processes
    test_set = Pictures(data.test, min(test_images, len(data.test)), transform(config, data, training=False))
    evaluation_began = perf_counter()
    _evaluate(module, place, DataLoader(test_set, batch_size=batch_size, num_workers=LOADERS))
    ended = perf_counter()
    memory.update()
    return Lap(
        parameters=sum(p.numel() for p in module.parameters()),
        images=len(train_set),
        batch_size=batch_size,
        precision="fp32",
        start=built - began,
        data=loaded - built,
        capture=None,
        training=trained - loaded,
        evaluation=ended - evaluation_began,
        evaluated=len(test_set),
        first_progress=first_progress - began,
        memory=memory.peak,
        cuda_memory=memory.cuda_peak,
    )


def transform(config: TrainConfig, data: ImageSet, training: bool) -> Callable[[Image.Image], Any]:
    """What is done to each image by itself, with torchvision."""
    from torchvision import transforms  # takes seconds to load, and nothing else here needs it

    steps = [transforms.ToTensor(), transforms.Normalize(*config.scale(data.mean, data.std))]
    if training and config.flip == "random":
        steps.insert(0, transforms.RandomHorizontalFlip())
    if training and config.crop_padding:
        steps.insert(0, transforms.RandomCrop(32, padding=config.crop_padding))
    return transforms.Compose(steps)


def _train(
    module: nn.Module, optimiser: torch.optim.SGD, place: torch.device, batches: Iterable[Any]
) -> float:
    """The loop as it stands in tutorials; returns the time at which the host had the first loss."""
    module.train()
    first_loss_at, running = 0.0, 0.0
    for images, labels in batches:
        images, labels = images.to(place), labels.to(place)  # (B, 3, 32, 32), (B,)
        optimiser.zero_grad()
        loss = cross_entropy(module(images), labels)
        loss.backward()
        optimiser.step()
        running += loss.item()
        first_loss_at = first_loss_at or perf_counter()
    return first_loss_at


def _evaluate(module: nn.Module, place: torch.device, loader: DataLoader[Any]) -> None:
    """Count the hits on the host after every batch, as tutorials do."""
    module.eval()
    hits = 0
    with torch.no_grad():
        for images, labels in loader:
            predicted: Tensor = module(images.to(place)).argmax(1)  # (B,)
            hits += int((predicted == labels.to(place)).sum().item())


def ours(spec: NetSpec, data: ImageSet, config: TrainConfig, images: int, test_images: int) -> Lap:
    """The engine, stopped after `images` images; three times `test_images` are evaluated.

    All training images go to the device, as in any run. The recipe's numbers of held-out images and of
    training images for the train accuracy are made small, so that what is evaluated is a fixed number.
    """
    count = max(test_images, len(data.classes))
    data = replace(data, test=Split(data.test.images[:count], data.test.labels[:count]))
    config = replace(config, holdout=count, train_sample=count)
    memory, began = PeakMemory(choose(config.device)), perf_counter()
    module = build(spec, seed=config.seed)
    built = perf_counter()
    run = Training(module, data, config, control=lambda: "stop" if state.step >= steps else None)
    state = run.state
    steps = max(1, images // state.batches.batch_size)
    first_progress, started, finished = 0.0, 0.0, None
    for event in run.events():
        if isinstance(event, Started):
            started = perf_counter()
        elif isinstance(event, Beat) and not first_progress:
            first_progress = perf_counter()
        elif isinstance(event, Finished):
            finished = event
    ended = perf_counter()
    memory.update()
    assert finished is not None
    candidates = finished.epochs + (finished.steps > finished.epochs * state.batches.per_epoch)
    each = len(state.selection.sample_rows) + len(state.selection.heldout_rows)
    return Lap(
        parameters=sum(p.numel() for p in module.parameters()),
        images=finished.steps * state.batches.batch_size,
        batch_size=state.batches.batch_size,
        precision=finished.precision,
        start=built - began,
        data=started - built,
        capture=state.train_step.capture_seconds,
        training=finished.seconds_training,
        evaluation=ended - started - finished.seconds_training,
        evaluated=candidates * each + len(data.test),
        first_progress=first_progress - began,
        memory=memory.peak,
        cuda_memory=memory.cuda_peak,
    )


def time_to(spec: NetSpec, data: ImageSet, config: TrainConfig, accuracy: float) -> tuple[float, int] | None:
    """Seconds since Train was pressed, and epochs, until the test accuracy first reached `accuracy`, 0..1.

    None where the recipe ended without reaching it. The tests on all test images, one an epoch, count too.
    """
    config = replace(config, protocol="test-each-epoch")
    began = perf_counter()
    for event in Training(build(spec, seed=config.seed), data, config).events():
        if isinstance(event, EpochEnd) and (event.test_accuracy or 0.0) >= accuracy:
            return perf_counter() - began, event.epoch
    return None
