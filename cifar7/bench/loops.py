"""The loops that `bench` compares, each run once over so many images and timed in its parts.

Two are written as people write them, in plain PyTorch: the one of the velasoka submissions (from their
account: batches of 4, two loader processes, each image transformed by itself, the loss read after every
step) and the one of a textbook. The third is the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from cifar7.bench.memory import Memory
from cifar7.data.imageset import ImageSet, Split
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import HALF, TrainConfig
from cifar7.training.devices import choose
from cifar7.training.engine import Training
from cifar7.training.events import Beat, EpochEnd, Finished, Started
from cifar7.training.recipes import VELASOKA

LOADERS = 2  # processes


@dataclass(frozen=True, slots=True)
class Lap:
    """One loop, once. Times in seconds, memory in bytes; None is what there is not, or is not known."""

    parameters: int
    images: int  # trained on
    batch_size: int
    precision: str
    start: float  # the network is built (and moved to the device, in the plain loops)
    data: float  # plain: loader processes start and bring the first batch; ours: all images to the device
    capture: float | None  # recording the step for the device; None: nothing is recorded
    training: float  # plain: the first batch, being there, has been waited for under `data`
    evaluation: float
    evaluated: int  # images
    first_progress: float  # from the beginning until the loss of the first step is known to the host
    memory: int | None  # peak of resident memory, loader processes included
    cuda_memory: int | None  # peak of what torch had allocated there

    @property
    def images_per_second(self) -> float:
        """Trained on, evaluation left out."""
        return self.images / self.training


@dataclass(frozen=True, slots=True)
class Plain:
    """A loop in plain PyTorch, with SGD."""

    batch_size: int
    lr: float
    momentum: float
    weight_decay: float
    augment: bool  # crop with 4 pixels of padding, and flip
    half: bool  # mean and deviation of 0.5, else the set's own
    shuffle_seed: int


SUBMISSIONS = Plain(
    batch_size=VELASOKA.config.batch_size,
    lr=VELASOKA.config.lr,
    momentum=VELASOKA.config.momentum,
    weight_decay=VELASOKA.config.weight_decay,
    augment=False,
    half=True,
    shuffle_seed=VELASOKA.config.seed,
)
TEXTBOOK = Plain(
    batch_size=128, lr=0.1, momentum=0.9, weight_decay=5e-4, augment=True, half=False, shuffle_seed=1
)


class Pictures(Dataset[tuple[Any, int]]):
    """Images one by one, as torchvision's CIFAR10 gives them: a PIL image through a transform."""

    def __init__(self, split: Split, count: int, transform: Callable[[Image.Image], Any]) -> None:
        places = np.random.default_rng(1).permutation(len(split))[:count]  # sets may be sorted by class
        self.pixels = split.images[places].transpose(0, 2, 3, 1)  # (n, 32, 32, 3)
        self.labels = split.labels[places]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def plain(spec: NetSpec, data: ImageSet, loop: Plain, device: str, images: int, test_images: int) -> Lap:
    """Train on `images` images (whole batches, at most the set once), then evaluate `test_images`."""
    memory, began = Memory(choose(device)), perf_counter()
    place = choose(device)
    torch.manual_seed(loop.shuffle_seed)
    module = build(spec).to(place)
    optimiser = torch.optim.SGD(
        module.parameters(), lr=loop.lr, momentum=loop.momentum, weight_decay=loop.weight_decay
    )
    built = perf_counter()
    count = min(images, len(data.train))
    batch_size = min(loop.batch_size, count)
    learning = Pictures(data.train, count - count % batch_size, transform(loop, data, loop.augment))
    batches = iter(DataLoader(learning, batch_size=batch_size, shuffle=True, num_workers=LOADERS))
    first = next(batches)
    fed = perf_counter()
    first_progress = _train(module, optimiser, place, first, batches)
    trained = perf_counter()
    memory.look()
    del batches  # ends the loader processes
    asked = Pictures(data.test, min(test_images, len(data.test)), transform(loop, data, False))
    from_now = perf_counter()
    _evaluate(module, place, DataLoader(asked, batch_size=batch_size, num_workers=LOADERS))
    ended = perf_counter()
    memory.look()
    return Lap(
        parameters=sum(p.numel() for p in module.parameters()),
        images=len(learning),
        batch_size=batch_size,
        precision="fp32",
        start=built - began,
        data=fed - built,
        capture=None,
        training=trained - fed,
        evaluation=ended - from_now,
        evaluated=len(asked),
        first_progress=first_progress - began,
        memory=memory.peak,
        cuda_memory=memory.cuda_peak,
    )


