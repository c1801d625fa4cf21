"""The reader of print(model)."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from cifar7.imports.graph import Graph, Remark, UnreadableError
from cifar7.imports.tabular.calls import Calls, free_pools
from cifar7.imports.tabular.moves import arrangements
from cifar7.imports.tabular.parts import ACTIVATIONS, Part, Shape
from cifar7.imports.tabular.paths import State, Step, Way
from cifar7.imports.tabular.print_tree import parse
from cifar7.imports.tabular.readings import MOST, graph, ranked
from cifar7.imports.tabular.search import Budget, search
from cifar7.imports.tabular.sizes import after
from cifar7.imports.tabular.text import claims_of, lines_of, print_starts

SIDES = (32, 28, 64, 96, 128, 224)  # of images, tried in this order: print does not say it
MOST_CALLS = 5  # of a pool, besides the one that is written
POOL_WIDTH = 400  # networks tried side by side where pools are to be found
WINDOW = {"kernel": 2, "stride": 2, "padding": 0, "ceil": False}


class Fits:
    """How a layer with known settings takes a map. `ceil`: of average pools, where print leaves it out."""

    def __init__(self, budget: Budget, ceil: bool = False) -> None:
        self.budget, self.ceil = budget, ceil

    def __call__(self, part: Part, shape: Shape) -> list[Way]:
        """Straight; a linear layer also behind a flattening or a mean that no text shows."""
        self.budget.spend(1)
        settings = {**part.settings, "ceil": self.ceil} if part.kind == "avg_pool" else part.settings
        made = after(part.kind, settings, shape)
        if not isinstance(made, str):
            return [Way((Step(part.kind, settings, made, part),))]
        if part.kind not in ("linear", "batch_norm", "layer_norm") or len(shape) != 3:
            return []
        features = part.settings.get("in_features", part.settings.get("channels", 0))
        flat = Step("flatten", {}, (features,))
        made = after(part.kind, part.settings, (features,))
        if isinstance(made, str):
            return []
        own = Step(part.kind, part.settings, made, part)
        if prod(shape) == features:
            return [Way((flat, own))]
        if shape[0] == features and part.kind == "linear":
            mean = Step("adaptive_avg_pool", {"size": 1}, (features, 1, 1))
            return [Way((mean, flat, own), 0.4, {"functional mean": 0.2})]
        return []

    def needs(self, part: Part) -> str:
        """What it would take, in words."""
        made = after(part.kind, part.settings, (1, 1, 1))
        if part.kind == "linear":
            return f"{part.settings['in_features']:,} flat values"
        return made if isinstance(made, str) else "a larger map"


def read_print(text: str) -> list[Graph]:
    """The networks that a text of print(model) may stand for, the likely first."""
    lines = lines_of(text)
    roots = [parse(lines, start)[0] for start in _outer(lines)]
    if not roots:
        raise UnreadableError(
            "no printed model in the text",
            'paste all of what print(model) shows, from "Net(" to the last ")"',
        )
    root = max(roots, key=lambda one: sum(1 for _ in one.layers()))
    if not any(part.kind in ("conv", "linear") for part in root.layers()):
        raise UnreadableError(
            f"line {root.line}: {root.type} has no layer with weights", "a network has some"
        )
    claims = claims_of(lines)
    image, found, unknown = _search(root)
    remarks = _remarks(root, found[0], unknown, image)
    shown = image if image[1] != SIDES[0] else None
    return [graph(one, root.type, shown, remarks, claims, certain=len(found) == 1) for one in found]


def _outer(lines: list[str]) -> list[int]:
    """Places where a model opens that is not within another."""
    found, behind = [], 0
    for start in print_starts(lines)[:20]:
        if start >= behind:
            found.append(start)
            behind = parse(lines, start)[1]
    return found


def _search(root: Part) -> tuple[Shape, list[State], list[Part]]:
    """Image and networks; where the sizes do not fit, with pools called more often than print shows."""
    first = next(part for part in root.layers() if part.kind in ("conv", "linear"))
    channels = first.settings.get("in_channels", 3)
    fault: UnreadableError | None = None
    budget = Budget()
    sides = SIDES if any(part.kind == "linear" for part in root.layers()) else SIDES[:1]
    if first.kind == "linear":
        return _flat(root, first.settings["in_features"], budget)
    best: tuple[Shape, list[State], list[Part]] | None = None
    for side in sides:
        image = (channels, side, side)
        try:
            found, unknown = _arranged(root, image, budget)
        except UnreadableError as no:
            fault = fault or no
            continue
        if _whole(found[0]):
            return image, found, unknown
        best = best or (image, found, unknown)
    for side in sides:
        image = (channels, side, side)
        if pooled := _pooled(root, image, budget):
            return image, pooled, Calls(root).unknown
    if best:
        return best
    raise fault or UnreadableError("no network fits", "paste the source instead")


def _flat(root: Part, features: int, budget: Budget) -> tuple[Shape, list[State], list[Part]]:
    """A network that begins with a linear layer: of square colour or grey images."""
    for channels in (3, 1):
        side = round((features / channels) ** 0.5)
        if channels * side * side == features:
            image = (channels, side, side)
            return (image, *_arranged(root, image, budget))
    raise UnreadableError(
        f"{features:,} values are no square image", "the first layer takes C × H × H values"
    )


def _arranged(root: Part, image: Shape, budget: Budget) -> tuple[list[State], list[Part]]:
    """As it is written; and where that is no likely order, in others."""
    found: list[State] = []
    unknown: list[Part] = []
    fault: UnreadableError | None = None
    averages = any(part.kind == "avg_pool" for part in root.layers())
    for note, tree in arrangements(root):
        for named, ceil in [(True, False), (False, False), (True, True)][: 2 + averages]:
            calls = Calls(tree, named=named)
            unknown = unknown or calls.unknown
            try:
                states = ranked(search(calls.events, image, Fits(budget, ceil)))
            except UnreadableError as no:
                fault = fault or no
                continue
            found += [replace(one, notes=(note, *one.notes)) if note else one for one in states]
            break
    if not found:
        raise fault or UnreadableError("no network fits", "paste the source instead")
    return found[:MOST], unknown


def _whole(state: State) -> bool:
    """Whether it ends as a classifier does: in flat values, or a map of one pixel."""
    return prod(state.now[1][1:]) == 1 and not state.waiting and not state.lost


def _pooled(root: Part, image: Shape, budget: Budget) -> list[State]:
    """With a pool that print shows once called more often; or a functional one, where it shows none."""
    pools = free_pools(root)
    if not pools and any(part.kind in ("max_pool", "avg_pool") for part in root.layers()):
        return []
    pool = pools[0] if pools else Part("", "max_pool2d", 0, "max_pool", WINDOW)
    for most in range(1, MOST_CALLS + 1):
        try:
            states = search(Calls(root, pool=pool, most=most).events, image, Fits(budget), POOL_WIDTH)
        except UnreadableError:
            continue
        fitting = [one for one in states if _whole(one) and "functional mean" not in one.tags]
        if len(fitting) > MOST or len(states) >= POOL_WIDTH:
            break
        if fitting:
            return ranked(fitting)
    else:
        return []
    raise UnreadableError(
        "print(model) does not show functional calls, and pools fit in more places than can be tried",
        "paste the source instead, or a summary table",
    )


def _remarks(root: Part, state: State, unknown: list[Part], image: Shape) -> tuple[Remark, ...]:
    """What print cannot tell of this network."""
    found = []
    if not any(part.kind in ACTIVATIONS for part in root.layers()):
        found.append(
            Remark(
                "functional-unseen",
                "print(model) does not show functional calls such as F.relu: activations are missing here",
            )
        )
    if "functional mean" in state.tags:
        found.append(
            Remark(
                "functional-mean",
                "The linear layer only fits behind a mean over the map, which print does not show",
            )
        )
    if image[1] != SIDES[0]:
        found.append(Remark("image-size", f"The sizes fit images of {image[1]}×{image[2]} pixels"))
    if not _whole(state):
        found.append(
            Remark(
                "open-end", "The last layer puts out a map: a pool may be missing that print does not show"
            )
        )
    found += [
        Remark("unknown-class", f"{part.type} may compute anything and is left out: {part.name}", part.line)
        for part in unknown
    ]
    return tuple(found)
