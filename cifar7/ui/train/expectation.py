"""How long a training will take where there is no accelerator: said before it is begun."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.runs import queue
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.shell import state
from cifar7.ui.words import device, run_list
from cifar7.ui.words.wording import count, duration, plain

LOOKED_AT = 12  # of the newest runs
ALIKE = 4  # times as many MACs or images a batch, or as few: no farther is a run a guide
# Where no run is: forward MACs that a core trains through in a second. `bench` on two cores of an AMD EPYC
# with bf16 found 65e9 for starter, 61e9 and 27e9 for two of the submissions, in batches of 128.
MACS_A_CORE = 25e9
STEPS = 50  # fewer, and the slow beginning is most of a run
SMALLEST_BATCH = 32  # below, steps are so short that the rule says nothing


@dataclass(frozen=True, slots=True)
class Known:
    """What a run on this CPU was like."""

    macs: int  # of the network, one image
    batch_size: int
    precision: str  # as asked for
    images_per_second: float


def say(info: SetInfo) -> None:
    """A line below the settings; nothing where there is an accelerator."""
    if device.accelerated():
        return
    config, macs = state.config(), analyse(state.valid_design()).macs
    held = min(config.holdout, info.train_size // 10) if config.protocol == "holdout" else 0
    seen = (info.train_size - held) * config.epochs
    told = words(seen, config, macs, list(_known()), device.cores())
    st.caption(plain(told + before_it(_before(str(paths.runs_dir())))))


def words(images: int, config: TrainConfig, macs: int, known: Iterable[Known], cores: int) -> str:
    """What to expect of training on so many images, all epochs together, with a network of so many MACs."""
    begin = f"No GPU here: it trains on the CPU, {cores} core{'s' if cores > 1 else ''}."
    near = [one for one in known if _alike(one, config, macs)]
    if near:
        guide = min(near, key=lambda one: max(one.macs / macs, macs / one.macs))
        seconds = images * macs / (guide.images_per_second * guide.macs)
        return f"{begin} Going by an earlier run, this takes about {_round(seconds)}."
    if config.batch_size < SMALLEST_BATCH:
        return f"{begin} With batches as small as {config.batch_size} expect minutes for every epoch."
    seconds = images * macs / (MACS_A_CORE * cores)
    return f"{begin} Expect roughly {_round(seconds / 2)} to {_round(2 * seconds)}; with a GPU, seconds."


def before_it(runs: int) -> str:
    """What is added where so many runs have their turn first."""
    return f" {count(runs, 'run')} {'comes' if runs == 1 else 'come'} before it." if runs else ""


def _alike(one: Known, config: TrainConfig, macs: int) -> bool:
    pairs = ((one.macs, macs), (one.batch_size, config.batch_size))
    near = all(1 / ALIKE <= then / now <= ALIKE for then, now in pairs)
    return near and one.precision == config.precision


def _round(seconds: float) -> str:
    """A time as an estimate is said: no seconds beside minutes."""
    if seconds < 50:
        return duration(max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{seconds / 3600:.1f} h"


def _known() -> Iterable[Known]:
    for summary in run_list.recent(LOOKED_AT):
        result = summary.status["result"] or {}
        if result.get("images_per_second") and result.get("steps", 0) >= STEPS:
            found = _of_run(summary.id)
            if found is not None:
                yield Known(*found, images_per_second=float(result["images_per_second"]))


@st.cache_data(ttl=1.0, show_spinner=False)
def _before(runs_dir: str) -> int:
    """The runs that are trained or wait, read at most once a second however many browsers ask."""
    return len(queue.waiting(Path(runs_dir))) + len(queue.running(Path(runs_dir)))


@lru_cache(maxsize=256)
def _of_run(run_id: str) -> tuple[int, int, str] | None:
    """MACs, batch size and precision of a run on a CPU; None for another one."""
    with suppress(UserError):
        run = RunFolder.open(paths.runs_dir(), run_id)
        if str(run.environment().get("device", "")).startswith("CPU"):
            config = run.config()
            return analyse(run.spec()).macs, config.batch_size, config.precision
    return None
