"""A network in the making: its calls so far, and the paths that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cifar7.imports.tabular.parts import Part, Shape


@dataclass(frozen=True, slots=True)
class Step:
    """A call, before it is known on what."""

    kind: str
    settings: Mapping[str, Any]
    shape: Shape
    part: Part | None = None  # None for a function, which no text shows


@dataclass(frozen=True, slots=True)
class Way:
    """How a layer may take a map: calls, its own the last. `tags`: costs that count once a network."""

    steps: tuple[Step, ...]
    cost: float = 0.0
    tags: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A layer, or what happens at the border of a container."""

    do: str  # layer, enter, leave, open, side, join, concat, maybe, sum, later, close, pool
    part: Part
    free: bool = False  # whether a path may begin or end before it
    joins: bool = False  # whether two paths may meet before it
    behind: int = 0  # place of the event behind its unit, where it may have never been called
    most: int = 0  # times that a pool is called more often than it is written


Spot = tuple[int, Shape]  # a call's place in the network, and what it puts out
Chain = tuple[Any, "Step", tuple[int, ...]] | None  # calls so far, linked backwards


@dataclass(frozen=True, slots=True)
class State:
    """A network up to some event."""

    now: Spot
    cost: float = 0.0
    chain: Chain = None
    count: int = 0
    points: tuple[Spot, ...] = ()
    waiting: tuple[tuple[Spot, int], ...] = ()  # ends of other paths, with the calls each has
    since: int = 0  # calls before the path at hand began
    stack: tuple[Spot, ...] = ()
    tags: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    unused: tuple[Part, ...] = ()
    passed: int = 0  # places where two paths could have met
    early: bool = False  # whether they were likely to meet at the first
    outer: tuple[tuple[Any, ...], ...] = ()  # paths outside the containers at hand
    lost: int = 0  # paths that ended nowhere

    def call(self, step: Step, inputs: tuple[int, ...]) -> State:
        """One call more."""
        return replace(
            self, now=(self.count, step.shape), chain=(self.chain, step, inputs), count=self.count + 1
        )

    def walk(self, way: Way) -> State:
        """The calls of a way, on what is at hand."""
        new = frozenset(way.tags) - self.tags
        state = self
        if way.cost or new or way.note:
            state = replace(
                self,
                cost=self.cost + way.cost + sum(way.tags[tag] for tag in new),
                tags=self.tags | new,
                notes=(*self.notes, way.note) if way.note else self.notes,
            )
        for step in way.steps:
            state = state.call(step, (state.now[0],))
        return state

    def calls(self) -> list[tuple[Step, tuple[int, ...]]]:
        """All calls, in order."""
        found, chain = [], self.chain
        while chain is not None:
            found.append((chain[1], chain[2]))
            chain = chain[0]
        return found[::-1]

    def joined(self, at: int, how: str, where: str, part: Part | None = None) -> State | None:
        """With a waiting path added or concatenated to the one at hand; None where they do not fit.

        `part`: the container whose ways these are.
        """
        (other, length), shape = self.waiting[at], self.now[1]
        if other == self.now or other[1][1:] != shape[1:] or (how == "add" and other[1] != shape):
            return None
        made = shape if how == "add" else (other[1][0] + shape[0], *shape[1:])
        word = "sum" if how == "add" else "concatenation"
        early = self.early if self.passed else length > self.count - self.since + 1
        state = replace(
            self,
            waiting=self.waiting[:at] + self.waiting[at + 1 :],
            since=0,
            passed=0,
            cost=self.cost + 0.1 * (min(self.passed, 4) if early else 4 - min(self.passed, 4)),
            notes=(*self.notes, f"{word} {where}"),
        )
        return state.call(Step(how, {}, made, part), (other[0], self.now[0]))

    def apart(self) -> State:
        """Where two paths could have met, and did not.

        A long path has a short one beside it, and they meet at once; a short one waits for the long one.
        """
        early = self.early if self.passed else self.waiting[-1][1] > self.count - self.since + 1
        return replace(self, passed=self.passed + 1, early=early)

    def entered(self) -> State:
        """Within a container, where the paths outside are not known."""
        outer = (self.points, self.waiting, self.since, self.passed, self.early)
        return replace(self, points=(self.now,), waiting=(), since=0, passed=0, outer=(*self.outer, outer))

    def left(self) -> State:
        """Behind the container; a path that still waits in it was left over."""
        points, waiting, since, passed, early = self.outer[-1]
        lost, outer = self.lost + len(self.waiting), self.outer[:-1]
        inner = replace(self, lost=lost, outer=outer, points=points, waiting=waiting)
        return replace(inner, since=since, passed=passed, early=early)
