"""The curves of a run, read bit by bit: each reading takes only what was written since the last one."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import pandas as pd

from cifar7.runs.folder import RunFolder
from cifar7.training.events import Beat, EpochEnd, Event, Started

MOST_BEATS = 300  # points of the curve "while learning"; beyond that, neighbours are averaged

WHILE_LEARNING = "training, while learning"
TRAINING = "training images"
HELD_OUT = "held-out images"
TEST = "test images"

Point = tuple[float, float, float]  # epoch as a fraction, accuracy (0..1), loss (nats); nan where not known


@dataclass
class History:
    """One run's course so far. An epoch is a fraction while it goes on: 2.5 is half of the third."""

    run_id: str
    offset: int = 0  # byte of events.jsonl to go on from
    started: Started | None = None
    epochs: int = 1
    beats: list[Point] = field(default_factory=list)
    ends: list[EpochEnd] = field(default_factory=list)
    _table: pd.DataFrame | None = None

    def read(self, run: RunFolder) -> bool:
        """Take in what is new; returns whether anything was."""
        events, self.offset = run.events(self.offset)
        for event in events:
            self._take(event)
        if events:
            self._table = None
        return bool(events)

    def _take(self, event: Event) -> None:
        if isinstance(event, (Started, Beat, EpochEnd)):
            self.epochs = event.epochs or self.epochs
        if isinstance(event, Started):
            self.started = event
            # A resumed run goes on from an earlier step: what was recorded beyond it is void.
            done = event.from_step / max(1, event.steps_per_epoch)  # epochs
            self.beats = [beat for beat in self.beats if beat[0] <= done]
            self.ends = [end for end in self.ends if end.epoch <= done]
        elif isinstance(event, Beat):
            x = self.epochs * event.step / max(1, event.steps)
            self.beats.append((x, event.accuracy, event.loss))
        elif isinstance(event, EpochEnd):
            self.ends.append(event)

    @property
    def watched(self) -> str:
        """The series that the protocol watches beside the training images."""
        return TEST if self.started and self.started.protocol == "test-each-epoch" else HELD_OUT

    def table(self) -> pd.DataFrame:
        """One row a point: epoch, series, accuracy (0..1), loss (nats). Kept until something new is read."""
        if self._table is None:
            rows: list[tuple[float, str, float | None, float | None]] = [
                (x, WHILE_LEARNING, accuracy, loss) for x, accuracy, loss in thinned(self.beats)
            ]
            for end in self.ends:
                rows += [
                    (end.epoch, TRAINING, end.train_accuracy, nan),
                    (end.epoch, HELD_OUT, end.heldout_accuracy, end.heldout_loss),
                    (end.epoch, TEST, end.test_accuracy, end.test_loss),
                ]
            table = pd.DataFrame(rows, columns=["epoch", "series", "accuracy", "loss"])
            # Floats throughout: a column without a row would change its type when the first number comes.
            table = table.astype({"epoch": float, "series": str, "accuracy": float, "loss": float})
            self._table = table.dropna(subset=["accuracy", "loss"], how="all", ignore_index=True)
        return self._table


def thinned(beats: list[Point], most: int = MOST_BEATS) -> list[Point]:
    """At most `most` points: means of equally many neighbours each, at the mean of their places.

    A mean is of those that are numbers; nan where none is.
    """
    if len(beats) <= most:
        return beats
    table = pd.DataFrame(beats)
    means = table.groupby(table.index // -(-len(beats) // most)).mean()
    return list(means.itertuples(index=False, name=None))
