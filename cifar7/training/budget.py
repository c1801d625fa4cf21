"""What a training will take of memory and time, by arithmetic on its design and settings. Loads no torch.

Memory is counted tensor by tensor: what backward keeps of every layer for a batch, gradients, the optimiser's
memory, averages and copies, the images on the device. Time is in proportion to an earlier run of the machine,
or by rates that were measured; see tests/measured for how far both are off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import log

from cifar7.errors import UserError
from cifar7.network.arithmetic import walk
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.kept import core_seconds, kept
from cifar7.wording import count

UNCERTAIN = 2.0  # an estimate without an earlier run may be so many times off, either way

LONGEST_SECONDS = 1.0  # of one layer at work on one batch: between two layers a run can be stopped
# Images of an evaluation: few enough for a CPU's caches, many enough to fill a GPU.
EVALUATED_AT_ONCE = {"cpu": 125, "cuda": 2500, "mps": 1000}

IMAGE_BYTES = 3 * 32 * 32
# A process with torch loaded and awake, before its first run; on an accelerator, room for cudnn's attempts.
LOADED = {"cpu": 570_000_000, "cuda": 300_000_000, "mps": 300_000_000}
WORKSPACE = 100_000_000  # libraries' own, while they work
ALIKE = 4  # times as many MACs or images a batch, or as few: a run farther off is no guide


class BudgetError(UserError):
    """A run that would take more than there is: says how much, and what to lower."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is to be trained."""

    kind: str  # of device: cpu, cuda or mps
    cores: int = 1
    halved: bool = True  # whether the precision "auto" means bf16 or fp16 there


