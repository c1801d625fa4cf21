"""How a row of a table takes a map: settings solved from shapes and counts."""

from __future__ import annotations

from math import prod
from typing import Any

from cifar7.imports.graph import words
from cifar7.imports.tabular import windows
from cifar7.imports.tabular.parts import ACTIVATIONS, KEEPS, NORMS, Part, Shape
from cifar7.imports.tabular.paths import Step, Way
from cifar7.imports.tabular.search import Budget

HALF = {"kernel": 2, "stride": 2, "padding": 0, "ceil": False}
MOST_GROUPS = 1_024
MOST_SHARED = 8  # sizes of earlier layers, one of which a "(recursive)" row is


class Solves:
    """Ways of the rows of one table. `pools`: a step down in size is a pool that no row shows, not a stride.

    `shared`: the counts of parameters of the table's layers, for rows that say "(recursive)" instead.
    """

    def __init__(self, budget: Budget, shared: dict[str, list[int]], pools: bool = False) -> None:
        self.budget, self.shared, self.pools = budget, shared, pools

    def __call__(self, part: Part, shape: Shape) -> list[Way]:
        """The row on the map at hand; else behind a function that no row shows."""
        self.budget.spend(1)
        behind = part.shape
        if behind is None:
            return []
        given = part.settings.get("given")
        if given is not None and given != shape:
            steps = _flattened(shape, given[0]) if len(given) == 1 else tuple(_unseen(shape, given))
            return [_after(steps, way) for way in self(part, given)] if steps else []
        if not part.kind:
            return self._container(shape, behind)
        if part.kind == "conv":
            return self._conv(part, shape, behind)
        if part.kind == "linear":
            return self._linear(part, shape, behind)
        if part.kind in ("max_pool", "avg_pool"):
            found = windows.pool(shape, behind, _side(part))
            return [_way(part, windows.preferred(found), behind, found[0][0] / 2)] if found else []
        if part.kind in ("adaptive_avg_pool", "adaptive_max_pool"):
            fits = len(shape) == 3 and len(behind) == 3 and shape[0] == behind[0] and behind[1] == behind[2]
            return [_way(part, {"size": behind[1]}, behind)] if fits else []
        if part.kind == "flatten":
            return [_way(part, {}, behind)] if behind == (prod(shape),) else []
        return self._keeping(part, shape, behind)

    def needs(self, part: Part) -> str:
        """What the row would take, in words."""
        count = f" with {part.parameters:,} parameters" if part.parameters else ""
        return f"a map from which it makes {words(part.shape or ())}{count}"

    def _counts(self, part: Part) -> list[int]:
        if part.parameters is not None:
            return [part.parameters]
        return self.shared.get(part.kind, [])[:MOST_SHARED]

    def _container(self, shape: Shape, behind: Shape) -> list[Way]:
        """A row of torchsummary that closes a class of the student's: nothing of its own."""
        if shape == behind:
            return [Way(())]
        return [Way((step,), 0.2) for step in _unseen(shape, behind)]

    def _conv(self, part: Part, shape: Shape, behind: Shape) -> list[Way]:
        made: list[Way] = []
        for count in self._counts(part):
            found = windows.conv(shape, behind, count, _side(part))
            if found:
                made.append(_conv_way(part, found, behind))
        down = not made or made[0].cost > 0.9 or made[0].steps[-1].settings["stride"] > 1
        if not down or len(shape) != 3 or "given" in part.settings or not (self.pools or not made):
            return made
        half = (shape[0], shape[1] // 2, shape[2] // 2)
        step = Step("max_pool", HALF, half)
        for count in self._counts(part):
            found = windows.conv(half, behind, count, _side(part)) if min(half) else ()
            if found and found[0][0] < 0.9:
                way = _conv_way(part, found, behind)
                return [Way((step, *way.steps), way.cost, {**way.tags, "functional pools": 0.6})]
        return made

    def _linear(self, part: Part, shape: Shape, behind: Shape) -> list[Way]:
        if len(behind) != 1:
            return []
        for count in self._counts(part):
            each, rest = divmod(count, behind[0])
            if rest:
                continue
            for bias in (True, False):
                features = each - bias
                settings = {"in_features": features, "out_features": behind[0], "bias": bias}
                own = Step("linear", settings, behind, part)
                if shape == (features,):
                    return [Way((own,))]
                if steps := _flattened(shape, features):
                    tags = {"functional pools": 0.3} if len(steps) > 1 else {}
                    return [Way((*steps, own), 0.2 * (len(steps) - 1), tags)]
        return []

    def _keeping(self, part: Part, shape: Shape, behind: Shape) -> list[Way]:
        """Activation, dropout, norm: the map stays as it is; else a pool came before that no row shows."""
        if shape != behind:
            if part.kind == "layer_norm" and behind == (*shape[1:], shape[0]):
                return self._norm(part, shape, "channel_norm")
            return [
                _after((step,), way)
                for step in _unseen(shape, behind)
                for way in self._keeping(part, behind, behind)
            ]
        if part.kind in NORMS:
            return self._norm(part, shape, part.kind)
        known: dict[str, Any] = {"parameters": part.parameters or 1} if part.kind == "prelu" else {}
        return [_way(part, known, shape)] if part.kind in KEEPS else []

    def _norm(self, part: Part, shape: Shape, kind: str) -> list[Way]:
        """By its count: 2 a channel, 2 a value of the map, or none."""
        channels, count = shape[0], part.parameters
        settings: dict[str, Any] = {"channels": channels}
        if count is None:
            count = 2 * channels
        if kind in ("batch_norm", "instance_norm"):
            settings["affine"] = count > 0
        elif kind == "group_norm":
            # A group of one value would be normalised to nothing.
            most = min(channels if prod(shape) > channels else max(channels // 2, 1), MOST_GROUPS)
            sizes = [size for size in range(1, most + 1) if channels % size == 0]
            likely = max(size for size in sizes if size <= 8)
            others = tuple({"groups": size, "channels": channels} for size in sizes if size != likely)
            settings = {"groups": likely, "channels": channels}
            settings |= {"alternatives": others[: windows.MOST]} if others else {}
        elif kind == "layer_norm" and count == 2 * prod(shape):
            settings = {"shape": shape}
        elif kind == "layer_norm":
            kind = "channel_norm"
        if count not in (0, 2 * channels) and kind != "layer_norm":
            return []
        return [Way((Step(kind, settings, shape, part),))]


def _way(part: Part, settings: dict[str, Any], shape: Shape, cost: float = 0.0) -> Way:
    return Way((Step(part.kind, settings, shape, part),), cost)


def _conv_way(part: Part, found: tuple[windows.Solution, ...], behind: Shape) -> Way:
    """Groups are a habit of a network: their cost counts once."""
    settings = windows.preferred(found)
    grouped = 1 < settings["groups"] < settings["in_channels"]
    tags = {"groups": 1.6} if grouped else {}
    return Way((Step("conv", settings, behind, part),), found[0][0] - 1.2 * grouped, tags)


def _after(steps: tuple[Step, ...], way: Way) -> Way:
    pools = {"functional pools": 0.6} if any(step.kind != "flatten" for step in steps) else {}
    return Way((*steps, *way.steps), way.cost + 0.1 * len(pools), {**way.tags, **pools})


def _side(part: Part) -> int | None:
    kernel = part.settings.get("kernel")
    return kernel[0] if kernel else None


def _unseen(shape: Shape, behind: Shape) -> list[Step]:
    """The function between two maps that no row shows: a flattening, a mean, a pool."""
    if behind == (prod(shape),):
        return [Step("flatten", {}, behind)]
    if len(shape) != 3 or len(behind) != 3 or shape[0] != behind[0]:
        return []
    if behind[1:] == (1, 1):
        return [Step("adaptive_avg_pool", {"size": 1}, behind)]
    found = windows.pool(shape, behind, None) if behind[1] < shape[1] else ()
    return [Step("max_pool", windows.preferred(found), behind)] if found else []


def _flattened(shape: Shape, features: int) -> tuple[Step, ...]:
    """From a map to so many flat values: at once, behind a mean, or behind a pool."""
    flat = Step("flatten", {}, (features,))
    if prod(shape) == features:
        return (flat,)
    if len(shape) != 3:
        return ()
    if shape[0] == features:
        return (Step("adaptive_avg_pool", {"size": 1}, (features, 1, 1)), flat)
    for kernel in range(2, shape[1] + 1):
        made = (shape[0], shape[1] // kernel, shape[2] // kernel)
        if prod(made) == features:
            return (Step("max_pool", {**HALF, "kernel": kernel, "stride": kernel}, made), flat)
    return ()


def activates(parts: list[Part]) -> bool:
    """Whether any row is an activation."""
    return any(part.kind in ACTIVATIONS for part in parts)
