"""Every tested run as one line: whose, how small, how accurate, by which rules. No streamlit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from cifar7.data.library import OFFICIAL
from cifar7.network.assignment import Verdict, card
from cifar7.network.profiles import Profile
from cifar7.results.front import front
from cifar7.runs import people
from cifar7.runs.listing.index import Index, Listing, Tested, Version
from cifar7.ui.assignment import achievement
from cifar7.ui.words.recipes import recipe_words

ONCE, OFTEN = "read once", "read after each epoch"  # the test set
MOST_RUNS = 1000  # tested ones, the newest
MOST_KEPT = 10 * MOST_RUNS  # lines, of runs under the assignments that are looked at


@dataclass(frozen=True, slots=True, order=True)
class Images:
    """A set that runs were tested on. Accuracies on different ones cannot be compared.

    Under one name there may have been several; the fingerprint tells them apart.
    """

    title: str
    name: str
    fingerprint: str
    synthetic: bool

    @property
    def official(self) -> bool:
        """Whether these are the original CIFAR-10."""
        return self.name == OFFICIAL


@dataclass(frozen=True, slots=True)
class Line:
    """A tested run. `missing`: the titles of the requirements that it does not meet."""

    id: str
    by: str  # public id of the person
    person: str  # "" where nobody has said a name
    design: str
    parameters: int
    accuracy: float  # on the test images, 0..1
    missing: tuple[str, ...]
    honest: bool  # whether the test set was read once, and so could choose nothing
    recipe: str
    device: str
    ended: float  # seconds since 1970
    images: Images

    @property
    def fulfilled(self) -> bool:
        """Whether the assignment's card is complete."""
        return not self.missing

    @property
    def scored(self) -> str:
        """How often the test set was read."""
        return ONCE if self.honest else OFTEN

    @property
    def verdict(self) -> str:
        """The card in words."""
        return f"missing: {', '.join(self.missing)}" if self.missing else "fulfilled"

    @property
    def who(self) -> str:
        """Person and design, or the design alone."""
        return f"{self.person} · {self.design}" if self.person else self.design


class Standings:
    """The lines of all runs in a directory, each made once for an assignment; any thread may ask."""

    def __init__(self, runs_dir: Path, seconds: float = 1.0) -> None:
        """`seconds`: as of `Index`."""
        self._runs_dir = runs_dir
        self._index = Index(runs_dir, seconds=seconds)
        self._lock = Lock()
        self._kept: dict[tuple[str, Version | None, Profile], Line] = {}

    def listing(self) -> Listing:
        """All runs, whatever they do."""
        return self._index.listing()

    def lines(self, profile: Profile) -> tuple[list[Line], int]:
        """The newest MOST_RUNS tested runs, the newest first, and how many folders could not be read."""
        tested, unreadable = self._index.tested(MOST_RUNS)
        names = people.names(self._runs_dir)
        with self._lock:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            lines = [self._line(one, profile) for one in tested]
        named = [
            line if (name := names.get(line.by, line.person)) == line.person else replace(line, person=name)
            for line in lines
        ]
        return named, unreadable + self.listing().damaged

    def older(self) -> int:
        """How many tested runs are older than those of `lines`."""
        return max(0, sum(entry.result is not None for entry in self.listing().entries) - MOST_RUNS)

    def card(self, run_id: str, profile: Profile) -> list[Verdict]:
        """The whole card of a run; empty where there is no such tested run."""
        found = next((one for one in self._index.tested(MOST_RUNS)[0] if one.id == run_id), None)
        return _card(found, profile) if found else []

    def _line(self, one: Tested, profile: Profile) -> Line:
        key = (one.id, one.entry.version, profile)
        if key not in self._kept:
            self._kept[key] = _line(one, profile)
        return self._kept[key]


def _card(one: Tested, profile: Profile) -> list[Verdict]:
    images = (one.entry.status["data"], one.data_title)
    result = one.result
    achieved = achievement.of_run(
        result.test_accuracy, result.protocol, images, one.device_type, result.device
    )
    return card(one.analysis(), profile, achieved)


def _line(one: Tested, profile: Profile) -> Line:
    status, result = one.entry.status, one.result
    recipe = recipe_words(one.config, result.epochs)
    return Line(
        id=one.id,
        by=status["by"],
        person=status["by_name"],
        design=one.spec.name,
        parameters=one.parameters,
        accuracy=result.test_accuracy,
        missing=tuple(_short(v.requirement.title) for v in _card(one, profile) if not v.passed),
        honest=result.protocol == "holdout",
        recipe=recipe + ", test-time flips" * result.test_flip,
        device=result.device,
        ended=status["ended"] or status["created"],
        images=Images(one.data_title, status["data"], one.fingerprint, one.synthetic),
    )


def _short(title: str) -> str:
    """A requirement in few words: "Receptive field" of "Receptive field, pooling head counted"."""
    return re.split("[,:]", title)[0]


def image_sets(lines: Iterable[Line]) -> dict[Images, str]:
    """The sets that were tested on, that of the newest result first, with titles that differ."""
    newest: dict[Images, float] = {}
    for line in lines:
        newest[line.images] = max(line.ended, newest.get(line.images, line.ended))
    ordered = sorted(newest, key=lambda images: -newest[images])
    titles = [images.title for images in ordered]
    return {
        images: images.title
        if titles.count(images.title) == 1
        else f"{images.title} ({images.name}{', ' * bool(images.fingerprint)}{images.fingerprint[:4]})"
        for images in ordered
    }


def filtered(lines: Iterable[Line], text: str, fulfilled: bool | None) -> list[Line]:
    """Those whose person or design has the text, in capitals or not; `fulfilled`: None for either."""
    text = text.strip().casefold()
    return [
        line
        for line in lines
        if text in line.who.casefold() and (fulfilled is None or line.fulfilled == fulfilled)
    ]


def on_front(lines: Sequence[Line]) -> list[Line]:
    """The Pareto front, from small to large, of the runs whose test set chose nothing."""
    honest = [line for line in lines if line.honest]
    return [honest[at] for at in front([(line.parameters, line.accuracy) for line in honest])]


def drawn(lines: Sequence[Line], picked: str | None, most: int) -> list[Line]:
    """The newest of the lines, at most `most`, with all on the front and the picked one, in their order."""
    if len(lines) <= most:
        return list(lines)
    kept = {line.id for line in sorted(lines, key=lambda line: -line.ended)[:most]}
    kept |= {line.id for line in on_front(lines)}
    return [line for line in lines if line.id in kept or line.id == picked]


def best_first(lines: Iterable[Line]) -> list[Line]:
    """By accuracy; of equally accurate ones the smaller first."""
    return sorted(lines, key=lambda line: (-line.accuracy, line.parameters, line.id))
