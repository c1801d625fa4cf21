"""The toggles that can be tried on a design, each with the design that it leads to. No streamlit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cifar7.network import edits
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES, NetSpec
from cifar7.ui.words.terms import ACTIVATIONS, KINDS, NORMS

NETWORK = "whole network"
DILATIONS = (1, 2, 3, 4)
DROPOUTS = (0.0, 0.1, 0.2)


def places(spec: NetSpec) -> dict[str, dict[str, NetSpec]]:
    """By place, "C1" … "C4" or the whole network: what can be changed there, in words, and the result.

    Only what differs from the design and can be built.
    """
    found = {name: dict(_stage(spec, name)) for name in STAGE_NAMES}
    found[NETWORK] = dict(_network(spec))
    usable = {
        place: {words: after for words, after in toggles.items() if after != spec and not problems(after)}
        for place, toggles in found.items()
    }
    return {place: toggles for place, toggles in usable.items() if toggles}


def words(place: str, toggle: str) -> str:
    """As it is said of a run: "C2 dilation 2", "ReLU"."""
    return toggle if place == NETWORK else f"{place} {toggle}"


def _stage(spec: NetSpec, name: str) -> Iterator[tuple[str, NetSpec]]:
    if not spec.stage(name).units:
        return
    for dilation in DILATIONS:
        yield f"dilation {dilation}", edits.set_dilation(spec, name, dilation)
    for kind in KINDS:
        if kind != "grouped":
            yield f"{KINDS[kind]} convolutions", edits.set_kind(spec, name, kind)
    for groups in edits.possible_groups(spec, name)[:2]:
        yield f"{groups} groups", edits.set_kind(spec, name, "grouped", groups)
    for rate in DROPOUTS:
        yield f"dropout {100 * rate:.0f} %", edits.set_dropout(spec, name, rate)
    channels = edits.stage_channels(spec, name)
    for other in (channels // 2, channels * 2):
        if other:
            yield f"{other} channels", edits.set_channels(spec, name, other)
    pool = spec.stage(name).pool
    yield (
        ("no pooling", edits.set_pool(spec, name, None))
        if pool
        else (
            "max-pool 2×2",
            edits.set_pool(spec, name, 2),
        )
    )


def _network(spec: NetSpec) -> Iterator[tuple[str, NetSpec]]:
    for name, shown in ACTIVATIONS.items():
        yield shown, replace(spec, activation=name)
    for name, shown in NORMS.items():
        yield f"{shown} normalisation" if name != "none" else "no normalisation", replace(spec, norm=name)
