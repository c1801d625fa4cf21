"""In what order layers are called on what: the paths that fit, cheapest first.

A network is mostly a chain. Where a layer does not fit what comes before, a path may begin at an earlier map;
where two paths are open, they may be joined. All such networks are tried side by side, the likely ones first,
and no more than `WIDTH` at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cifar7.imports.graph import IMAGE, ImportFault
from cifar7.imports.tabular.parts import Part, Shape
from cifar7.imports.tabular.sizes import words

WIDTH = 48  # networks tried side by side
CHECKPOINTS = 12  # earlier maps at which a path may begin, besides the image
RESTART, CONCAT, AGAIN = 1.0, 0.3, 0.25  # what makes a network less likely


@dataclass(frozen=True, slots=True)
class Step:
    """A call, before it is known on what."""

    kind: str
    settings: Mapping[str, Any]
    shape: Shape
    part: Part | None = None  # None for a function, which no text shows


@dataclass(frozen=True, slots=True)
class Way:
    """How a layer may take a map: the calls, the last of them its own. `tags`: costs that count once a network."""

    steps: tuple[Step, ...]
    cost: float = 0.0
    tags: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A layer, or what happens at the border of a container."""

    do: str  # layer, open, side, join, concat, maybe, sum, later, close, pool
    part: Part
    free: bool = False  # whether a path may begin or end before it
    joins: bool = False  # whether two paths may meet before it
    behind: int = 0  # place of the event behind its unit, where it may have never been called


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

    def joined(self, at: int, how: str, where: str) -> State | None:
        """With the path that waits at `at` added or concatenated to the one at hand; None where they do not fit."""
        (other, length), shape = self.waiting[at], self.now[1]
        if other == self.now or other[1][1:] != shape[1:] or (how == "add" and other[1] != shape):
            return None
        made = shape if how == "add" else (other[1][0] + shape[0], *shape[1:])
        waiting = self.waiting[:at] + self.waiting[at + 1 :]
        # A long path has its short neighbour beside it and ends with it; a short one waits for the long one.
        likely = 0.02 * (self.count - self.since) * (1 if length > self.count - self.since else -1)
        word = "sum" if how == "add" else "concatenation"
        state = replace(
            self, waiting=waiting, since=0, cost=self.cost + max(-0.5, min(0.5, likely)),
            notes=(*self.notes, f"{word} {where}"),
        )  # fmt: skip
        return state.call(Step(how, {}, made), (other[0], self.now[0]))


Ways = Callable[[Part, Shape], list[Way]]


def search(events: list[Event], image: Shape, ways: Ways, width: int = WIDTH) -> list[State]:
    """Networks that fit all events, the likely first; ImportFault at the layer that fits nowhere."""
    waiting_at: dict[int, list[State]] = {0: [State((IMAGE, image))]}
    last: Part | None = None
    for at, event in enumerate(events):
        states = waiting_at.pop(at, [])
        made: list[State] = []
        for state in states:
            new = _step(state, event, ways, last)
            made += new
            if event.behind and not any(one.cost - state.cost < RESTART for one in new):
                waiting_at.setdefault(event.behind, []).append(_skipped(state, events, at, event.behind))
        waiting_at.setdefault(at + 1, []).extend(made)
        waiting_at[at + 1] = _best(waiting_at[at + 1], width)
        if not any(waiting_at.values()):
            raise _stuck(states[0], event.part, ways)
        last = event.part if event.part.kind else last
    return waiting_at[len(events)]


def _best(states: list[State], width: int) -> list[State]:
    return sorted(states, key=lambda state: state.cost)[:width]


def _skipped(state: State, events: list[Event], at: int, behind: int) -> State:
    """With a whole unit never called: cheap where its name says so, or where nothing comes behind it."""
    parts = tuple(event.part for event in events[at:behind] if event.do == "layer")
    name = events[at].part.name.lower()
    likely = any(word in name for word in ("unused", "aux", "old", "spare"))
    cost = 0.5 if likely else 2.0 if behind == len(events) else 3.0
    return replace(state, cost=state.cost + cost, unused=state.unused + parts)


def _where(last: Part | None) -> str:
    return "at the image" if last is None else f"after {last.name or last.type} (line {last.line})"


def _step(state: State, event: Event, ways: Ways, last: Part | None) -> list[State]:
    match event.do:
        case "layer":
            return _layer(state, event, ways, last)
        case "open":
            return [replace(state, stack=(*state.stack, state.now))]
        case "side":  # the main path waits, and another begins where its container does
            waiting = (*state.waiting, (state.now, state.count))
            return [replace(state, now=state.stack[-1], waiting=waiting, since=state.count)]
        case "join" | "concat":  # the two that wait in the container at hand
            ended = replace(state, stack=state.stack[:-1])
            new = ended.joined(len(ended.waiting) - 1, "add" if event.do == "join" else "concat", _where(last))
            return [replace(new, notes=state.notes, cost=state.cost)] if new else []
        case "sum" | "maybe":
            return _sum(replace(state, stack=state.stack[:-1]), state.stack[-1], event)
        case "later":  # of a table that lists a container behind its layers: where it began is unknown
            return _later(state, event)
        case "pool":  # one that is defined once may be called again, or not where it is defined
            found = [replace(state, cost=state.cost + 0.3 * event.free)]
            for way in ways(event.part, state.now[1]):
                note = "" if event.free else f"{event.part.name or 'a functional pool'} called {_where(last)}"
                found.append(replace(state, notes=(*state.notes, note)).walk(way) if note else state.walk(way))
            return found
        case "close":
            return [state, *_joins(state, last)] if state.waiting else [state]
    return [state]


