"""Design: what am I building, and what does this toggle do?"""

from __future__ import annotations

import streamlit as st

from cifar7.network.arithmetic import Analysis, analyse, walk
from cifar7.network.presets import PRESETS
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES
from cifar7.ui.design import bring, share, side
from cifar7.ui.design.cards import network_card, output_card, stage_card
from cifar7.ui.design.layer_files import layers_csv
from cifar7.ui.design.layer_table import layers_table, table_html
from cifar7.ui.files import take_away
from cifar7.ui.shell import state, tutorial
from cifar7.ui.shell.controls import callback
from cifar7.ui.tutorial import chooser
from cifar7.ui.words.wording import plain


def _presets() -> None:
    """Where one starts from, the way back to it, and the design's ways out and in."""
    start = state.origin().name
    name = start if start in PRESETS else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Start from",
            list(PRESETS),
            index=None if name is None else list(PRESETS).index(name),
            key=state.control("preset", name),
            format_func=lambda preset: PRESETS[preset].title,
            placeholder="another design",
            help="Choosing a preset replaces the design; Undo brings it back.",
            on_change=callback(_take_preset),
            width=220,
        )
        st.button(
            "Start over",
            icon=":material/restart_alt:",
            key="reset",
            disabled=state.design() == state.origin(),
            help="Back to what the design came from; Undo brings it back.",
            on_click=callback(lambda: state.set_design(state.origin(), "Back to the start")),
        )
        share.popover()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(PRESETS[name].summary if name else "A design from a link, a file, a run, or of your own.")
        bring.button()
        if tutorial.opened() is None:
            chooser.popover()


def _take_preset() -> None:
    name = st.session_state["preset"]
    if name in PRESETS and state.chosen("preset"):
        state.set_design(PRESETS[name].spec, f"Start from {PRESETS[name].title}")


def _table(analysis: Analysis) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("##### Layer by layer", width="content")
        every_layer = st.toggle(
            "Every layer",
            key="every_layer",
            help="A line for each normalisation, activation and dropout too, not beside its convolution.",
        )
        written = st.toggle(
            "Write out",
            key="write_out",
            help="Every number with the arithmetic that leads to it: map, jump, parameters and MACs too.",
        )
        spec, baseline = state.valid_design(), state.baseline()
        then = analyse(baseline) if spec != baseline else None
        title = f"{spec.name}, layer by layer"
        take_away.files(
            "layers",
            lambda: layers_table(title, analysis, every_layer, then, written).png(),
            lambda: layers_csv(analysis, then),
        )
    st.html(table_html(analysis, spec.image_size, every_layer, then, written))
    against = "the pinned design" if state.pinned() else baseline.name
    compared = f" ▲ ▼ compare with {plain(against)}." if then else ""
    st.caption(
        f"Orange bars: the receptive field is wider than the image of {spec.image_size} pixels.{compared}"
    )


def _page() -> None:
    spec = state.design()
    faults, rows = problems(spec), walk(spec)
    analysis = analyse(state.valid_design())
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _presets()
        for name in STAGE_NAMES:
            stage_card(name, rows, faults)
        output_card(rows, faults)
        network_card(faults)
    with right, st.container(key="side", gap="small"):
        side.show(faults)
    _table(analysis)


_page()
