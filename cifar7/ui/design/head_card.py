"""The output stage O and what holds for the whole network, as two cards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from cifar7.network import edits
from cifar7.network.arithmetic import Row
from cifar7.network.problems import Problem
from cifar7.network.spec import ACTIVATIONS, CLASSIFIERS, NORMS, ORDERS, OUTPUT
from cifar7.ui.design import toggles, unit_editor
from cifar7.ui.design.stage_card import say_problems, title_html
from cifar7.ui.shell import state
from cifar7.ui.words import terms
from cifar7.ui.words.summary import flow_words, head_words, square

GLOBAL = 0  # the option that stands for pooling the whole map
POOLS = (GLOBAL, 2, 3, 4, 8)


def output_card(rows: tuple[Row, ...], problems: list[Problem]) -> None:
    """The average pooling, and what makes classes of it."""
    spec = state.design()
    with st.container(border=True, key="card_O", gap="small"):
        st.html(title_html(OUTPUT, head_words(spec), flow_words(rows, OUTPUT)))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            toggles.pick(
                "Average pooling", POOLS, spec.output.pool or GLOBAL, _set_pool,
                key="O_pool", said="O: average pooling", help=terms.HEAD_POOL,
                words=lambda size: "global: the whole map" if size == GLOBAL else square(size), width=200,
            )  # fmt: skip
            toggles.choose(
                "After the pooling", CLASSIFIERS, spec.output.classifier, edits.set_classifier,
                key="O_classifier", said="O: after the pooling", help=terms.CLASSIFIER,
                words=terms.CLASSIFIERS.__getitem__,
            )  # fmt: skip
        unit_editor.expander(OUTPUT)
        say_problems(OUTPUT, problems)


def network_card(problems: list[Problem]) -> None:
    """Activation, normalisation, their order, biases."""
    spec = state.design()
    with st.container(border=True, key="card_network", gap="small"):
        st.html(title_html("Whole network", "", ""))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            toggles.choose("Activation", ACTIVATIONS, spec.activation, _field("activation"),
                           key="net_activation", said="Activation", help=terms.ACTIVATION,
                           words=terms.ACTIVATIONS.__getitem__)  # fmt: skip
            toggles.choose("Normalisation", NORMS, spec.norm, _field("norm"), key="net_norm",
                           said="Normalisation", help=terms.NORM, words=terms.NORMS.__getitem__)  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            toggles.choose("Order", ORDERS, spec.order, _field("order"), key="net_order", said="Order",
                           help=terms.ORDER, words=terms.ORDERS.__getitem__)  # fmt: skip
        toggles.switch("Biases before a normalisation too", spec.bias, _field("bias"), key="net_bias",
                       said="Biases before a normalisation", help=terms.BIAS)  # fmt: skip
        say_problems("", problems)


def _set_pool(spec: Any, size: int) -> Any:
    return replace(spec, output=replace(spec.output, pool=None if size == GLOBAL else size))


def _field(name: str) -> toggles.Apply:
    return lambda spec, value: replace(spec, **{name: value})