def transform(loop: Plain, data: ImageSet, augment: bool) -> Callable[[Image.Image], Any]:
    """What is done to each image by itself, with torchvision."""
    from torchvision import transforms  # takes seconds to load, and nothing else here needs it

    mean, std = (HALF, HALF) if loop.half else (data.mean, data.std)
    moved = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()] if augment else []
    return transforms.Compose([*moved, transforms.ToTensor(), transforms.Normalize(mean, std)])


def _train(
    module: nn.Module, optimiser: torch.optim.SGD, place: torch.device, first: Any, rest: Any
) -> float:
    """The loop as it stands in tutorials; returns when the first loss was known."""
    module.train()
    known, running = 0.0, 0.0
    for images, labels in _after(first, rest):
        images, labels = images.to(place), labels.to(place)  # (B, 3, 32, 32), (B,)
        optimiser.zero_grad()
        loss = cross_entropy(module(images), labels)
        loss.backward()
        optimiser.step()
        running += loss.item()
        known = known or perf_counter()
    return known


def _after(first: Any, rest: Any) -> Any:
    yield first
    yield from rest


def _evaluate(module: nn.Module, place: torch.device, loader: DataLoader[Any]) -> int:
    """How many are right, counted on the host after every batch."""
    module.eval()
    right = 0
    with torch.no_grad():
        for images, labels in loader:
            found: Tensor = module(images.to(place)).argmax(1)  # (B,)
            right += int((found == labels.to(place)).sum().item())
    return right


def ours(spec: NetSpec, data: ImageSet, config: TrainConfig, images: int, test_images: int) -> Lap:
    """The engine, stopped after `images` images; three times `test_images` are evaluated.

    All training images go to the device, as in any run. The recipe's numbers of held-out images and of
    training images for the train accuracy are made small, so that what is evaluated is a fixed number.
    """
    some = max(test_images, len(data.classes))
    data = replace(data, test=Split(data.test.images[:some], data.test.labels[:some]))
    config = replace(config, holdout=some, train_sample=some)
    memory, began = Memory(choose(config.device)), perf_counter()
    module = build(spec, seed=config.seed)
    built = perf_counter()
    run = Training(module, data, config, control=lambda: "stop" if state.step >= steps else None)
    state = run.state
    steps = max(1, images // state.batches.batch_size)
    first_progress, from_there, finished = 0.0, 0.0, None
    for event in run.events():
        if isinstance(event, Started):
            from_there = perf_counter()
        elif isinstance(event, Beat) and not first_progress:
            first_progress = perf_counter()
        elif isinstance(event, Finished):
            finished = event
    ended = perf_counter()
    memory.look()
    assert finished is not None
    verdicts = finished.epochs + (finished.steps > finished.epochs * state.batches.per_epoch)
    each = len(state.selection.sample_rows) + len(state.selection.heldout_rows)
    return Lap(
        parameters=sum(p.numel() for p in module.parameters()),
        images=finished.steps * state.batches.batch_size,
        batch_size=state.batches.batch_size,
        precision=finished.precision,
        start=built - began,
        data=from_there - built,
        capture=state.train_step.capture_seconds,
        training=finished.seconds_training,
        evaluation=ended - from_there - finished.seconds_training,
        evaluated=verdicts * each + len(data.test),
        first_progress=first_progress - began,
        memory=memory.peak,
        cuda_memory=memory.cuda_peak,
    )


def until(spec: NetSpec, data: ImageSet, config: TrainConfig, mark: float) -> tuple[float, int] | None:
    """Seconds since Train was pressed, and epochs, at which the test accuracy first was at `mark`.

    None where the recipe, carried out to its end, did not reach it. Tested after every epoch, on all test
    images, and the time for that is part of the time.
    """
    config = replace(config, protocol="test-each-epoch")
    began = perf_counter()
    for event in Training(build(spec, seed=config.seed), data, config).events():
        if isinstance(event, EpochEnd) and event.test_accuracy is not None and event.test_accuracy >= mark:
            return perf_counter() - began, event.epoch
    return None
