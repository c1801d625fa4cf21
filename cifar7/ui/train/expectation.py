"""An estimate of how long a training will take on the CPU, shown before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.runs import expected, queue
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.training.events import Finished
from cifar7.ui.shell import person, state
from cifar7.ui.words import device, run_list
from cifar7.ui.words.wording import count, duration, plain

NEWEST = 12  # runs that are looked at
ALIKE = 4  # times as many MACs or images a batch, or as few: a run farther off is no guide
# Forward MACs that a core trains through in a second, where there is no such run. `bench` on two cores of an
# AMD EPYC with bf16 measured 65e9 for starter, 61e9 and 27e9 for two of the submissions, in batches of 128.
MACS_A_CORE = 25e9
STEPS = 50  # fewer, and the slow beginning is most of a run
SMALLEST_BATCH = 32  # below, steps are so short that the rule says nothing


@dataclass(frozen=True, slots=True)
class PastRun:
    """Size and speed of a run on this CPU."""

    macs: int  # of the network, one image
    batch_size: int
    precision: str  # the setting, so perhaps "auto"
    images_per_second: float


def say(info: SetInfo) -> None:
    """A line below the settings; nothing where an accelerator will train."""
    config = state.config()
    if device.accelerated() and config.device != "cpu":
        return
    images = (info.train_size - held_out(info, config)) * config.epochs
    text = estimate(images, config, analyse(state.valid_design()).macs, _past_runs(), device.cores())
    st.caption(plain(text + before_it(_before(str(paths.runs_dir()), person.person().id))))


def held_out(info: SetInfo, config: TrainConfig) -> int:
    """How many of the training images are held out."""
    return expected.held_out(info.train_size, config)


def estimate(images: int, config: TrainConfig, macs: int, runs: Iterable[PastRun], cores: int) -> str:
    """What to expect of training on so many images, all epochs together, with a network of so many MACs."""
    where = "It trains on the CPU" if config.device == "cpu" else "No GPU here: it trains on the CPU"
    begin = f"{where}, {cores} core{'s' if cores > 1 else ''}."
    alike = [run for run in runs if _alike(run, config, macs)]
    if alike:
        guide = min(alike, key=lambda run: max(run.macs / macs, macs / run.macs))
        seconds = images * macs / (guide.images_per_second * guide.macs)
        return f"{begin} Going by an earlier run, this takes about {_round(seconds)}."
    if config.batch_size < SMALLEST_BATCH:
        return f"{begin} With batches as small as {config.batch_size} expect minutes for every epoch."
    seconds = images * macs / (MACS_A_CORE * cores)
    return f"{begin} Expect roughly {_round(seconds / 2)} to {_round(2 * seconds)}; with a GPU, seconds."


def before_it(runs: int) -> str:
    """The sentence to add where so many runs come first; empty for none."""
    return f" {count(runs, 'run')} {'comes' if runs == 1 else 'come'} before it." if runs else ""


def _alike(run: PastRun, config: TrainConfig, macs: int) -> bool:
    ratios = (run.macs / macs, run.batch_size / config.batch_size)
    near = all(1 / ALIKE <= ratio <= ALIKE for ratio in ratios)
    return near and run.precision == config.precision


def _round(seconds: float) -> str:
    """A time as an estimate: no seconds beside minutes."""
    if seconds < 50:
        return duration(max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{seconds / 3600:.1f} h"


def _past_runs() -> Iterator[PastRun]:
    for summary in run_list.recent(NEWEST):
        result = Finished.from_dict(summary.status["result"])
        if result and result.images_per_second > 0 and result.steps >= STEPS:
            past_run = _past_run(summary.run, result.images_per_second)
            if past_run:
                yield past_run


@st.cache_data(ttl=1.0, show_spinner=False)
def _before(runs_dir: str, by: str) -> int:
    """How many runs are trained or would come before a new one of this person's; read once a second."""
    return queue.before_a_new_one(Path(runs_dir), by)


@lru_cache(maxsize=256)
def _past_run(run: RunFolder, images_per_second: float) -> PastRun | None:
    """A run on a CPU; None for any other run."""
    with suppress(UserError):
        if str(run.environment().get("device", "")).startswith("CPU"):
            config = run.config()
            macs = analyse(run.spec()).macs
            return PastRun(macs, config.batch_size, config.precision, images_per_second)
    return None
