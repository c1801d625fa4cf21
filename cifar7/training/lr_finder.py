"""The learning-rate range test: short training with growing learning rates.

Smith 2017, "Cyclical learning rates for training neural networks", section 3.3: the rate grows from step to
step over some decades, and the loss shows where steps begin to help and where they become too large.
`cifar7.training.lr_finding` reads the curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, count
from math import inf, isfinite
from statistics import median

from torch import nn

from cifar7.data.imageset import ImageSet
from cifar7.training.config import TrainConfig
from cifar7.training.interruption import Interrupted, Watch
from cifar7.training.lr_finding import Point, window
from cifar7.training.lr_finding import steps_of as steps_of
from cifar7.training.selection import can_hold_out
from cifar7.training.state import TrainingState

# Learning rates of the first and the last step.
RANGE = {"sgd": (1e-4, 10.0), "adamw": (1e-6, 1.0), "muon": (1e-4, 10.0)}

_EXPLODED = 4.0  # the test ends where the loss is so many times its lowest


def range_test(
    module: nn.Module,
    data: ImageSet,
    config: TrainConfig,
    *,
    low: float | None = None,
    high: float | None = None,
    steps: int | None = None,
    control: Callable[[], str | None] = lambda: None,
    ask_seconds: float = inf,
    record: bool = True,
) -> Iterator[Point]:
    """Take steps as `config` says, the learning rate growing from `low` to `high` by equal factors.

    `steps`: how many; by default as many as `steps_of` says.

    A set that is too small to hold images out is trained on whole: the test looks at no other image anyway.
    Ends early where the loss is no finite number or has exploded, or `control` returns anything; it is asked
    before every step, and during one about every `ask_seconds`. The module is trained in place and is of no
    use afterwards. `record`: as in `TrainingState`. Raises what making a `TrainingState`, or a step, raises.
    """
    lowest, highest = RANGE[config.optimiser]
    low, high = low or lowest, high or highest
    steps = steps or steps_of(config)
    size = window(steps)
    if not can_hold_out(data.train.labels, config):
        config = replace(config, protocol="test-each-epoch")
    run = TrainingState(module, data, replace(config, averaging=0.0), record=record)
    run.module.train()
    batches = chain.from_iterable(map(run.batches.epoch, count()))
    recent: list[float] = []
    best = float("inf")
    watch, hooked = Watch(control, ask_seconds, run.device), ExitStack()
    hooked.enter_context(watch.between_layers(run.module))
    try:
        for step, rows in zip(range(steps), batches, strict=False):
            if watch.ask() is not None:
                return
            lr = low * (high / low) ** (step / max(1, steps - 1))
            run.train_step.take(rows, lr, step)
            loss, _, _ = run.metrics.since_last()
            yield lr, loss
            recent = [*recent, loss][-size:]
            if not isfinite(loss):
                return
            if len(recent) == size:
                best = min(best, median(recent))
                if median(recent) > _EXPLODED * best:
                    return
    except Interrupted:
        return
    finally:
        hooked.close()
        run.train_step.close()
