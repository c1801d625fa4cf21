"""How long a run will take, going by those that were trained here."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from math import log
from pathlib import Path

from cifar7.data import library
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.kinds import Kind
from cifar7.training.config import TrainConfig
from cifar7.training.events import Finished
from cifar7.training.lr_finding import steps_of

NEWEST = 12  # runs that are looked at


def seconds(
    runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str, kind: Kind = "training"
) -> float | None:
    """The time of the most similar of the newest runs, in proportion; None where there is none.

    The work of a training is taken as its images, all epochs together, times the MACs of the network; two
    runs are as similar as their MACs.
    """
    macs = max(1, analyse(spec).macs)
    images = _images(config, data_name, kind)
    past = [one for run in islice(list_runs(runs_dir), NEWEST) if (one := _past(run))]
    if not past or images is None:
        return None
    past_macs, past_images, past_seconds = min(past, key=lambda one: abs(log(one[0] / macs)))
    return past_seconds * images * macs / (past_images * past_macs)


def held_out(train_size: int, config: TrainConfig) -> int:
    """How many of the training images are held out: as many as `cifar7.training.selection` takes."""
    return min(config.holdout, train_size // 10) if config.protocol == "holdout" else 0


def _images(config: TrainConfig, data_name: str, kind: Kind) -> int | None:
    """How many images, all together, a run learns from; None where the set is not known."""
    if kind != "training":
        return steps_of(config) * config.batch_size
    size = next((info.train_size for info in library.available() if info.name == data_name), 0)
    return (size - held_out(size, config)) * config.epochs or None


def _past(run: RunFolder) -> tuple[int, int, float] | None:
    """MACs, images and seconds of a run that came to its end; None for any other."""
    with suppress(UserError):
        result = Finished.from_dict(run.status()["result"])
        if result and result.steps > 0 and result.seconds > 0:
            return max(1, analyse(run.spec()).macs), result.steps * run.config().batch_size, result.seconds
    return None
