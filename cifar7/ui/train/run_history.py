"""The curves of a run, read bit by bit: each reading takes only what was written since the last one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cifar7.runs.folder import RunFolder

MOST_BEATS = 300  # points of the curve "while learning"; beyond that, neighbours are averaged

WHILE_LEARNING = "training, while learning"
TRAINING = "training images"
HELD_OUT = "held-out images"
TEST = "test images"
COLUMNS = ("epoch", "series", "accuracy", "loss")


@dataclass
class History:
    """What is known of one run's course. `x` is the epoch as a fraction: 2.5 is half of the third."""

    run_id: str
    offset: int = 0  # byte of events.jsonl to go on from
    started: dict[str, Any] = field(default_factory=dict)
    epochs: int = 1
    beats: list[tuple[float, float | None, float | None]] = field(default_factory=list)  # x, accuracy, loss
    ends: list[dict[str, Any]] = field(default_factory=list)  # the events of epochs' ends
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

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "started":
            self.started = event
            self.epochs = int(event.get("epochs") or 1)
            self._go_back(event)
        elif kind == "beat":
            self.epochs = int(event.get("epochs") or self.epochs)
            x = self.epochs * event["step"] / max(1, event["steps"])
            self.beats.append((x, event.get("accuracy"), event.get("loss")))
        elif kind == "epoch":
            self.epochs = int(event.get("epochs") or self.epochs)
            self.ends.append(event)

    def _go_back(self, started: dict[str, Any]) -> None:
        """Drop what was recorded beyond the step from which a resumed run goes on."""
        done, per_epoch = started.get("from_step") or 0, started.get("steps_per_epoch") or 1
        self.beats = [beat for beat in self.beats if beat[0] <= done / per_epoch]
        self.ends = [end for end in self.ends if end["epoch"] <= done / per_epoch]

    @property
    def watched(self) -> str:
        """The series that the protocol watches beside the training images."""
        return TEST if self.started.get("protocol") == "test-each-epoch" else HELD_OUT

    def table(self) -> pd.DataFrame:
        """One row a point: epoch, series, accuracy (0..1), loss (nats). Kept until something new is read."""
        if self._table is None:
            rows = [(x, WHILE_LEARNING, accuracy, loss) for x, accuracy, loss in thinned(self.beats)]
            for end in self.ends:
                rows += _end_rows(end)
            # Floats throughout: a column of None alone would change its type when the first number comes.
            table = pd.DataFrame(rows, columns=list(COLUMNS))
            self._table = table.astype({"epoch": float, "series": str, "accuracy": float, "loss": float})
        return self._table


def _end_rows(end: dict[str, Any]) -> list[tuple[float, str, float | None, float | None]]:
    x = float(end["epoch"])
    rows: list[tuple[float, str, float | None, float | None]] = [
        (x, TRAINING, end.get("train_accuracy"), None)
    ]
    for series, prefix in ((HELD_OUT, "heldout"), (TEST, "test")):
        if end.get(f"{prefix}_accuracy") is not None:
            rows.append((x, series, end[f"{prefix}_accuracy"], end.get(f"{prefix}_loss")))
    return rows


def thinned(
    beats: list[tuple[float, float | None, float | None]], most: int = MOST_BEATS
) -> list[tuple[float, float | None, float | None]]:
    """At most `most` points: means of equally many neighbours each, at the mean of their places."""
    if len(beats) <= most:
        return beats
    size = -(-len(beats) // most)
    groups = [beats[at : at + size] for at in range(0, len(beats), size)]
    return [
        (
            sum(x for x, _, _ in group) / len(group),
            _mean([a for _, a, _ in group]),
            _mean([v for *_, v in group]),
        )
        for group in groups
    ]


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
