"""The toggles that can be tried on a design, each with the design that it leads to. No streamlit."""

from __future__ import annotations

from collections.abc import Iterator

from cifar7.network.controls.table import TOGGLES
from cifar7.network.controls.toggle import Place
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES, NetSpec

NETWORK = "whole network"
# The order in which they are offered; others come behind them, as in the table.
FIRST = ("dilation", "kind", "groups", "dropout", "channels")


def places(spec: NetSpec) -> dict[str, dict[str, NetSpec]]:
    """By place, "C1" … "C4" or the whole network: what can be changed there, in words, and the result.

    Only what differs from the design and can be built.
    """
    candidates = {name: dict(_results(spec, Place(name))) for name in STAGE_NAMES if spec.stage(name).units}
    candidates[NETWORK] = dict(_results(spec, Place()))
    usable = {
        place: {label: after for label, after in results.items() if after != spec and not problems(after)}
        for place, results in candidates.items()
    }
    return {place: results for place, results in usable.items() if results}


def words(place: str, toggle: str) -> str:
    """The change as a run's name says it: "C2 dilation 2", "ReLU"."""
    return toggle if place == NETWORK else f"{place} {toggle}"


def _results(spec: NetSpec, place: Place) -> Iterator[tuple[str, NetSpec]]:
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    for toggle in sorted(TOGGLES, key=lambda toggle: ranks.get(toggle.name, len(FIRST))):
        form = toggle.forms.get(place.level)
        if form and form.trials:
            for value in form.trials.values(spec, place):
                yield form.trials.text(value), form.apply(spec, place, value)
