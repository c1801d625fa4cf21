"""What the search has found, as graphs."""

from __future__ import annotations

from collections.abc import Sequence

from cifar7.imports.graph import IMAGE, Claims, Graph, Node, Remark, Unused, learnt
from cifar7.imports.tabular.branching import Section, forks_of
from cifar7.imports.tabular.parts import Part, Shape
from cifar7.imports.tabular.paths import State
from cifar7.imports.tabular.strides import even_strides

MOST = 12  # readings shown of one text
SLACK = 1.3  # how much less likely than the best a reading may be


def ranked(states: list[State]) -> list[State]:
    """The likely ones, the best first, none twice."""
    whole = [state for state in states if state.chain is not None]
    ends = sorted((_cost(state), at, state) for at, state in enumerate(whole))
    found: list[tuple[int, State]] = []
    seen = set()
    shapes: set[object] = set()
    for cost, at, state in ends:
        calls = state.calls()
        key = tuple((step.kind, step.part and step.part.name, inputs) for step, inputs in calls)
        if cost <= ends[0][0] + SLACK and key not in seen:
            seen.add(key)
            # Where there are too many, those with other settings rather than the same ones called on others.
            shape = tuple(repr(step.settings) for step, _ in calls if step.kind == "conv")
            found.append(((shape in shapes) * len(ends) + at, state))
            shapes.add(shape)
    kept = {id(state) for _, state in sorted(found, key=lambda one: one[0])[:MOST]}
    return [state for _, state in found if id(state) in kept]


def _cost(state: State) -> float:
    """With that of paths that end nowhere."""
    return state.cost + 3.0 * (len(state.waiting) + state.lost)


def graph(
    state: State,
    name: str,
    image: Shape | None = None,
    remarks: tuple[Remark, ...] = (),
    claims: Claims | None = None,
    certain: bool = True,
    sections: Sequence[Section] = (),
) -> Graph:
    """One reading. What nothing leads from is never called, as far as it has a name.

    `sections`: containers whose ways may part elsewhere as well.
    """
    calls = state.calls()
    reached = {len(calls) - 1}
    for at in range(len(calls) - 1, -1, -1):
        if at in reached:
            reached.update(calls[at][1])
    places = {IMAGE: IMAGE}
    nodes: list[Node] = []
    idle = list(state.unused)
    for at, (step, inputs) in enumerate(calls):
        if at not in reached:
            idle += [step.part] if step.part and step.part.kind else []
            continue
        places[at] = len(nodes)
        part = step.part
        nodes.append(
            Node(
                step.kind,
                tuple(places[place] for place in inputs),
                step.settings,
                (part.name or part.type) if part else "",
                part.line if part else 0,
                step.shape if part is None or part.shape is None else part.shape,
                part.parameters if part and part.kind else None,
            )
        )
    unused = tuple(Unused(part.name, _parameters(part), part.line) for part in idle)
    dead = tuple(
        Remark(
            "never-called", f"{part.name} fits nowhere in the chain, and is taken as never called", part.line
        )
        for part in idle[:1]
    )
    by_line = {node.line: place for place, node in enumerate(nodes) if node.line}
    return Graph(
        name,
        even_strides(nodes),
        image=(image[0], image[1], image[2]) if image else None,
        unused=unused,
        remarks=(*remarks, *dead),
        claims=claims or Claims(),
        certain=certain,
        difference="" if certain else _difference(state),
        forks={
            by_line[one.container.line]: forks_of(one, nodes, by_line)
            for one in sections
            if one.container.line in by_line
        },
    )


def _difference(state: State) -> str:
    """What sets a reading apart, in words."""
    calls = [step for step, _ in state.calls()]
    unseen = sum(step.part is None and step.kind in ("max_pool", "adaptive_avg_pool") for step in calls)
    strides = sum(step.kind == "conv" and step.settings["stride"] > 1 for step in calls)
    pools = f"{unseen} pools that no row shows, {strides} strides" if "functional pools" in state.tags else ""
    groups = "convolutions in groups" if "groups" in state.tags else ""
    words = [*state.notes, pools, groups]
    return "; ".join(filter(None, words)) or "one layer after the other, as they are listed"


def _parameters(part: Part) -> int:
    if part.parameters is not None:
        return part.parameters
    return learnt(part.kind, part.settings)
