"""The cards: the stages C1 … C4, the output stage O, and the whole network, each with its toggles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import streamlit as st

from cifar7.network.arithmetic import Row
from cifar7.network.controls.toggle import NETWORK, Place
from cifar7.network.problems import Problem
from cifar7.network.spec import OUTPUT
from cifar7.ui.design import toggles, unit_editor
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.summary import flow_words, head_words, stage_words
from cifar7.wording import capital


def stage_card(name: str, rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """A stage C1 … C4. `rows` are those of the whole design, as far as its map lasts."""
    spec, place = state.design(), Place(name)
    with _card(name, problems, stage_words(spec, name), flow_words(rows, name)):
        if spec.stage(name).units:
            toggles.row(spec, place, 1)
            convolves = any(unit.spatial for unit in spec.units(name))  # the line is as high as its buttons
            toggles.row(spec, place, 2, key=f"{name}_kinds" if convolves else f"{name}_pools")
            unit_editor.expander(name)
        else:
            toggles.line(spec, place, 2, only="pool")
            st.button(
                "Add a convolution", icon=":material/add:", key=f"{name}_first",
                on_click=callback(unit_editor.add_first), args=(name,),
            )  # fmt: skip


def output_card(rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """The average pooling, and what makes classes of it."""
    spec = state.design()
    with _card(OUTPUT, problems, head_words(spec), flow_words(rows, OUTPUT)):
        toggles.row(spec, Place(OUTPUT), 1)
        unit_editor.expander(OUTPUT)


def network_card(problems: list[Problem]) -> None:
    """Activation, normalisation, their order, biases."""
    spec = state.design()
    with _card("", problems):
        toggles.row(spec, NETWORK, 1)
        toggles.row(spec, NETWORK, 2)
        toggles.line(spec, NETWORK, 3)


@contextmanager
def _card(stage: str, problems: list[Problem], content: str = "", flow: str = "") -> Iterator[None]:
    """A stage, or the whole network; at its end what keeps it from being built.

    `content`: in short what it is made of. `flow`: what it does to map and receptive field.
    """
    line = f'<div class="what">{escape(content)}</div>' if content else ""
    title = f'<b>{stage or "Whole network"}</b><span class="flow">{escape(flow)}</span>'
    with st.container(border=True, key=f"card_{stage or 'network'}", gap="small"):
        st.html(f'<div class="c7-card">{title}{line}</div>')
        yield
        for problem in problems:
            if problem.stage == stage:
                st.error(f"{capital(problem.message)} {problem.cure}", icon=":material/error:")
