"""A stage C1 … C4 as a card: what it is, its toggles, its units one by one, what is wrong with it."""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7.network.arithmetic import Row
from cifar7.network.problems import Problem
from cifar7.network.spec import NetSpec
from cifar7.network.toggles import Place
from cifar7.ui.design import toggles, unit_editor
from cifar7.ui.shell import state
from cifar7.ui.words.summary import capital, flow_words, stage_words


def card(name: str, rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """Draw it. `rows` are those of the whole design, as far as its map lasts."""
    spec = state.design()
    with st.container(border=True, key=f"card_{name}", gap="small"):
        st.html(title_html(name, stage_words(spec, name), flow_words(rows, name)))
        if spec.stage(name).units:
            _convolutions(spec, Place(name))
            unit_editor.expander(name)
        else:
            toggles.only(spec, Place(name), "pool")
            st.button(
                "Add a convolution",
                icon=":material/add:",
                key=f"{name}_first",
                on_click=unit_editor.add,
                args=(name,),
            )
        show_problems(name, problems)


def title_html(name: str, content: str, flow: str) -> str:
    """What a stage does to map and receptive field, and its `content` in short."""
    line = f'<div class="what">{escape(content)}</div>' if content else ""
    return f'<div class="c7-card"><b>{name}</b><span class="flow">{escape(flow)}</span>{line}</div>'


def show_problems(name: str, problems: list[Problem]) -> None:
    """What keeps this stage from being built, where one is looking."""
    for problem in problems:
        if problem.stage == name:
            st.error(f"{capital(problem.message)} {problem.cure}", icon=":material/error:")


def _convolutions(spec: NetSpec, place: Place) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        toggles.line(spec, place, 1)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{place.stage}_kinds"):
        toggles.line(spec, place, 2)