def _sum(state: State, start: Spot, event: Event) -> list[State]:
    """The input of a container added to what comes out of it: certain for "sum", else one of two readings."""
    fits = start[1] == state.now[1] and start != state.now
    if not fits:
        return [state] if event.do != "sum" else []
    summed = state.call(Step("add", {}, start[1]), (start[0], state.now[0]))
    if event.do == "sum":
        return [summed]
    decided = [tag for tag in state.tags if tag.startswith("sums ")]
    found = []
    for tag, new in (("sums of inputs", summed), ("sums nowhere", state)):
        if not decided:
            note = "blocks add their input" if new is summed else "blocks do not add their input"
            cost = state.cost + 0.3 * (new is state)
            found.append(replace(new, tags=state.tags | {tag}, notes=(*state.notes, note), cost=cost))
        elif tag in decided:
            found.append(new)
    return found


def _later(state: State, event: Event) -> list[State]:
    """A sum whose container a table lists behind its layers: any earlier map may be what is added."""
    found: list[State] = []
    for spot in [spot for spot in reversed(state.points) if spot[1] == state.now[1] and spot != state.now][:6]:
        for new in _sum(state, spot, event):
            if new.count == state.count and any(one.count == state.count for one in found):
                continue  # that nothing is added, once
            found.append(replace(new, cost=new.cost + 0.05 * len(found)))
    return found or [state]


def _joins(state: State, last: Part | None) -> list[State]:
    """With a waiting path added, for each that fits."""
    places = range(len(state.waiting))
    return [new for at in places if (new := state.joined(at, "add", _where(last)))]


def _layer(state: State, event: Event, ways: Ways, last: Part | None) -> list[State]:
    part = event.part
    straight = ways(part, state.now[1])
    if event.free and (not state.points or state.points[-1] != state.now):
        points = (*state.points[:1], *state.points[1:][-CHECKPOINTS:], state.now)  # the image stays
        state = replace(state, points=points)
    made = [state.walk(way) for way in straight]
    if event.joins:
        for joined in _joins(state, last):
            made += [joined.walk(way) for way in ways(part, joined.now[1])]
    if not event.free:
        return made
    if straight and min(way.cost + sum(way.tags.values()) for way in straight) <= 0.9:
        return made
    for at in range(len(state.waiting)):
        if concat := state.joined(at, "concat", _where(last)):
            concat = replace(concat, cost=concat.cost + CONCAT)
            made += [concat.walk(way) for way in ways(part, concat.now[1])]
    return made + _restarts(state, part, ways) + _dense(state, part, ways, last)


def _restarts(state: State, part: Part, ways: Ways) -> list[State]:
    """A new path, from an earlier map that fits: the latest is the likeliest."""
    if len(state.waiting) > 3:
        return []
    made: list[State] = []
    rank = 0
    for spot in reversed(state.points):
        if spot == state.now:
            continue
        fitting = ways(part, spot[1])
        if not fitting:
            continue
        waiting = (*state.waiting, (state.now, state.count - max(spot[0], 0)))
        begun = replace(
            state, now=spot, waiting=waiting, since=state.count, cost=state.cost + RESTART + AGAIN * rank
        )
        made += [begun.walk(way) for way in fitting]
        rank += 1
    return made


def _dense(state: State, part: Part, ways: Ways, last: Part | None) -> list[State]:
    """An earlier map concatenated to the one at hand, as dense blocks do."""
    made: list[State] = []
    for spot in reversed(state.points[:-1]):
        if spot[1][1:] != state.now[1][1:] or spot[0] == IMAGE or spot == state.now:
            continue
        shape = (spot[1][0] + state.now[1][0], *spot[1][1:])
        if fitting := ways(part, shape):
            note = f"concatenation {_where(last)}"
            new = replace(state, cost=state.cost + RESTART + CONCAT, notes=(*state.notes, note))
            new = new.call(Step("concat", {}, shape), (spot[0], state.now[0]))
            made += [new.walk(way) for way in fitting]
    return made


def _stuck(state: State, part: Part, ways: Ways) -> ImportFault:
    """The layer that fits nothing; what it would need is its reader's to say."""
    reason = getattr(ways, "needs", None)
    needs = reason(part) if reason else "something else"
    name = f"{part.name} ({part.type})" if part.name else part.type
    return ImportFault(
        f"line {part.line}: {name} needs {needs}, and gets {words(state.now[1])}",
        "the text does not show functional calls (pools, sums, reshaping): paste the source instead",
    )
