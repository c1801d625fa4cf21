"""How long a training will take where there is no accelerator: said before it is begun."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui import device, run_list, state
from cifar7.ui.wording import duration, plain

LOOKED_AT = 12  # of the newest runs
ALIKE = 4  # times as many MACs or images a batch, or as few: no farther is a run a guide
# Where no run is: forward MACs that a core trains through in a second. `bench` on two cores of an AMD EPYC
# with bf16 found 65e9 for starter, 61e9 and 27e9 for two of the submissions, in batches of 128.
MACS_A_CORE = 25e9
SMALLEST_BATCH = 32  # below, steps are so short that the rule says nothing


@dataclass(frozen=True, slots=True)
class Known:
    """What a run on this CPU was like."""

    macs: int  # of the network, one image
    batch_size: int
    images_per_second: float


def say(info: SetInfo) -> None:
    """A line below the settings; nothing where there is an accelerator."""
    if device.accelerated():
        return
    config, macs = state.config(), analyse(state.valid_design()).macs
    held = min(config.holdout, info.train_size // 10) if config.protocol == "holdout" else 0
    seen = (info.train_size - held) * config.epochs
    st.caption(plain(words(seen, config, macs, list(_known()), device.cores())))


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


def _alike(one: Known, config: TrainConfig, macs: int) -> bool:
    pairs = ((one.macs, macs), (one.batch_size, config.batch_size))
    return all(1 / ALIKE <= then / now <= ALIKE for then, now in pairs)


def _round(seconds: float) -> str:
    """A time as an estimate is said: no seconds beside minutes."""
    if seconds < 50:
        return duration(max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{seconds / 3600:.1f} h"


def _known() -> Iterable[Known]:
    for summary in run_list.recent(LOOKED_AT):
        speed = (summary.status["result"] or {}).get("images_per_second")
        if speed:
            found = _of_run(summary.id)
            if found is not None:
                yield Known(*found, images_per_second=float(speed))


@lru_cache(maxsize=256)
def _of_run(run_id: str) -> tuple[int, int] | None:
    """MACs and batch size of a run on a CPU; None for another one."""
    with suppress(UserError):
        run = RunFolder.open(paths.runs_dir(), run_id)
        if str(run.environment().get("device", "")).startswith("CPU"):
            return analyse(run.spec()).macs, run.config().batch_size
    return None
