"""The right half of Design: what the last toggle did, and one view of the network at a time."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.problems import Problem
from cifar7.ui import assignment_card, lesson_list, picture_view, state, status_panel
from cifar7.ui.card_html import counted
from cifar7.ui.charts.drawing import ARCS, CAPTION, drawing_html
from cifar7.ui.charts.growth import SPEC, growth_data

VIEWS = ("network", "picture", "lessons", "assignment")
_VIEW = "side_view"  # key of session state


def show(problems: list[Problem]) -> None:
    """Draw it. Views that are not looked at are not made, so that a toggle stays quick."""
    status_panel.panel(problems)
    spec = state.valid_design()
    view = _choose(len(lesson_list.grouped(lesson_list.found(spec))), counted(assignment_card.verdicts()[0]))
    if view == "picture":
        st.fragment(picture_view.show)(spec)
    elif view == "lessons":
        lesson_list.show(spec)
    elif view == "assignment":
        assignment_card.show()
    else:
        _network(analyse(spec))


def _choose(lessons: int, fulfilled: str) -> str:
    words = {
        "network": "Network",
        "picture": "On a picture",
        "lessons": f"Lessons: {lessons}" if lessons else "Lessons: none",
        "assignment": f"Assignment: {fulfilled}",
    }
    kept = st.session_state.get("kept_view")
    chosen = st.segmented_control(
        "View",
        VIEWS,
        key=state.control(_VIEW, kept if kept in VIEWS else VIEWS[0]),
        format_func=words.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        on_change=lambda: st.session_state.update(kept_view=st.session_state[_VIEW]),
    )
    return chosen if chosen in VIEWS else VIEWS[0]


def _network(found: Analysis) -> None:
    spec, baseline = state.valid_design(), state.baseline()
    st.html(drawing_html(spec, found))
    sums = any(row.layer.kind == "add" for row in found.rows)
    told = escape(CAPTION + ARCS * sums)
    st.html(
        f'<details class="c7-note"><summary>How to read the drawing</summary>{told}</details>'
        '<div class="c7-title">Growth of the receptive field</div>'
    )
    name = "the pinned design" if state.pinned() else baseline.name
    compared = (name, analyse(baseline)) if spec != baseline else None
    required = state.required("receptive_field", "receptive_field_before_pooling")
    last, total = found.receptive_field_before, found.receptive_field_total
    st.vega_lite_chart(
        pd.DataFrame(growth_data(found, compared, spec.image_size, required)),
        SPEC,
        width="stretch",
        key="growth",
        alt=f"The receptive field grows over the layers to {last} pixels, and to {total} with the pooling.",
    )
