"""In what order layers are called on what: the networks that fit, the likely first.

A network is mostly a chain. Where a layer does not fit what comes before, a path may begin at an earlier map;
where two paths are open, they may be joined. All such networks are tried side by side, the likely ones first,
and no more than `WIDTH` at a time. Paths begin and end within one container.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from cifar7.imports.graph import IMAGE, UnreadableError, words
from cifar7.imports.tabular.parts import ACTIVATIONS, KEEPS, NORMS, POOLS, Part, Shape
from cifar7.imports.tabular.paths import Event, Spot, State, Step, Way

WIDTH = 48  # networks tried side by side
CHECKPOINTS = 12  # earlier maps at which a path may begin, besides the image
RESTART, CONCAT, AGAIN = 1.0, 0.3, 1.3  # what makes a network less likely


class Budget:
    """Steps that the reading of one text may take, over all searches."""

    def __init__(self, steps: int = 80_000) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """UnreadableError where none is left."""
        self.left -= steps
        if self.left < 0:
            raise UnreadableError(
                "the layers fit together in more ways than can be tried",
                "paste the source of the network instead",
            )


class Ways(Protocol):
    """How the layers of a text may take a map."""

    budget: Budget

    def __call__(self, part: Part, shape: Shape) -> list[Way]:
        """None where it does not fit."""
        ...

    def needs(self, part: Part) -> str:
        """What it would take, in words."""
        ...


def search(events: list[Event], image: Shape, ways: Ways, width: int = WIDTH) -> list[State]:
    """Networks that fit all events, the likely first; UnreadableError at the layer that fits nowhere."""
    waiting_at: dict[int, list[State]] = {0: [State((IMAGE, image))]}
    last: Part | None = None
    for at, event in enumerate(events):
        states = waiting_at.pop(at, [])
        made: list[State] = []
        for state in states:
            new = _step(state, event, ways, last)
            ways.budget.spend(1 + len(new))
            made += new
            if _may_skip(events, at) and not any(one.cost - state.cost < RESTART for one in new):
                waiting_at.setdefault(event.behind, []).append(_skipped(state, events, at, event.behind))
        waiting_at.setdefault(at + 1, []).extend(made)
        waiting_at[at + 1] = _best(waiting_at[at + 1], width)
        if not any(waiting_at.values()):
            raise _stuck(states[0], event, ways)
        last = event.part if event.part.kind else last
    ended = waiting_at[len(events)]
    return ended + [new for state in ended for new in _joins(state, last)]


def _best(states: list[State], width: int) -> list[State]:
    return sorted(states, key=lambda state: state.cost)[:width]


UNUSED = ("unused", "aux", "old", "spare")


def _may_skip(events: list[Event], at: int) -> bool:
    """Whether a unit may have been left out: the last linear layer is not, where it is the only one."""
    event = events[at]
    likely = any(word in event.part.name.lower() for word in UNUSED)
    if not event.behind or event.part.kind != "linear" or likely:
        return event.behind > 0
    return event.behind < len(events) or any(one.part.kind == "linear" for one in events[:at])


def _skipped(state: State, events: list[Event], at: int, behind: int) -> State:
    """With a whole unit never called: cheap where its name says so, or where nothing comes behind it."""
    parts = tuple(event.part for event in events[at:behind] if event.do == "layer")
    name = events[at].part.name.lower()
    likely = any(word in name for word in UNUSED)
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
            how = "add" if event.do == "join" else "concat"
            new = ended.joined(len(ended.waiting) - 1, how, "", event.part)
            return [replace(new, notes=state.notes, cost=state.cost)] if new else []
        case "sum" | "maybe":
            return _sum(replace(state, stack=state.stack[:-1]), state.stack[-1], event)
        case "later":  # of a table that lists a container behind its layers: where it began is unknown
            return _later(state, event, last)
        case "enter":
            return _enter(state, event, ways, last)
        case "leave":
            return [state.left(), *(joined.left() for joined in _joins(state, last))]
        case "pool":
            return _pool(state, event, ways, last)
    return [state]


def _sum(state: State, start: Spot, event: Event) -> list[State]:
    """The input of a container added to what comes out of it: certain for "sum", else one of two readings."""
    fits = start[1] == state.now[1] and start != state.now
    if not fits:
        return [state] if event.do != "sum" else []
    known = event.part if event.do == "sum" else None
    summed = state.call(Step("add", {}, start[1], known), (start[0], state.now[0]))
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


def _later(state: State, event: Event, last: Part | None) -> list[State]:
    """A container that a table lists behind its layers: where it began is unknown."""
    name = event.part.type.partition("-")[0]
    if state.waiting:
        return _joins(state, last)
    found: list[State] = []
    for rank, spot in enumerate(list(reversed(state.points))[:6]):
        habit = f"{name} spans {rank}"  # blocks of a class are equally long
        others = any(tag.startswith(f"{name} spans") and tag != habit for tag in state.tags)
        if spot[1] != state.now[1] or spot == state.now or others:
            continue
        for new in _sum(state, spot, event):
            if new.count == state.count and any(one.count == state.count for one in found):
                continue  # that nothing is added, once
            tags = new.tags | {habit} if new.count > state.count else new.tags
            found.append(replace(new, tags=tags, cost=new.cost + 0.05 * len(found)))
    return found or [state]


def _joins(state: State, last: Part | None) -> list[State]:
    """With a waiting path added, for each that fits."""
    places = range(len(state.waiting))
    return [new for at in places if (new := state.joined(at, "add", _where(last)))]


def _sources(state: State, event: Event, part: Part, ways: Ways, last: Part | None) -> list[State]:
    """What the layer may be called on: what is at hand, a junction of two paths, an earlier map."""
    heads = event.free and part.kind not in KEEPS and part.kind not in NORMS  # a path hardly begins with one
    if heads and (not state.points or state.points[-1] != state.now):
        points = (*state.points[:1], *state.points[1:][-CHECKPOINTS:], state.now)  # the first stays
        state = replace(state, points=points)
    joined = _joins(state, last) if event.joins and state.waiting else []
    if part.kind in ACTIVATIONS:  # a sum mostly stands behind one
        joined = [replace(one, cost=one.cost + 0.15) for one in joined]
    found = [state.apart() if joined else state, *joined]
    if not event.free or _likely(ways(part, state.now[1])):
        return found
    concats = [state.joined(at, "concat", _where(last)) for at in range(len(state.waiting))]
    found += [replace(concat, cost=concat.cost + CONCAT) for concat in concats if concat]
    return found + _restarts(state, part, ways) + _dense(state, part, ways, last)


def _likely(found: list[Way]) -> bool:
    return bool(found) and min(way.cost + sum(way.tags.values()) for way in found) <= 0.9


def _layer(state: State, event: Event, ways: Ways, last: Part | None) -> list[State]:
    part = event.part
    sources = _sources(state, event, part, ways, last)
    made = []
    for source in sources:
        if source.now[0] >= state.count:  # a junction: later layers may go back to it
            source = replace(source, points=(*source.points, source.now))
        made += [source.walk(way) for way in ways(part, source.now[1])]
    return made


def _enter(state: State, event: Event, ways: Ways, last: Part | None) -> list[State]:
    """Into a container: its first layer says what it can be called on."""
    first = next(iter(event.part.layers()))
    sources = _sources(state, event, first, ways, last)
    return [source.entered() for source in sources if ways(first, source.now[1])]


def _pool(state: State, event: Event, ways: Ways, last: Part | None) -> list[State]:
    """A pool that is defined once: called again, or not where it is defined."""
    written = event.free
    found = [replace(state, cost=state.cost + 0.3 * written)]
    again = sum("called" in note for note in state.notes)
    behind = state.chain is None or state.chain[1].kind in POOLS
    if not written and (again >= event.most or behind):
        return found
    note = () if written else (f"{event.part.name or 'a functional pool'} called {_where(last)}",)
    called = replace(
        state, notes=(*state.notes, *note), cost=state.cost + 0.005 * state.count * (not written)
    )
    return [*found, *(called.walk(way) for way in ways(event.part, state.now[1]))]


def _restarts(state: State, part: Part, ways: Ways) -> list[State]:
    """A new path, from an earlier map that fits: the latest is the likeliest."""
    if len(state.waiting) > 3:
        return []
    made: list[State] = []
    for spot in reversed(state.points):
        if spot == state.now or not _likely(ways(part, spot[1])):
            continue
        waiting = (*state.waiting, (state.now, state.count - spot[0] - 1))
        cost = state.cost + RESTART + AGAIN * len(made)
        made.append(replace(state, now=spot, waiting=waiting, since=state.count, passed=0, cost=cost))
    return made


def _dense(state: State, part: Part, ways: Ways, last: Part | None) -> list[State]:
    """An earlier map concatenated to the one at hand, as dense blocks do."""
    made: list[State] = []
    for spot in reversed(state.points[:-1]):
        if spot[1][1:] != state.now[1][1:] or spot[0] == IMAGE or spot == state.now:
            continue
        shape = (spot[1][0] + state.now[1][0], *spot[1][1:])
        if _likely(ways(part, shape)):
            notes = (*state.notes, f"concatenation {_where(last)}")
            new = replace(state, cost=state.cost + RESTART + CONCAT + AGAIN * len(made), notes=notes)
            made.append(new.call(Step("concat", {}, shape), (spot[0], state.now[0])))
    return made


def _stuck(state: State, event: Event, ways: Ways) -> UnreadableError:
    """The layer that fits nothing, and what it would need."""
    part = next(event.part.layers(), event.part)
    name = f"{part.name} ({part.type})" if part.name else part.type
    cure = "the text does not show functional calls (pools, sums, reshaping): paste the source instead"
    if event.do not in ("layer", "enter"):
        return UnreadableError(
            f"line {event.part.line}: the paths of {event.part.type} end in unlike maps", cure
        )
    return UnreadableError(
        f"line {part.line}: {name} needs {ways.needs(part)}, and gets {words(state.now[1])}", cure
    )
