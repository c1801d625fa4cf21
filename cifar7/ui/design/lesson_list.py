"""Lessons: the classic mistakes that the design has, why each matters, and one click that fixes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

import streamlit as st

from cifar7.network.lessons import Lesson, lessons
from cifar7.network.profiles import Profile
from cifar7.network.spec import NetSpec
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.wording import capital


def show(spec: NetSpec) -> None:
    """The list, or a sentence where there is nothing to learn."""
    groups = grouped(spec, state.profile())
    if not groups:
        st.html(
            '<div class="c7-lesson"><b>None of the classic mistakes.</b><br><span class="c7-note">Padding, '
            "pools, dilations, depthwise convolutions and the logits are as they should be. The presets of "
            "the two submissions have some to look at.</span></div>"
        )
        return
    for at, group in enumerate(groups):
        with st.container(
            border=True, key=f"lesson_{at}", gap="small", horizontal=True, vertical_alignment="center"
        ):
            st.html(lesson_html(group))
            first = group[0]
            if first.fixed is not None:
                st.button(
                    first.fix,
                    icon=":material/build:",
                    key=f"mend_{at}",
                    on_click=callback(_fix),
                    args=(spec, state.profile(), first),
                    help="Changes the design; Undo takes it back.",
                )


@lru_cache(maxsize=64)
def grouped(spec: NetSpec, assignment: Profile) -> tuple[list[Lesson], ...]:
    """The lessons of a design that can be built; the same one with the same fix together, on one card."""
    out: dict[tuple[str, str, NetSpec | None], list[Lesson]] = {}
    for lesson in lessons(spec, assignment):
        out.setdefault((lesson.id, lesson.stage, lesson.fixed), []).append(lesson)
    return tuple(out.values())


def lesson_html(group: Sequence[Lesson]) -> str:
    """Where and what, and why it matters behind a click."""
    where = group[0].stage or "Network"
    what = "<br>".join(escape(capital(lesson.message)) for lesson in group)
    return (
        f'<div class="c7-lesson"><span class="where">{escape(where)}</span>{what}'
        f"<details><summary>Why it matters</summary><div>{escape(group[0].why)}</div></details></div>"
    )


def _fix(spec: NetSpec, assignment: Profile, lesson: Lesson) -> None:
    """Fixes only what has the lesson, under this assignment: the page may be older than the last click."""
    if lesson.fixed is None or state.design() != spec or state.profile() != assignment:
        state.notify("The design or its assignment has changed since; the lessons are shown anew.")
        return
    where = f"{lesson.stage}: " if lesson.stage else ""
    fixed = lesson.fixed
    state.edit(lambda _: fixed, f"{where}{lesson.fix[:1].lower()}{lesson.fix[1:]}")
