"""What a training will take, shown before it begins: time and memory, in one line."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.runs import expected, queue
from cifar7.training.budget import UNCERTAIN, Budget, PastRun, Place, Plan, gigabytes, span
from cifar7.training.config import TrainConfig
from cifar7.ui.shell import person, state
from cifar7.ui.words import device
from cifar7.ui.words.wording import count, plain

SMALLEST_BATCH = 32  # below, steps are so short that the rule of the arithmetic says nothing


def say(info: SetInfo) -> None:
    """A line below the settings."""
    config = state.config()
    place = expected.place(paths.runs_dir(), config.device)
    plan = Plan(state.valid_design(), config, place, info.train_size, info.test_size)
    words = estimate(plan, plan.budget(_past_runs(str(paths.runs_dir()))))
    st.caption(plain(words + before_it(_before(str(paths.runs_dir()), person.person().id))))
    if (why := device.why_not()) and config.device != "cpu":
        st.warning(plain(why), icon=":material/memory:")


def held_out(info: SetInfo, config: TrainConfig) -> int:
    """How many of the training images are held out."""
    return expected.held_out(info.train_size, config)


def estimate(plan: Plan, budget: Budget) -> str:
    """What to expect of a training: "On the CPU, 2 cores, it takes about 3 min and 0.9 GB of memory."."""
    memory = f"{gigabytes(budget.memory)} of memory"
    where = _where(plan.place)
    if budget.seconds is None:
        return f"{where} it takes about {memory}; how long, the first run will tell."
    if budget.guided:
        return f"{where} it takes about {span(budget.seconds)} and {memory}, going by an earlier run."
    if plan.config.batch_size < SMALLEST_BATCH:
        small = f"with batches as small as {plan.config.batch_size}, expect minutes for every epoch"
        return f"{where} it takes about {memory}; {small}."
    least, most = span(budget.seconds / UNCERTAIN), span(budget.seconds * UNCERTAIN)
    return f"{where} it takes roughly {least} to {most} and {memory}."


def _where(place: Place) -> str:
    if place.kind != "cpu":
        return "On the GPU"
    return f"On the CPU, {place.cores} core{'s' if place.cores > 1 else ''},"


def before_it(runs: int) -> str:
    """The sentence to add where so many runs come first; empty for none."""
    return f" {count(runs, 'run')} {'comes' if runs == 1 else 'come'} before it." if runs else ""


@st.cache_data(ttl=1.0, show_spinner=False)
def _past_runs(runs_dir: str) -> list[PastRun]:
    """Read at most once a second, however many browsers are open."""
    return expected.past_runs(Path(runs_dir))


@st.cache_data(ttl=1.0, show_spinner=False)
def _before(runs_dir: str, by: str) -> int:
    """How many runs are trained or would come before a new one of this person's; read once a second."""
    return queue.before_a_new_one(Path(runs_dir), by)
