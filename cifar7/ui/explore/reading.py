"""The trials of a sweep, read once for all browsers, and each line of its record once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from cifar7.errors import UserError
from cifar7.sweeps import outcome, results, words
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import Standing, SweepFolder
from cifar7.sweeps.outcome import Judged, Trial
from cifar7.sweeps.words import Report

KEPT = 8  # sweeps whose trials stay in memory


class Record:
    """The trials that have ended so far."""

    def __init__(self, sweep: SweepFolder) -> None:
        self._sweep, self._lock = sweep, threading.Lock()
        self._trials: list[Trial] = []
        self._end = 0

    def read(self) -> list[Trial]:
        """All of them, in their order; it must not be changed."""
        with self._lock:
            new, end = self._sweep.trials(self._end)
            if end < self._end:  # another file stands there now
                self._trials = []
            if new:
                self._trials = [*self._trials, *new]
            self._end = end
            return self._trials


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _record(path: str) -> Record:
    return Record(SweepFolder(Path(path)))


def trials(sweep: SweepFolder, status: Standing) -> Sequence[Trial]:
    """The trials that have ended, the winner with its test accuracies."""
    return results.tested(_record(str(sweep.path)).read(), status)


@st.cache_resource(max_entries=4 * KEPT, show_spinner=False)
def definition_at(path: str) -> Definition:
    """Of the sweep in this folder."""
    return SweepFolder(Path(path)).definition()


def definition(sweep: SweepFolder) -> Definition:
    """What it does; written once. Raises as `SweepFolder.definition`."""
    return definition_at(str(sweep.path))


def title(sweep: SweepFolder) -> str:
    """Its title; its id where it cannot be read."""
    with suppress(UserError):
        return definition(sweep).title
    return sweep.id


def report(sweep: SweepFolder, found: Sequence[Trial], status: Standing, judged: Judged) -> Report:
    """What they say; worked out once for as many as there are."""
    version = (len(found), len(status["tests"]))
    return _report(str(sweep.path), version, judged, found)


@st.cache_data(max_entries=4 * KEPT, show_spinner=False)
def _report(path: str, version: tuple[int, int], judged: Judged, _found: Sequence[Trial]) -> Report:
    both = (outcome.ALL_CLASSES,) if not judged.classes else (outcome.ALL_CLASSES, judged)
    return words.report(definition_at(path), _found, both)
