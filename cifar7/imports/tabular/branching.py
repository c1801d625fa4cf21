"""Containers of two ways in a table that lists them behind their rows, as torchsummary does.

Their names say what happens at their row: the ways main and side meet there. Main's rows come first, then
those of side, the last of which stands right before the container's. Open is where main begins, and where
side does: wherever the shapes allow it.
"""

from __future__ import annotations

from dataclasses import replace

from cifar7.imports.graph import IMAGE
from cifar7.imports.tabular.parts import KEEPS, NORMS, Part
from cifar7.imports.tabular.paths import Event, Spot, State, Step, Way

ADDED, CONCATENATED = "Branches", "BranchesConcat"
MOST_STARTS = 10  # maps that both ways may begin at
PAST = 40  # calls that are looked back on


def closing(part: Part) -> str:
    """The class of a container of two ways; empty for another row."""
    name = part.type.partition("-")[0]
    return name if name in (ADDED, CONCATENATED) else ""


def noted(state: State) -> State:
    """With the map at hand among those that two ways may begin at."""
    if state.starts and state.starts[-1] == state.now:
        return state
    return replace(state, starts=(*state.starts, state.now)[-PAST:])


def sides(state: State, event: Event, ways: list[list[Way]]) -> list[State]:
    """Side begins with this layer: main has put out what the container's row says, and waits for it.

    `ways`: for each of the maps that both ways may begin at, how the layer takes it.
    """
    container = event.within
    if container is None or state.waiting or not _ends(state, container):
        return []
    kinds = _kinds(state)
    opening, before = event.part.kind, kinds.get(state.now[0], "")
    made = []
    for rank, (spot, found) in enumerate(zip(starts(state), ways)):
        if not found:
            continue
        first = kinds.get(spot[0] + 1, "")
        cost = 0.1 + 0.04 * rank + _odd(opening, before) + _odd(first, kinds.get(spot[0], ""))
        cost += 0.3 * ((first in KEEPS or first in NORMS) != (opening in KEEPS or opening in NORMS))
        note = (
            f"{container.type}: one way from {_called(state, spot)}, the other begins with {event.part.type}"
        )
        waiting = ((state.now, state.count - spot[0] - 1),)
        made.append(replace(
            state, now=spot, waiting=waiting, since=state.count, cost=state.cost + cost,
            notes=(*state.notes, note),
        ))  # fmt: skip
    return made


def starts(state: State) -> list[Spot]:
    """The maps that both ways may begin at, the latest first; main has one layer at least."""
    return [spot for spot in reversed(state.starts) if spot != state.now][:MOST_STARTS]


def met(state: State, container: Part) -> list[State]:
    """The container's row: both ways meet. The side of a concatenation may have no layer at all."""
    how = "add" if closing(container) == ADDED else "concat"
    shape = container.shape or ()
    made: list[State] = []
    if state.waiting:
        joined = state.joined(len(state.waiting) - 1, how, "")
        made = [replace(joined, notes=state.notes, cost=state.cost)] if joined else []
    elif how == "concat":
        for rank, spot in enumerate(starts(state)):
            if spot[1][1:] == state.now[1][1:] and spot[1][0] + state.now[1][0] == shape[0]:
                note = f"{container.type}: {_called(state, spot)} beside what comes of it"
                new = replace(state, cost=state.cost + 0.04 * rank, notes=(*state.notes, note))
                made.append(new.call(Step("concat", {}, shape), (state.now[0], spot[0])))
    return [replace(one, starts=(one.now,)) for one in made if one.now[1] == shape]


def _ends(state: State, container: Part) -> bool:
    """Whether the map at hand can be one of the two that meet."""
    shape, now = container.shape or (), state.now[1]
    if closing(container) == ADDED:
        return now == shape
    return now[1:] == shape[1:] and now[0] < shape[0]


def _kinds(state: State) -> dict[int, str]:
    """The kinds of the latest calls, by their places."""
    found, chain = {}, state.chain
    for back in range(PAST):
        if chain is None:
            break
        found[state.count - 1 - back] = chain[1].kind
        chain = chain[0]
    return found


def _odd(kind: str, before: str) -> float:
    """How unlikely a way begins between two layers: mostly with a convolution, or what precedes one."""
    if kind not in KEEPS and kind not in NORMS:
        return 0.0
    return 0.15 if before not in KEEPS and before not in NORMS else 0.4


def _called(state: State, spot: Spot) -> str:
    chain = state.chain
    for _ in range(state.count - 1 - spot[0]):
        chain = chain[0] if chain else None
    if spot[0] == IMAGE or chain is None:
        return "the image"
    return chain[1].part.type if chain[1].part else f"the {chain[1].kind}"
