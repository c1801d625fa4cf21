"""A stage C1 … C4 as a card: what it is, its toggles, its units one by one, what is wrong with it."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from cifar7.network import edits
from cifar7.network.arithmetic import Row
from cifar7.network.problems import Problem
from cifar7.network.spec import KINDS, NetSpec
from cifar7.ui.design import toggles, unit_editor
from cifar7.ui.shell import state
from cifar7.ui.words import terms
from cifar7.ui.words.summary import capital, flow_words, stage_words

WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
DILATIONS = (1, 2, 3, 4)
RATES = tuple(step / 20 for step in range(11))  # 0 to 50 %


def card(name: str, rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """Draw it. `rows` are those of the whole design, as far as its map lasts."""
    spec = state.design()
    with st.container(border=True, key=f"card_{name}", gap="small"):
        st.html(title_html(name, stage_words(spec, name), flow_words(rows, name)))
        if spec.stage(name).units:
            _convolutions(spec, name)
            unit_editor.expander(name)
        else:
            _pool(spec, name)
            st.button(
                "Add a convolution",
                icon=":material/add:",
                key=f"{name}_first",
                on_click=unit_editor.add,
                args=(name,),
            )
        say_problems(name, problems)


def title_html(name: str, what: str, flow: str) -> str:
    """What a stage does to map and receptive field, and what it is, in short."""
    line = f'<div class="what">{escape(what)}</div>' if what else ""
    return f'<div class="c7-card"><b>{name}</b><span class="flow">{escape(flow)}</span>{line}</div>'


def say_problems(name: str, problems: list[Problem]) -> None:
    """What keeps this stage from being built, where one is looking."""
    for problem in problems:
        if problem.stage == name:
            st.error(f"{capital(problem.message)} {problem.cure}", icon=":material/error:")


def _convolutions(spec: NetSpec, name: str) -> None:
    stage = spec.stage(name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        toggles.number(
            "Channels", WIDTHS, edits.stage_channels(spec, name), _on(edits.set_channels, name),
            key=f"{name}_channels", said=f"{name}: channels", help=terms.CHANNELS, low=1, high=1024,
        )  # fmt: skip
        toggles.choose(
            "Dilation", DILATIONS, edits.stage_dilation(stage), _on(edits.set_dilation, name),
            key=f"{name}_dilation", said=f"{name}: dilation", help=terms.DILATION,
        )  # fmt: skip
        toggles.slide(
            "Dropout", RATES, edits.stage_dropout(stage), _on(edits.set_dropout, name),
            key=f"{name}_dropout", said=f"{name}: dropout", help=terms.DROPOUT,
            words=lambda rate: f"{100 * rate:.0f}\u202f%", width=170,
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{name}_kinds"):
        toggles.choose(
            "Convolution", KINDS, edits.stage_kind(stage), lambda spec, kind: _set_kind(spec, name, kind),
            key=f"{name}_kind", said=f"{name}: convolution", help=terms.KIND, words=terms.KINDS.__getitem__,
        )  # fmt: skip
        if any(unit.kind == "grouped" for unit in stage.units):
            toggles.number(
                "Groups", edits.possible_groups(spec, name), edits.stage_groups(stage),
                lambda spec, groups: edits.set_kind(spec, name, "grouped", groups),
                key=f"{name}_groups", said=f"{name}: groups", help=terms.GROUPS, low=1, high=1024, width=100,
            )  # fmt: skip
        _pool(spec, name)


def _pool(spec: NetSpec, name: str) -> None:
    pool = spec.stage(name).pool
    toggles.switch(
        "Max-pool", pool is not None,
        lambda spec, on: edits.set_pool(spec, name, (pool or 2) if on else None),
        key=f"{name}_pool", said=f"{name}: max-pool", help=terms.POOL,
    )  # fmt: skip


def _set_kind(spec: NetSpec, name: str, kind: str) -> NetSpec:
    """Grouped begins with the smallest number of groups that divides."""
    groups = next(iter(edits.possible_groups(spec, name)), 2)
    return edits.set_kind(spec, name, kind, groups)


def _on(edit: Any, name: str) -> toggles.Apply:
    """An edit of cifar7.network.edits for one stage, as a function of the design and the new value."""
    return lambda spec, value: edit(spec, name, value)
