"""The right half of Design: what the last toggle did, and one view of the network at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import pandas as pd
import streamlit as st

from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.kinds import Family
from cifar7.network.problems import Problem
from cifar7.ui.assignment import card
from cifar7.ui.assignment.card_html import counted
from cifar7.ui.design import field_panel, lesson_list, status_panel
from cifar7.ui.design.drawing import ARCS, CAPTION, SECOND, drawing_html, drawing_png
from cifar7.ui.design.growth import SPEC, growth_data
from cifar7.ui.design.layer_files import growth_csv, network_csv
from cifar7.ui.files import take_away
from cifar7.ui.shell import choices, state


def show(problems: list[Problem]) -> None:
    """Draw it. Views that are not looked at are not made, so that a toggle stays quick."""
    status_panel.panel(problems)
    spec = state.valid_design()
    labels = {
        "network": "Network",
        "picture": "On a picture",
        "lessons": f"Pitfalls: {len(lesson_list.grouped(spec, state.profile())) or 'none'}",
        "assignment": f"Assignment: {counted(card.verdicts()[0])}",
    }
    view = choices.segments(
        "View", labels, "network", key="side_view", label_visibility="collapsed", width="stretch"
    )
    if view == "picture":
        st.fragment(field_panel.show)(spec)
    elif view == "lessons":
        lesson_list.show(spec)
    elif view == "assignment":
        card.show()
    else:
        _network(analyse(spec))


def _network(analysis: Analysis) -> None:
    spec, baseline = state.valid_design(), state.baseline()
    st.markdown(drawing_html(spec, analysis), unsafe_allow_html=True)  # st.html takes the SVG out
    sums = any(row.layer.family is Family.JOIN for row in analysis.rows)
    second = any(row.layer.beside for row in analysis.rows)
    caption = escape(CAPTION + ARCS * sums + SECOND * second)
    note = f'<details class="c7-note"><summary>How to read the drawing</summary>{caption}</details>'
    with _beside("network_note", note):
        take_away.files("network", lambda: drawing_png(spec, analysis), lambda: network_csv(analysis))
    name = "the pinned design" if state.pinned() else baseline.name
    compared = (name, analyse(baseline)) if spec != baseline else None
    required = state.required("receptive_field", "receptive_field_before_pooling")
    last, total = analysis.receptive_field_before, analysis.receptive_field_total
    rows = growth_data(analysis, compared, spec.image_size, required)
    with _beside("growth_title", '<div class="c7-title">Growth of the receptive field</div>'):
        drawing = {**SPEC, "title": f"{spec.name}: growth of the receptive field", "data": {"values": rows}}
        take_away.buttons(
            "receptive-field", lambda: drawing, lambda: growth_csv(spec.name, analysis, compared)
        )
    st.vega_lite_chart(
        pd.DataFrame(rows),
        SPEC,
        width="stretch",
        key="growth",
        alt=f"The receptive field grows over the layers to {last} pixels"
        + (f", and to {total} with the pooling." if total != last else "."),
    )


@contextmanager
def _beside(key: str, html: str) -> Iterator[None]:
    """A line of HTML, and at its right end what is drawn inside."""
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key=key):
        st.html(html, width="stretch")
        yield
