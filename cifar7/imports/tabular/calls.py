"""A model's modules as events for the search: as they are written, with the borders of containers."""

from __future__ import annotations

import re
from dataclasses import replace

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular.parts import ACTIVATIONS, POOLS, Part
from cifar7.imports.tabular.paths import Event

SHORTCUTS = ("shortcut", "skip", "downsample", "residual", "identity", "res", "skip_connection", "shortcuts")
ADDING = re.compile(r"resid|res_?(block|unit)|basic_?block|bottleneck|skip_?block", re.IGNORECASE)


class Calls:
    """Events of a tree of modules.

    `named`: names such as "shortcut" and "BasicBlock" say where paths meet. `skips`: a unit may have been
    left out. `pool`: one that may be called again, up to `most` times, before units with weights around it.
    """

    def __init__(
        self, root: Part, *, named: bool = True, skips: bool = True, pool: Part | None = None, most: int = 0
    ) -> None:
        self.root, self.named, self.skips, self.pool, self.most = root, named, skips, pool, most
        self.events: list[Event] = []
        self.unknown: list[Part] = []  # without children, of a class that torch does not have
        self._visit(root, free=True)

    def _visit(self, part: Part, free: bool) -> None:
        """`free`: a path may begin or end before it."""
        if part.kind:
            if self.pool is not None and part == self.pool:
                self.events.append(Event("pool", part, free=True))
            else:
                self.events.append(Event("layer", part, free=free, joins=free))
        elif not part.children:
            if part.type not in ("Sequential", "ModuleList", "ModuleDict", "Identity"):
                self.unknown.append(part)
        elif part.type == "Residual":
            self.events.append(Event("open", part))
            for child in part.children:
                self._visit(child, False)
            self.events.append(Event("sum", part))
        elif part.type in ("Branches", "BranchesConcat"):
            self._branches(part, free)
        elif part.ordered:
            for at, child in enumerate(part.children):
                self._visit(child, free and at == 0)
        else:
            self._custom(part, free)

    def _between(
        self, opening: str, closing: str, part: Part, children: tuple[Part, ...], free: bool
    ) -> None:
        self.events.append(Event(opening, part))
        for at, child in enumerate(children):
            self._visit(child, free and at == 0)
        self.events.append(Event(closing, part))

    def _branches(self, part: Part, free: bool) -> None:
        sides = {child.attribute: child for child in part.children}
        if (
            "" in sides and len(part.children) == 2
        ):  # a table without names has them in the order of their calls
            sides = dict(zip(("main", "side"), part.children))
        if set(sides) != {"main", "side"}:
            raise UnreadableError(
                f"line {part.line}: {part.type} has {', '.join(sides)}",
                "it has main and side, a Sequential each",
            )
        self.events.append(Event("open", part))
        self._visit(sides["main"], False)
        self.events.append(Event("side", part))
        self._visit(sides["side"], False)
        self.events.append(Event("concat" if part.type == "BranchesConcat" else "join", part))

    def _custom(self, part: Part, free: bool) -> None:
        """A class of the student's: its forward may do anything between its children."""
        children = part.children
        if not list(part.layers()):
            for child in children:
                self._visit(child, False)
            return
        if part is not self.root:
            self.events.append(Event("enter", part, free=free, joins=free))
        at = next((at for at, child in enumerate(children) if child.attribute in SHORTCUTS), None)
        if not self.named or (at is None and not ADDING.search(part.type)):
            self._units(children, part)
        elif at is not None and list(children[at].layers()):
            self._beside(part, at)
        else:
            kept = tuple(child for place, child in enumerate(children) if place != at)
            cut = _tail(kept) if at is None or at == 0 else max(at, 1)
            self.events.append(Event("open", part))
            self._units(kept[:cut], part)
            self.events.append(Event("maybe", part))
            self._units(kept[cut:], part)
        if part is not self.root:
            self.events.append(Event("leave", part))

    def _beside(self, part: Part, at: int) -> None:
        """Children of which one is a shortcut with layers of its own."""
        before, side, behind = part.children[:at], part.children[at], part.children[at + 1 :]
        self.events.append(Event("open", part))
        if at == 0:
            cut = _tail(behind)
            before, behind = behind[:cut], behind[cut:]
        for child in before:
            self._visit(child, False)
        self.events.append(Event("side", part))
        self._visit(side, False)
        self.events.append(Event("join", part))
        self._units(behind, part)

    def _units(self, children: tuple[Part, ...], part: Part) -> None:
        for child in children:
            start = len(self.events)
            self._visit(child, True)
            events = self.events
            if start == len(events):
                continue
            first = events[start]
            weighted = any(layer.kind in ("conv", "linear") for layer in child.layers())
            again = self.pool is not None and weighted and _parent(self.pool) == part.name
            if self.skips and first.do in ("layer", "enter"):
                events[start] = replace(first, behind=len(events) + again)
            if again and self.pool is not None:
                events.insert(start, Event("pool", self.pool, most=self.most))
                for place in range(start + 1, len(events)):
                    inner = events[place]
                    if inner.behind and place > start + 1:
                        events[place] = replace(inner, behind=inner.behind + 1)


def _parent(part: Part) -> str:
    return part.name.rpartition(".")[0]


def _tail(children: tuple[Part, ...]) -> int:
    """How many children come before an activation at the end, which follows the sum."""
    return len(children) - (len(children) > 1 and children[-1].kind in ACTIVATIONS)


def free_pools(root: Part) -> list[Part]:
    """Pools that are attributes of a class of the student's, which may call them more than once."""
    found = [child for child in root.children if child.kind in POOLS] if not root.ordered else []
    for child in root.children:
        if not child.kind:
            found += free_pools(child)
    return found
