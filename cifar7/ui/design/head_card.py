"""The output stage O and what holds for the whole network, as two cards."""

from __future__ import annotations

import streamlit as st

from cifar7.network.arithmetic import Row
from cifar7.network.problems import Problem
from cifar7.network.spec import OUTPUT
from cifar7.network.toggles import NETWORK, Place
from cifar7.ui.design import toggles, unit_editor
from cifar7.ui.design.stage_card import show_problems, title_html
from cifar7.ui.shell import state
from cifar7.ui.words.summary import flow_words, head_words


def output_card(rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """The average pooling, and what makes classes of it."""
    spec = state.design()
    with st.container(border=True, key="card_O", gap="small"):
        st.html(title_html(OUTPUT, head_words(spec), flow_words(rows, OUTPUT)))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            toggles.line(spec, Place(OUTPUT), 1)
        unit_editor.expander(OUTPUT)
        show_problems(OUTPUT, problems)


def network_card(problems: list[Problem]) -> None:
    """Activation, normalisation, their order, biases."""
    spec = state.design()
    with st.container(border=True, key="card_network", gap="small"):
        st.html(title_html("Whole network", "", ""))
        for line in (1, 2):
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                toggles.line(spec, NETWORK, line)
        toggles.line(spec, NETWORK, 3)
        show_problems("", problems)
