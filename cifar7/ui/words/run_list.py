"""Runs in words: the design, the images, the result and the age."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Thread

import streamlit as st

from cifar7 import paths
from cifar7.data.library import short
from cifar7.runs import people
from cifar7.runs.folder import ENDED, RunError, RunFolder, Status, list_runs, look
from cifar7.runs.kept.listing import Damaged, Listed, listed
from cifar7.runs.listing.looking import Look
from cifar7.training.events import EpochEnd
from cifar7.ui.words.wording import ago, percent, plain

MOST_OFFERED = 50  # runs in a chooser
STATES = {  # label and colour of the badge
    "queued": ("waiting", "gray"),
    "running": ("training", "blue"),
    "paused": ("paused", "orange"),
    "finished": ("finished", "green"),
    "stopped": ("stopped early", "orange"),
    "untested": ("trained, not tested", "blue"),
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

    def words(self) -> str:
        """What it can be found by, in small letters."""
        return f"{self.name} {self.owner} {self.id}".casefold()

    def label(self) -> str:
        """Name, data, result and age, as plain text for lists."""
        stopped = self.accuracy is not None and self.status["state"] == "stopped"
        result = self._result() + " (stopped early)" * stopped
        by = f" · {self.owner}" if self.owner else ""
        return f"{self.name} · {short(self.data)} · {result}{by} · {self._age()}"

    def markdown(self) -> str:
        """The same as Markdown for a button, with the result as a badge in front."""
        result = badge(shown_state(self.status), self._result())
        by = f" by {plain(self.owner)}" if self.owner else ""
        return f"{result} **{plain(self.name)}** on {plain(short(self.data))}{by}, {self._age()}"

    def _result(self) -> str:
        return percent(self.accuracy) if self.accuracy is not None else STATES[shown_state(self.status)][0]

    def _age(self) -> str:
        return ago(time.time() - self.status["created"])


def shown_state(status: Status) -> str:
    """A key of STATES: the run's state, and "untested" where it was trained to its end for a sweep."""
    end = EpochEnd.from_dict(status["epoch"])
    trained = status["withheld"] and end is not None and end.epoch >= end.epochs
    return "untested" if trained and status["state"] == "stopped" else status["state"]


def badge(state: str, text: str = "") -> str:
    """A badge in the colour of a run's state, as Markdown; without a text, the state's own label."""
    label, colour = STATES[state]
    return f":{colour}-badge[{text or label}]"


def labels(summaries: list[Summary]) -> dict[str, str]:
    """A label for each run's id, no two alike, because a select box goes by its labels."""
    counts = Counter(summary.label() for summary in summaries)
    return {s.id: s.label() if counts[s.label()] == 1 else f"{s.label()} · {s.id[-4:]}" for s in summaries}


def newest(limit: int) -> list[Summary | Damaged]:
    """The newest runs, at most `limit`, the damaged ones with the reason."""
    entries = islice(listed(list_runs(paths.runs_dir())), limit)
    names = people.names(paths.runs_dir())
    return [
        Summary(one.run, one.status, _owner(one.status, names)) if isinstance(one, Listed) else one
        for one in entries
    ]


def _owner(status: Status, names: dict[str, str]) -> str:
    return names.get(status["by"]) or status["by_name"]


def damaged_words(damaged: Damaged) -> str:
    """A run that cannot be read in a line, as Markdown: its folder and the reason."""
    return f":red-badge[damaged] {plain(damaged.run.id)}: {plain(damaged.reason)}"


def offered(text: str = "", keep: Collection[str | None] = ()) -> list[Summary]:
    """The tested runs that choosers offer, the newest first; damaged folders are left out.

    They are the newest MOST_OFFERED whose design, owner or id has the `text`, and besides those of the ids
    `keep`.
    """
    names, text = people.names(paths.runs_dir()), text.strip().casefold()
    found: list[Summary] = []
    more, to_come = MOST_OFFERED, {name for name in keep if name}
    for run, status in _with_result(look(paths.runs_dir())):
        if not more and not to_come:
            break
        kept = run.id in to_come
        if not kept and not more:
            continue
        to_come.discard(run.id)
        summary = Summary(run, status, _owner(status, names))
        asked_for = more > 0 and text in summary.words()
        if not (asked_for or kept) or not run.has_predictions():
            continue
        more -= asked_for
        with suppress(RunError):  # removed this moment
            ended = status["state"] in ENDED
            found.append(summary if ended else replace(summary, status=run.reconcile()))
    return found


def are_more() -> bool:
    """Whether there are more tested runs than choosers offer."""
    return len(_with_result(look(paths.runs_dir()))) > MOST_OFFERED


@lru_cache(maxsize=4)
def _with_result(found: Look[RunFolder]) -> tuple[tuple[RunFolder, Status], ...]:
    """The trainings that have a result, the newest first; for every page the same as long as none changes."""
    return tuple(
        (one.run, status)
        for one in found.all()
        if one.kind == "training" and (status := one.status) and status["result"]
    )


def read_ahead() -> None:
    """Have this server read all runs, once and beside the first page, so that no page has to wait for it."""
    _read_ahead(str(paths.runs_dir()))


@st.cache_resource(max_entries=1, show_spinner=False)
def _read_ahead(runs_dir: str) -> None:
    Thread(target=look, args=(Path(runs_dir),), daemon=True).start()
