"""Design: what am I building, and what does this toggle do?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cifar7.network.arithmetic import Analysis, analyse, walk
from cifar7.network.presets import PRESETS
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES
from cifar7.ui import state
from cifar7.ui.charts.growth import SPEC, growth_data
from cifar7.ui.head_card import network_card, output_card
from cifar7.ui.layer_table import table_html
from cifar7.ui.stage_card import card
from cifar7.ui.status_panel import panel


def _presets() -> None:
    """Where one starts from, and the way back to it."""
    start = state.baseline().name
    known = start if start in PRESETS else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Start from",
            list(PRESETS),
            index=None if known is None else 0,
            key=state.control("preset", known),
            format_func=lambda name: PRESETS[name].title,
            placeholder="a run's design",
            help="Choosing a preset replaces the design; Undo brings it back.",
            on_change=_take_preset,
            width=260,
        )
        st.button(
            "Back to the preset",
            icon=":material/restart_alt:",
            key="reset",
            disabled=state.design() == state.baseline(),
            on_click=lambda: state.set_design(state.baseline(), "Back to the preset"),
        )
    st.caption(PRESETS[known].summary if known else "The design of the run that this page was opened with.")


def _take_preset() -> None:
    name = st.session_state["preset"]
    if name in PRESETS:
        state.set_design(PRESETS[name].spec, f"Start from {PRESETS[name].title}")


def _growth(found: Analysis) -> None:
    baseline = state.baseline()
    compared = (baseline.name, analyse(baseline)) if state.design() != baseline else None
    data = growth_data(
        found,
        compared,
        state.design().image_size,
        state.required("receptive_field", "receptive_field_before_pooling"),
    )
    st.markdown("##### Growth of the receptive field")
    last, total = found.receptive_field_before, found.receptive_field_total
    st.vega_lite_chart(
        pd.DataFrame(data),
        SPEC,
        width="stretch",
        key="growth",
        alt=f"The receptive field grows over the layers to {last} pixels, and to {total} with the pooling.",
    )


def _table(found: Analysis) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("##### Layer by layer", width="content")
        every = st.toggle(
            "Every layer",
            key="every_layer",
            help="A line for each normalisation, activation and dropout too, not beside its convolution.",
        )
    size = state.design().image_size
    st.html(table_html(found, size, every))
    st.caption(f"Orange bars: the receptive field is wider than the image of {size} pixels.")


def _page() -> None:
    spec = state.design()
    wrong, rows = problems(spec), walk(spec)
    found = analyse(state.valid_design())
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _presets()
        for name in STAGE_NAMES:
            card(name, rows, wrong)
        output_card(rows, wrong)
        network_card(wrong)
    with right, st.container(key="side"):
        panel(wrong)
        _growth(found)
    _table(found)


_page()
