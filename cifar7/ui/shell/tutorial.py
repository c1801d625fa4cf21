"""The lesson that is open in this session: which one, at which step, what was answered, what is done.

The address carries the lesson and the step; what is done is on record (`cifar7.tutorials.progress`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs import people
from cifar7.training.config import TrainConfig
from cifar7.tutorials import builtin, progress
from cifar7.tutorials.deciding import Situation, Tick, decide, done
from cifar7.tutorials.figures import own_runs
from cifar7.tutorials.tutorial import DesignTask, Question, Step, Tutorial
from cifar7.ui.shell import person, state
from cifar7.ui.shell.link import FORMAT, decode_tutorial, encode_tutorial
from cifar7.ui.words.wording import plain

LESSON, STEP = "lesson", "step"  # query parameters
_OPEN, _AT, _ANSWERS, _DONE = "cifar7_tutorial", "cifar7_step", "cifar7_answers", "cifar7_steps_done"
_BEFORE = "cifar7_before_lesson"


@dataclass(frozen=True, slots=True)
class Before:
    """What the person had when a lesson's start was first taken."""

    design: NetSpec
    config: TrainConfig
    recipe: str | None
    data: str


def opened() -> Tutorial | None:
    """The open lesson."""
    return st.session_state.get(_OPEN)


def open_lesson(tutorial: Tutorial, at: int | None = None) -> None:
    """Open it, at the first step that is not done, or at step `at`, from 1."""
    st.session_state[_OPEN], st.session_state[_ANSWERS] = tutorial, {}
    st.session_state.pop(_DONE, None)
    undone = [number for number in range(1, len(tutorial.steps) + 1) if not is_done(number)]
    go_to(at if at is not None else min(undone, default=len(tutorial.steps)))


def leave(back: bool = False) -> None:
    """Close the lesson; `back`: to the design and the settings from before its first start."""
    before = st.session_state.get(_BEFORE)
    if back and before is not None:
        state.set_data(before.data)
        state.set_config(before.config, before.recipe)
        state.set_design(before.design, "Back to what stood here before the lesson")
    for key in (_OPEN, _AT, _ANSWERS, _DONE, _BEFORE):
        st.session_state.pop(key, None)


def before() -> Before | None:
    """What stood here when the first start of the open lesson was taken; None until then."""
    return st.session_state.get(_BEFORE)


def at() -> int:
    """The step that is looked at, from 1."""
    return int(st.session_state.get(_AT, 1))


def go_to(number: int) -> None:
    """Look at another step; a number out of range is brought into it."""
    tutorial = opened()
    if tutorial is None:
        return
    st.session_state[_AT] = max(1, min(number, len(tutorial.steps)))
    _record(())


def step() -> Step:
    """The step that is looked at, of the open lesson."""
    tutorial = opened()
    assert tutorial is not None
    return tutorial.steps[at() - 1]


def is_done(number: int) -> bool:
    """Whether a step of the open lesson, from 1, has been done."""
    tutorial = opened()
    return tutorial is not None and tutorial.steps[number - 1].key in _done(tutorial)


def steps_done(tutorial: Tutorial) -> int:
    """How many steps of a lesson, which need not be the open one, this person has done."""
    return progress.read(paths.home(), tutorial, _id()).steps_done


def _done(tutorial: Tutorial) -> frozenset[str]:
    """Keys of the steps of the open lesson that this person has done; read anew for another person."""
    who, keys = st.session_state.get(_DONE, (None, frozenset()))
    if who != _id():
        keys = frozenset(progress.read(paths.home(), tutorial, _id()).done)
        st.session_state[_DONE] = (_id(), keys)
    return keys


def _id() -> str:
    """The public id of who looks."""
    return people.public_id(person.token())


def answer(question: int, given: object) -> None:
    """Keep what was answered to the question at this place of the step's task, from 0."""
    st.session_state[_ANSWERS] = {**st.session_state.get(_ANSWERS, {}), (step().key, question): given}


def answered(question: int) -> object:
    """What was answered, None for nothing."""
    return st.session_state.get(_ANSWERS, {}).get((step().key, question))


def ticks() -> tuple[Tick, ...]:
    """How the step's task stands, by the figures of now; a step that is done from now on is put on record."""
    now = decide(step(), _situation())
    if done(now) and not is_done(at()):
        tutorial = opened()
        assert tutorial is not None
        st.session_state[_DONE] = (_id(), _done(tutorial) | {step().key})
        _record((at(),))
    return now


def take_start() -> None:
    """Begin with what the step begins with. Undo brings the design back, `leave(back=True)` all of it."""
    start = step().start
    if start is None:
        return
    if _BEFORE not in st.session_state:
        st.session_state[_BEFORE] = Before(
            state.valid_design(), state.config(), state.recipe_name(), state.data_info().name
        )
    if start.data:
        state.set_data(start.data)
    if start.config is not None:
        state.set_config(start.config)
    if start.design is not None:
        state.set_design(start.design, f"Start of step {at()}: {step().title}")


def begins_here() -> bool:
    """Whether design, settings and image set are those that the step begins with already."""
    start = step().start
    if start is None:
        return True
    design = start.design is None or start.design.with_classes(state.design().classes) == state.design()
    config = start.config is None or start.config == state.config()
    return design and config and start.data in ("", state.data_info().name)


# The address


def take_address(parameters: dict[str, Any]) -> None:
    """Open the lesson of the address, in a new session."""
    text = parameters.get(LESSON)
    if not text:
        return
    try:
        found = decode_tutorial(text) if text.startswith(f"{FORMAT}.") else builtin.tutorial(text)
    except UserError as error:
        state.notify(f"The lesson of the address was not opened. {plain(str(error))}")
        return
    number = str(parameters.get(STEP, ""))
    open_lesson(found, int(number) if number.isascii() and number.isdigit() and len(number) < 3 else None)


def parameters() -> dict[str, str | None]:
    """What the address has to carry of the open lesson."""
    tutorial = opened()
    if tutorial is None:
        return {LESSON: None, STEP: None}
    return {LESSON: text_of(tutorial), STEP: str(at())}


def text_of(tutorial: Tutorial) -> str | None:
    """The lesson as the address has it: a name, or all of it; None where it is too long."""
    return tutorial.name if is_builtin(tutorial) else _encoded(tutorial)


def is_builtin(tutorial: Tutorial) -> bool:
    """Whether it came along."""
    return tutorial.name in builtin.NAMES and builtin.tutorial(tutorial.name) == tutorial


@lru_cache(maxsize=64)
def _encoded(tutorial: Tutorial) -> str | None:
    return encode_tutorial(tutorial)


def _situation() -> Situation:
    task = step().task
    given = {
        n: reply for n, c in enumerate(task) if isinstance(c, Question) and (reply := answered(n)) is not None
    }
    needs_runs = not all(isinstance(condition, (DesignTask, Question)) for condition in task)
    runs, under_way = own_runs(paths.runs_dir(), _id()) if needs_runs else ((), False)
    return Situation(analyse(state.valid_design()), runs, under_way, given)


def _record(steps: tuple[int, ...]) -> None:
    tutorial = opened()
    if tutorial is None:
        return
    try:
        progress.record(paths.home(), tutorial, _id(), person.person().name, at(), steps)
    except UserError as error:
        state.notify(plain(str(error)))
