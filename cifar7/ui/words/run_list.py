"""Runs as people know them: what was trained, on what, how well, how long ago."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from cifar7 import paths
from cifar7.data.library import short
from cifar7.errors import UserError
from cifar7.runs.folder import ENDED, RunFolder, Status, list_runs
from cifar7.ui.words.wording import ago, percent, plain

STATE_WORDS = {
    "queued": "waiting",
    "running": "training",
    "paused": "paused",
    "finished": "finished",
    "stopped": "stopped early",
    "failed": "failed",
}
STATE_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "paused": "orange",
    "finished": "green",
    "stopped": "orange",
    "failed": "red",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """One run in a line."""

    run: RunFolder
    status: Status

    @property
    def id(self) -> str:
        """The run's id, as it stands in the address."""
        return self.run.id

    @property
    def accuracy(self) -> float | None:
        """On the test images, 0..1; None unless the run came to its test, and while it goes on after it."""
        return (self.status["result"] or {}).get("test_accuracy") if self.status["state"] in ENDED else None

    def label(self) -> str:
        """As it stands in lists: name, data, result and age, plain text."""
        result = percent(self.accuracy) if self.accuracy is not None else STATE_WORDS[self.status["state"]]
        if self.accuracy is not None and self.status["state"] == "stopped":
            result += " (stopped early)"
        age = ago(time.time() - self.status["created"])
        return f"{self.status['name']} · {short(self.status['data'])} · {result} · {age}"

    def markdown(self) -> str:
        """The same for a button: the result as a badge before the rest."""
        kind = self.status["state"]
        result = percent(self.accuracy) if self.accuracy is not None else STATE_WORDS[kind]
        age = ago(time.time() - self.status["created"])
        return (
            f":{STATE_COLOURS[kind]}-badge[{result}] **{plain(self.status['name'])}** on "
            f"{plain(short(self.status['data']))}, {age}"
        )


def labels(summaries: list[Summary]) -> dict[str, str]:
    """A label for each run's id, no two alike: a select box goes by what it shows."""
    shown = Counter(summary.label() for summary in summaries)
    return {s.id: s.label() if shown[s.label()] == 1 else f"{s.label()} · {s.id[-4:]}" for s in summaries}


def recent(limit: int) -> list[Summary]:
    """The newest runs, at most `limit`; a damaged folder is passed over."""
    return list(_first(limit, only_tested=False))


def tested(limit: int) -> list[Summary]:
    """The newest runs whose predictions are there, at most `limit`."""
    return list(_first(limit, only_tested=True))


def _first(limit: int, only_tested: bool) -> Iterator[Summary]:
    found = 0
    for run in list_runs(paths.runs_dir()):
        if found == limit:
            return
        if only_tested and not run.has_predictions():
            continue
        with suppress(UserError):
            yield Summary(run, run.reconcile())
            found += 1