@dataclass(frozen=True, slots=True)
class PastRun:
    """Size and time of a run that was trained."""

    macs: int  # of the network, one image
    batch_size: int
    precision: str  # the setting, so perhaps "auto"
    images: int  # learnt from, all epochs together
    seconds: float  # of the whole run, evaluations included
    kind: str = "cpu"  # of device


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run will take."""

    memory: int  # bytes, of the device's memory
    seconds: float | None  # all epochs and evaluations; None where nothing is known
    guided: bool = False  # by an earlier run

    @property
    def least_seconds(self) -> float | None:
        """What it will take at least, as far as can be told."""
        if self.seconds is None or self.guided:
            return self.seconds
        return self.seconds / UNCERTAIN


@dataclass(frozen=True, slots=True)
class Plan:
    """A training that may be started: design, settings, number of images and place."""

    spec: NetSpec
    config: TrainConfig
    place: Place
    train_size: int = 0  # training images of the set; 0: not known
    test_size: int = 0

    @property
    def batch(self) -> int:
        """Images a step."""
        trained = self.train_size - held_out(self.train_size, self.config)
        return min(self.config.batch_size, trained) if self.train_size else self.config.batch_size

    @property
    def images(self) -> int:
        """Images learnt from, all epochs together."""
        return (self.train_size - held_out(self.train_size, self.config)) * self.config.epochs

    @property
    def evaluated(self) -> int:
        """Images evaluated, all epochs together and at the end, mirror images counted too."""
        held = held_out(self.train_size, self.config)
        sample = min(self.config.train_sample, self.train_size - held)
        watched = held or self.test_size
        every = self.config.epochs * (sample + watched) + (self.test_size if held else 0)
        return every * (2 if self.config.test_flip else 1)

    def memory(self) -> int:
        """Bytes of the device's memory at the highest, that of the process on a CPU included."""
        counted, width = kept(self.spec), 2 if self._halved() else 4
        activations = self.batch * (counted.values * width + 8 * counted.indices)
        step = 1.2 * activations + 1.5 * self.batch * counted.pair * width
        at_once = min(EVALUATED_AT_ONCE[self.place.kind], max(self.train_size, self.test_size) or 10**9)
        # What the step let go of stays with the process, in pieces of which an evaluation can use few.
        evaluation = activations + 2 * 4 * at_once * counted.pair
        images = IMAGE_BYTES * (self.train_size + 2 * self.test_size)
        fixed = LOADED[self.place.kind] + WORKSPACE + self._of_weights() + images
        return int(fixed + max(step, evaluation))

    def _halved(self) -> bool:
        """Whether values have half as many bytes as in fp32."""
        return self.place.halved if self.config.precision == "auto" else self.config.precision != "fp32"

    def _of_weights(self) -> int:
        """Weights, gradients, the optimiser's memory, average, bf16 casts, candidates; their checkpoint."""
        parameters = sum(row.parameters for row in walk(self.spec))
        live = 4 + (8 if self.config.optimiser == "adamw" else 4) + (4 if self.config.averaging else 0)
        copies = 4 + 2 + 4 + 4  # gradients, casts, the best weights, those that are compared with them
        checkpoint = live + 4 if self.place.kind == "cpu" else 0
        return parameters * (live + copies + checkpoint)

    def layer_seconds(self) -> float:
        """How long the longest layer works on one batch, in training or in the test, which is in fp32."""
        if self.place.kind != "cpu":
            return 0.0
        macs, values = kept(self.spec).largest
        trained = self.batch * core_seconds(2 * macs / 3, values / 2)  # backward is two thirds of a step
        tested = EVALUATED_AT_ONCE["cpu"] * core_seconds(2 * macs / 3, values / 4)  # fp32 takes twice as long
        return max(trained, tested) / self.place.cores

    def seconds(self) -> float | None:
        """By the measured rates; None on an accelerator, and where the images are not known."""
        if self.place.kind != "cpu" or not self.train_size:
            return None
        macs = sum(row.macs for row in walk(self.spec))
        each = core_seconds(macs, kept(self.spec).values) * (1 if self._halved() else 2)
        # A forward pass is a third of a step's arithmetic.
        return each * (self.images + self.evaluated / 3) / self.place.cores

    def guided_seconds(self, past: Iterable[PastRun]) -> float | None:
        """In proportion to the most similar run; None where none is similar."""
        if not self.train_size:
            return None
        macs = max(1, sum(row.macs for row in walk(self.spec)))
        alike = [run for run in past if self._is_alike(run, macs)]
        if not alike:
            return None
        guide = min(alike, key=lambda run: abs(log(run.macs / macs)))
        return guide.seconds * self.images * macs / (guide.images * guide.macs)

    def _is_alike(self, run: PastRun, macs: int) -> bool:
        ratios = (run.macs / macs, run.batch_size / self.config.batch_size)
        near = all(1 / ALIKE <= ratio <= ALIKE for ratio in ratios)
        return near and run.precision == self.config.precision and run.kind == self.place.kind

    def budget(self, past: Iterable[PastRun] = ()) -> Budget:
        """What it will take."""
        guided = self.guided_seconds(past)
        return Budget(self.memory(), guided or self.seconds(), guided is not None)

    def with_batch(self, size: int) -> Plan:
        """The same with another batch size."""
        return replace(self, config=replace(self.config, batch_size=size))

    def check_memory(self, most: float, whose: str = "are free here") -> None:
        """Raises BudgetError where it takes more than `most` bytes; `whose`: as in "are the limit here"."""
        takes = self.memory()
        if takes <= most:
            return
        fits = self._largest_batch(lambda plan: plan.memory() <= most)
        cure = _batch_cure(fits) or "give it fewer channels, more pools or strides"
        said, have = gigabytes(takes), gigabytes(most)
        raise BudgetError(f"it would take about {said} of memory, and {have} {whose}", f"{cure}.")

    def check_layer(self) -> None:
        """Raises BudgetError where a layer would work so long that a run could not be stopped in time."""
        takes = self.layer_seconds()
        if takes <= LONGEST_SECONDS:
            return
        fits = self._largest_batch(lambda plan: plan.layer_seconds() <= LONGEST_SECONDS)
        cure = _batch_cure(fits) or "give its largest layer fewer channels, more groups or a smaller map"
        raise BudgetError(
            f"a single layer would be at work for about {takes:.0f} s at a time, and could not be stopped "
            "meanwhile",
            f"{cure}.",
        )

    def check_seconds(self, budget: Budget, most: float) -> None:
        """Raises BudgetError where it takes more than `most` seconds, as far as can be told."""
        takes = budget.least_seconds
        if takes is None or takes <= most:
            return
        epochs = int(self.config.epochs * most / takes)
        cure = f"train for {count(epochs, 'epoch')} at most, or" if epochs else "a single epoch takes longer:"
        begin = "about" if budget.guided else "at least"
        raise BudgetError(
            f"it would take {begin} {span(takes)}, and {span(most)} are the limit here",
            f"{cure} give it fewer channels, more pools or strides.",
        )

    def _largest_batch(self, fits: Callable[[Plan], bool]) -> int:
        """The largest batch that fits, rounded down to a power of two or one and a half of it; 0: none."""
        return next((size for size in _sizes(self.batch) if fits(self.with_batch(size))), 0)


def _sizes(below: int) -> Iterator[int]:
    power = 1 << below.bit_length()
    while power:
        yield from (size for size in (power + power // 2, power) if size < below)
        power //= 2


def _batch_cure(fits: int) -> str:
    return f"take a batch size of {fits:,} or less, or fewer channels" if fits else ""


def held_out(train_size: int, config: TrainConfig) -> int:
    """How many of the training images are held out: as many as `selection.partition` takes."""
    return min(config.holdout, train_size // 10) if config.protocol == "holdout" else 0


def gigabytes(size: float) -> str:
    """Bytes as "0.6 GB" (10^9 bytes)."""
    return f"{size / 1e9:.1f} GB" if size < 9.95e9 else f"{size / 1e9:,.0f} GB"


def span(seconds: float) -> str:
    """A time as an estimate: no seconds beside minutes."""
    if seconds < 50:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"
