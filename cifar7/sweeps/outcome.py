"""What came of a sweep, as data: its trials, their runs, and the accuracies by which they are judged."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cifar7.data import library
from cifar7.sweeps.knobs import Value

STATES = ("queued", "running", "paused", "finished", "stopped", "failed")
LEFT_OUT = "left out"  # the state of a trial that has an obstacle


@dataclass(frozen=True, slots=True)
class Repeat:
    """One run of a trial: its values, trained with one seed."""

    seed: int
    run: str  # its id
    state: str  # one of STATES
    heldout: float | None  # held-out accuracy 0..1 of the best epoch
    by_class: tuple[float, ...]  # held-out accuracy 0..1 of each class in that same epoch; () if unknown
    test: float | None  # test accuracy 0..1, where the test images were read
    seconds: float | None  # of work
    epochs: int  # done
    early: bool  # stopped by the rule that stops the hopeless
    complete: bool  # trained to its planned end


@dataclass(frozen=True, slots=True)
class Trial:
    """One design with its settings, and what its runs came to."""

    number: int
    values: Mapping[str, Value]  # by the names of the axes
    parameters: int
    macs: int  # for one image
    receptive_field: int  # pixels, before the pooling head
    receptive_field_total: int  # pixels, with it
    fulfilled: bool | None  # the assignment; None if none was chosen, or it is not known yet
    repeats: tuple[Repeat, ...]
    obstacle: str = ""  # why it was not trained; empty if nothing stood against it

    @property
    def complete(self) -> tuple[Repeat, ...]:
        """The repeats that were trained to their end and have a held-out accuracy."""
        return tuple(repeat for repeat in self.repeats if repeat.complete and _known(repeat.heldout))

    @property
    def heldout(self) -> float | None:
        """Mean held-out accuracy 0..1 over the complete repeats; None without any."""
        return _mean([repeat.heldout for repeat in self.complete])

    @property
    def spread(self) -> float | None:
        """Standard deviation of the held-out accuracy over seeds (n - 1 below); None for fewer than two."""
        found = [repeat.heldout for repeat in self.complete if repeat.heldout is not None]
        return statistics.stdev(found) if len(found) > 1 else None

    @property
    def test(self) -> float | None:
        """Mean test accuracy 0..1 over the repeats that have one; None without any."""
        return _mean([repeat.test for repeat in self.complete])

    @property
    def seconds(self) -> float | None:
        """What one training takes: mean seconds of work over the complete repeats; None without any."""
        return _mean([repeat.seconds for repeat in self.complete])

    @property
    def early(self) -> bool:
        """Whether one of its runs was stopped by the rule that stops the hopeless."""
        return any(repeat.early for repeat in self.repeats)

    @property
    def state(self) -> str:
        """One of STATES, or LEFT_OUT: what still goes on comes first, then what ended badly."""
        if self.obstacle:
            return LEFT_OUT
        states = {repeat.state for repeat in self.repeats}
        order = ("running", "paused", "queued", "failed", "stopped")
        return next((state for state in order if state in states), "finished" if states else "queued")


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """The trials that can be the best, by mean held-out accuracy: those trained to their end with every seed.

    Of these the ones with the most seeds; of equals the one with fewer parameters is first, then the earlier.
    """
    whole = [
        trial
        for trial in trials
        if trial.heldout is not None and len(trial.complete) == len(trial.repeats) and not trial.obstacle
    ]
    seeds = max((len(trial.complete) for trial in whole), default=0)
    return sorted(
        (trial for trial in whole if len(trial.complete) == seeds),
        key=lambda trial: (-(trial.heldout or 0.0), trial.parameters, trial.number),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """The accuracy that is looked at: over all classes, or over a group of them."""

    title: str  # as in "Relational pairs"
    classes: tuple[int, ...] = ()  # indices; () for all


ALL_CLASSES = Judged("All classes")


def judgements(data: str) -> tuple[Judged, ...]:
    """All classes, then the groups of classes that an image set of this name has. Never raises."""
    groups = library.groups(data)
    return (ALL_CLASSES, *(Judged(title, classes) for title, classes in groups.items()))


def score(repeat: Repeat, judged: Judged) -> float | None:
    """Held-out accuracy 0..1 of a run, each class of the group weighing the same; None where unknown."""
    if not judged.classes:
        return repeat.heldout if _known(repeat.heldout) else None
    if len(repeat.by_class) <= max(judged.classes):
        return None
    mean = sum(repeat.by_class[label] for label in judged.classes) / len(judged.classes)
    return mean if math.isfinite(mean) else None


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None and math.isfinite(value)]
    return sum(found) / len(found) if found else None
