"""Runs in words: the design, the images, the result and the age."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from cifar7 import paths
from cifar7.data.library import short
from cifar7.runs import people
from cifar7.runs.folder import ENDED, RunFolder, Status, list_runs
from cifar7.runs.kept.listing import Damaged, Listed, listed
from cifar7.ui.words.wording import ago, percent, plain

MOST_OFFERED = 50  # runs in a chooser
STATES = {  # label and colour of the badge
    "queued": ("waiting", "gray"),
    "running": ("training", "blue"),
    "paused": ("paused", "orange"),
    "finished": ("finished", "green"),
    "stopped": ("stopped early", "orange"),
    "failed": ("failed", "red"),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """One run in a line."""

    run: RunFolder
    status: Status
    owner: str = ""  # the name of who started it

    @property
    def id(self) -> str:
        """The run's id, as in the address."""
        return self.run.id

    @property
    def name(self) -> str:
        """The name of its design."""
        return self.status["name"]

    @property
    def data(self) -> str:
        """The name of its image set."""
        return self.status["data"]

    @property
    def accuracy(self) -> float | None:
        """On the test images, 0..1; None before the run has ended and if it ended before its test."""
        return (self.status["result"] or {}).get("test_accuracy") if self.status["state"] in ENDED else None

    def label(self) -> str:
        """Name, data, result and age, as plain text for lists."""
        stopped = self.accuracy is not None and self.status["state"] == "stopped"
        result = self._result() + " (stopped early)" * stopped
        by = f" · {self.owner}" if self.owner else ""
        return f"{self.name} · {short(self.data)} · {result}{by} · {self._age()}"

    def markdown(self) -> str:
        """The same as Markdown for a button, with the result as a badge in front."""
        result = badge(self.status["state"], self._result())
        by = f" by {plain(self.owner)}" if self.owner else ""
        return f"{result} **{plain(self.name)}** on {plain(short(self.data))}{by}, {self._age()}"

    def _result(self) -> str:
        return percent(self.accuracy) if self.accuracy is not None else STATES[self.status["state"]][0]

    def _age(self) -> str:
        return ago(time.time() - self.status["created"])


def badge(state: str, text: str = "") -> str:
    """A badge in the colour of a run's state, as Markdown; without a text, the state's own label."""
    label, colour = STATES[state]
    return f":{colour}-badge[{text or label}]"


def labels(summaries: list[Summary]) -> dict[str, str]:
    """A label for each run's id, no two alike, because a select box goes by its labels."""
    counts = Counter(summary.label() for summary in summaries)
    return {s.id: s.label() if counts[s.label()] == 1 else f"{s.label()} · {s.id[-4:]}" for s in summaries}


def recent(limit: int, tested: bool = False) -> list[Summary]:
    """The newest runs, or those with predictions, at most `limit`; damaged folders are left out."""
    runs = list_runs(paths.runs_dir())
    entries = listed(run for run in runs if run.has_predictions() or not tested)
    names = people.names(paths.runs_dir())
    readable = (_summary(one, names) for one in entries if isinstance(one, Listed))
    return list(islice(readable, limit))


def newest(limit: int) -> list[Summary | Damaged]:
    """The newest runs, at most `limit`, the damaged ones with the reason."""
    entries = islice(listed(list_runs(paths.runs_dir())), limit)
    names = people.names(paths.runs_dir())
    return [_summary(one, names) if isinstance(one, Listed) else one for one in entries]


def _summary(one: Listed, names: dict[str, str]) -> Summary:
    return Summary(one.run, one.status, names.get(one.status["by"]) or one.status["by_name"])


def damaged_words(damaged: Damaged) -> str:
    """A run that cannot be read in a line, as Markdown: its folder and the reason."""
    return f":red-badge[damaged] {plain(damaged.run.id)}: {plain(damaged.reason)}"


def offered() -> list[Summary]:
    """The tested runs that choosers offer, the newest first."""
    return recent(MOST_OFFERED, tested=True)
