"""The open lesson beside a page: the step, its task as it stands, and the ways on, back and out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cifar7.tutorials.deciding import Tick, done
from cifar7.tutorials.tutorial import Question, Step, Tutorial
from cifar7.ui.shell import address, pages, state, tutorial
from cifar7.ui.shell.controls import callback
from cifar7.ui.tutorial.lesson_html import heading_html, line_html, step_html, tick_html
from cifar7.ui.words.wording import plain


def draw() -> None:
    """Draw it where a lesson is open; nothing otherwise. The style sheet puts it beside the page."""
    lesson = tutorial.opened()
    if lesson is None:
        return
    at, ticks = tutorial.at(), tutorial.ticks()
    with st.container(key="tutorial", gap="small", border=True):
        steps = len(lesson.steps)
        st.html(heading_html(lesson, at, [tutorial.is_done(n) for n in range(1, steps + 1)]))
        st.html(step_html(lesson, at))
        _start(tutorial.step())
        for place, (condition, tick) in enumerate(zip(tutorial.step().task, ticks, strict=True)):
            if isinstance(condition, Question):
                _question(condition, place, tick)
            else:
                st.html(tick_html(tick))
        _ways(lesson, at, ticks)


def line() -> None:
    """The task in a line of the strip, shown where the lesson stands above the page."""
    lesson = tutorial.opened()
    if lesson is not None:
        figures = [
            tick
            for condition, tick in zip(tutorial.step().task, tutorial.ticks(), strict=True)
            if not isinstance(condition, Question)
        ]
        st.html(line_html(tutorial.at(), len(lesson.steps), figures))


def _start(step: Step) -> None:
    if step.start is None:
        return
    here = tutorial.begins_here()
    st.button(
        "This step's start is set" if here else "Start from this step's design"
        if step.start.design is not None else "Take this step's settings",
        icon=":material/check:" if here else ":material/flag:",
        key="tutorial_start",
        disabled=here,
        on_click=callback(tutorial.take_start),
        help=_start_words(step),
    )  # fmt: skip


def _start_words(step: Step) -> str:
    start = step.start
    assert start is not None
    parts = []
    if start.design is not None:
        parts.append(f"the design {plain(start.design.name)}, and Undo brings yours back")
    if start.config is not None:
        parts.append("the training settings of this step")
    if start.data:
        parts.append(f"the image set {plain(start.data)}")
    return f"Sets {'; '.join(parts)}. Leaving the lesson offers what you had before."


def _question(question: Question, place: int, tick: Tick) -> None:
    """The question, with what was answered; the tick follows the answer."""
    given = tutorial.answered(place)
    key = f"tutorial_answer_{tutorial.step().key}_{place}"
    with st.container(gap="xsmall", key=f"tutorial_question_{place}"):
        shown = tick if tick.passed is not None else Tick(question.ask, "", None)
        st.html(tick_html(shown))
        if question.choices:
            index = question.choices.index(given) if given in question.choices else None
            st.radio(
                question.ask, question.choices, index=index, key=state.control(key, given),
                label_visibility="collapsed", on_change=callback(_answer), args=(place, key),
                format_func=plain,
            )  # fmt: skip
        else:
            number = float(given) if isinstance(given, (int, float)) else None
            st.number_input(
                question.ask, value=number, key=state.control(key, number), step=_grain(question),
                placeholder=question.unit or "a number", label_visibility="collapsed", format="%g",
                on_change=callback(_answer), args=(place, key), width=180,
            )  # fmt: skip


def _grain(question: Question) -> float:
    return 1.0 if float(question.answer).is_integer() and not question.within else 0.01


def _answer(place: int, key: str) -> None:
    given = st.session_state.get(key)
    if given is not None and state.chosen(key):
        tutorial.answer(place, given)


def _ways(lesson: Tutorial, at: int, ticks: Sequence[Tick]) -> None:
    finished, last = done(ticks) or tutorial.is_done(at), at == len(lesson.steps)
    if finished:
        every = all(tutorial.is_done(number) for number in range(1, len(lesson.steps) + 1))
        st.html(
            '<div class="c7-lesson-done">'
            + (
                "The whole lesson is done."
                if every
                else "This step is done."
                if done(ticks)
                else "Done before."
            )
            + "</div>"
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="tutorial_ways"):
        st.button(
            "Back", key="tutorial_back", disabled=at == 1, on_click=callback(tutorial.go_to), args=(at - 1,)
        )
        if not last:
            st.button(
                "Next" if finished else "Skip", key="tutorial_next",
                type="primary" if finished else "secondary",
                on_click=callback(tutorial.go_to), args=(at + 1,),
                help=None if finished else "You can come back: the step stays open.",
            )  # fmt: skip
        _more(lesson)


def _more(lesson: Tutorial) -> None:
    folded = st.popover("More", key="tutorial_more", on_change="rerun")
    if not folded.open:
        return
    with folded:
        if lesson.about:
            st.caption(plain(lesson.about))
        text = tutorial.text_of(lesson)
        if text is None:
            st.caption("This lesson is too long for a link; it travels as its file.")
        else:
            st.markdown("**Link** to this lesson")
            st.code(
                address.lesson_link(st.context.url or "", text, pages.PATHS), language=None, wrap_lines=True
            )
        st.download_button(
            "The lesson as a file", lesson.file, f"{lesson.name}.json", "application/json",
            icon=":material/download:", key="tutorial_file", on_click="ignore",
        )  # fmt: skip
        if tutorial.before() is not None:
            st.button(
                "Leave, and back to what I had before", icon=":material/undo:", key="tutorial_leave_back",
                on_click=callback(tutorial.leave), args=(True,),
                help="Brings back the design, settings and image set from before the lesson.",
            )  # fmt: skip
        st.button(
            "Leave the lesson", icon=":material/close:", key="tutorial_leave",
            on_click=callback(tutorial.leave),
            help="Design, settings and runs stay as they are; what you have done stays on record.",
        )  # fmt: skip
