"""The curves of a run, read bit by bit: each reading takes only what was written since the last one."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan

import pandas as pd

from cifar7.runs.folder import RunFolder
from cifar7.training.events import Beat, EpochEnd, Event, Started

MOST_BEATS = 300  # points of the curve "while learning"; beyond that, neighbours are averaged

WHILE_LEARNING = "training, while learning"
TRAINING = "training images"
HELD_OUT = "held-out images"
TEST = "test images"
COLUMNS = ("epoch", "series", "accuracy", "loss")

Point = tuple[float, float, float]  # epoch as a fraction, accuracy (0..1), loss (nats); nan where not known
Row = tuple[float, str, float, float]  # of COLUMNS


@dataclass
class History:
    """One run's course so far. `x` is the epoch as a fraction: 2.5 is half of the third."""

    run_id: str
    offset: int = 0  # byte of events.jsonl to go on from
    started: Started | None = None
    epochs: int = 1
    beats: list[Point] = field(default_factory=list)
    ends: list[EpochEnd] = field(default_factory=list)
    _table: pd.DataFrame | None = None

    def read(self, run: RunFolder) -> bool:
        """Take in what is new; returns whether anything was."""
        events, offset = run.events(self.offset)
        self.offset = offset
        for event in events:
            self._take(event)
        if events:
            self._table = None
        return bool(events)

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self.started = event
            self.epochs = event.epochs or 1
            self._go_back(event)
        elif isinstance(event, Beat):
            self.epochs = event.epochs or self.epochs
            x = self.epochs * event.step / max(1, event.steps)
            self.beats.append((x, event.accuracy, event.loss))
        elif isinstance(event, EpochEnd):
            self.epochs = event.epochs or self.epochs
            self.ends.append(event)

    def _go_back(self, started: Started) -> None:
        """Drop what was recorded beyond the step from which a resumed run goes on."""
        done = started.from_step / max(1, started.steps_per_epoch)  # epochs
        self.beats = [beat for beat in self.beats if beat[0] <= done]
        self.ends = [end for end in self.ends if end.epoch <= done]

    @property
    def watched(self) -> str:
        """The series that the protocol watches beside the training images."""
        return TEST if self.started and self.started.protocol == "test-each-epoch" else HELD_OUT

    def table(self) -> pd.DataFrame:
        """One row a point: epoch, series, accuracy (0..1), loss (nats). Kept until something new is read."""
        if self._table is None:
            rows: list[Row] = [
                (x, WHILE_LEARNING, accuracy, loss) for x, accuracy, loss in thinned(self.beats)
            ]
            for end in self.ends:
                rows += _end_rows(end)
            # Floats throughout: a column without a row would change its type when the first number comes.
            table = pd.DataFrame(rows, columns=list(COLUMNS))
            self._table = table.astype({"epoch": float, "series": str, "accuracy": float, "loss": float})
        return self._table


def _end_rows(end: EpochEnd) -> list[Row]:
    x = float(end.epoch)
    rows: list[Row] = [(x, TRAINING, end.train_accuracy, nan)]
    for series, accuracy, loss in (
        (HELD_OUT, end.heldout_accuracy, end.heldout_loss),
        (TEST, end.test_accuracy, end.test_loss),
    ):
        if accuracy is not None:
            rows.append((x, series, accuracy, nan if loss is None else loss))
    return rows


def thinned(beats: list[Point], most: int = MOST_BEATS) -> list[Point]:
    """At most `most` points: means of equally many neighbours each, at the mean of their places."""
    if len(beats) <= most:
        return beats
    size = -(-len(beats) // most)
    groups = [beats[at : at + size] for at in range(0, len(beats), size)]
    columns = [tuple(zip(*group)) for group in groups]  # (x, ...), (accuracy, ...), (loss, ...) of each
    return [(_mean(xs), _mean(accuracies), _mean(losses)) for xs, accuracies, losses in columns]


def _mean(values: tuple[float, ...]) -> float:
    """Of those that are numbers; nan where none is."""
    numbers = [value for value in values if not isnan(value)]
    return sum(numbers) / len(numbers) if numbers else nan
