"""How many designs and runs a sweep will have, and its time: by arithmetic, before anything is trained.

Thousands of combinations take seconds to look at, so they are looked at a little at a time: what has been
found is true of those that were looked at, which are drawn by chance, and exact once all were.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from cifar7.errors import UserError
from cifar7.runs import expected
from cifar7.runs.workers.served import served_devices
from cifar7.sweeps.axes import Axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Switch, Value, knob

MOST_EXACT = 2_000  # combinations that are all looked at
SAMPLE = 400  # looked at where there are more, or endlessly many
TIMED = 48  # of those that can be, whose time is estimated


class Forecast:
    """What is known of a sweep ahead; `look` finds out more."""

    def __init__(self, runs_dir: Path, definition: Definition) -> None:
        self.definition = definition
        self.combinations = definition.combinations  # None: endlessly many
        self.exact = self.combinations is not None and self.combinations <= MOST_EXACT
        self.looked = 0
        self.left_out = 0  # of those that were looked at
        self.reasons: Counter[str] = Counter()  # why
        self._runs_dir = runs_dir
        self._ahead = _in_random_order(definition) if self.exact else _drawn(definition)
        self._past = expected.past_runs(runs_dir)
        self._seconds: list[float] = []  # of single runs
        self._timed = 0
        self._of_design: dict[tuple[Value, ...], str] = {}  # the obstacle by what varies of the design
        self._toggles = [
            axis.name for axis in definition.axes if isinstance(knob(axis.name, definition.spec), Switch)
        ]
        self.complete = False  # nothing more is to be looked at

    def look(self, seconds: float) -> None:
        """Look at more combinations for about so long, and at one at least."""
        until = time.monotonic() + seconds
        for values in self._ahead:
            self._look_at(values)
            if time.monotonic() >= until:
                return
        self.complete = True

    @property
    def share_left_out(self) -> float:
        """Of those that were looked at, 0..1."""
        return self.left_out / max(1, self.looked)

    @property
    def designs(self) -> int:
        """How many will be trained; exact where all combinations were looked at."""
        wanted = self.definition.trials
        if self.definition.sampler != "grid" and self.combinations is None:
            return wanted if self.share_left_out < 1 else 0
        can_be = round((self.combinations or 0) * (1 - self.share_left_out))
        return min(can_be, wanted) if wanted else can_be

    @property
    def runs(self) -> int:
        """How many runs that takes, if none stops early."""
        return self.designs * self.definition.seeds

    @property
    def seconds(self) -> float | None:
        """How long all of it takes at most, as many at a time as there are devices; None where unknown.

        Going by earlier runs; without the tests of the winner, and for all runs to their ends.
        """
        if not self._seconds or len(self._seconds) < self._timed:
            return None
        workers = len(served_devices(self.definition.config.device))
        total = self.runs * math.fsum(self._seconds) / len(self._seconds) / workers
        return min(total, 60 * self.definition.minutes) if self.definition.minutes else total

    def _look_at(self, values: dict[str, Value]) -> None:
        self.looked += 1
        obstacle = self._obstacle(values)
        if obstacle:
            self.left_out += 1
            self.reasons[obstacle] += 1
        elif self._timed < TIMED:
            self._timed += 1
            spec, config = self.definition.run(values, 0)
            takes = expected.seconds(self._runs_dir, spec, config, self.definition.data, past=self._past)
            self._seconds += [takes] if takes is not None else []

    def _obstacle(self, values: dict[str, Value]) -> str:
        key = tuple(values[name] for name in self._toggles)
        try:
            if len(self._toggles) < len(values):
                self.definition.run(values, 0)  # settings that do not go together
            if key not in self._of_design:
                self._of_design[key] = self.definition.obstacle(values)
        except UserError as error:
            return str(error)
        return self._of_design[key]


def _in_random_order(definition: Definition) -> Iterator[dict[str, Value]]:
    """All combinations, so that the first ones stand for the rest."""
    all_of_them = [dict(values) for values in _grid(definition.axes)]
    Random(0).shuffle(all_of_them)
    return iter(all_of_them)


def _grid(axes: tuple[Axis, ...]) -> list[dict[str, Value]]:
    combinations: list[dict[str, Value]] = [{}]
    for axis in axes:
        combinations = [{**before, axis.name: value} for before in combinations for value in axis.values]
    return combinations


def _drawn(definition: Definition) -> Iterator[dict[str, Value]]:
    dice = Random(0)

    def draw() -> Iterator[dict[str, Value]]:
        while True:
            yield {axis.name: _draw(axis, dice) for axis in definition.axes}

    return islice(draw(), SAMPLE)


def _draw(axis: Axis, dice: Random) -> Value:
    if axis.values:
        return dice.choice(axis.values)
    if axis.log:
        value = math.exp(dice.uniform(math.log(axis.low), math.log(axis.high)))
    else:
        value = dice.uniform(axis.low, axis.high)
    return round(value) if axis.whole else min(max(value, axis.low), axis.high)
