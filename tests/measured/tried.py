"""The designs and recipes that were tried for Sprinter, Champion and Featherweight, to be trained again.

    PYTHONPATH=. python tests/measured/tried.py NAME ... --data PATH [--seeds 1 2 3] [--threads 1] [--test]
        [--set lr=0.1 batch_size=512]

Says each epoch's held-out accuracy, and the time. The test images are read with --test only, at the end.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import torch

from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_data
from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.training.config import TrainConfig
from cifar7.training.engine import Training
from cifar7.training.events import EpochEnd, Finished

TIMES = 6  # operations of a trained MAC: forward and twice as much backward, a product and a sum

separable = partial(Unit, kind="separable")
bare = partial(Unit, bias=False, norm=False, activation=False)


def pool(channels: int) -> Unit:
    """A max-pool with normalisation and activation behind it."""
    return Unit(channels, kind="max_pool", kernel=2, stride=2, padding=0)


def network(*stages: tuple[Unit, ...], **rest: Any) -> NetSpec:
    """Stages whose pools, if any, are among their units."""
    return NetSpec(
        "tried", bias=False, stages=tuple(map(Stage, stages)), output=Head(classifier="linear"), **rest
    )


def usual(*stages: tuple[Unit, ...]) -> NetSpec:
    """Stages, the first three of which end in a pool behind normalisation and ReLU, as in `starter`."""
    made = network(*stages)
    return replace(
        made, stages=tuple(replace(s, pool=2) if at < 3 else s for at, s in enumerate(made.stages))
    )


def quick(c1: int, c2: int, c3: tuple[int, ...], *c4: Unit) -> NetSpec:
    """A convolution in C1 and C2 and some in C3, the last one dilated, each stage's pool before its norm.

    As they were tried, with biases in front of the pools, which the norms behind them undo.
    """
    *plain, dilated = c3
    biased = partial(bare, bias=None)
    return network(
        (biased(c1), pool(c1)),
        (biased(c2), pool(c2)),
        (*map(Unit, plain), biased(dilated, dilation=2), pool(dilated)),
        c4,
    )


SEPARABLE_END = (separable(256), separable(256))


def champion(c1: Unit, c2: tuple[Unit, ...], c4: tuple[Unit, ...], **rest: Any) -> NetSpec:
    """192 channels in C3, the last convolution dilated; each stage's pool before its norm."""
    c3 = (Unit(192), bare(192, dilation=2), pool(192))
    return network((c1, pool(c1.channels)), (*c2, pool(c2[-1].channels)), c3, c4, **rest)


_DEEP = champion(bare(32), (Unit(128), bare(128)), SEPARABLE_END)
_QUICK = {"epochs": 3, "batch_size": 256, "optimiser": "muon", "lr": 0.07, "crop_padding": 1}
_SOFT = {"weight_decay": 0.004, "label_smoothing": 0.1, "averaging": 0.99}
_LONG = {**_QUICK, **_SOFT, "epochs": 21, "crop_padding": 2}
_MOVED = {**_LONG, "crop_padding": 4, "cutout": 10}

# A design, and the settings in which its training differs from the default recipe with alternating flips.
TRIALS: dict[str, tuple[NetSpec, dict[str, Any]]] = {
    "sprint-usual": (
        usual((Unit(24),), (Unit(64),), (Unit(128, dilation=2),), (Unit(128), separable(128))), _QUICK,
    ),
    "sprint-16": (quick(16, 64, (128,), Unit(128), separable(128)), {**_QUICK, "epochs": 5}),
    "sprint-32": (quick(32, 64, (128,), Unit(128), separable(128)), {**_QUICK, "epochs": 4}),
    "sprint-wide": (quick(32, 96, (192,), Unit(192), separable(192)), _QUICK),
    "sprint-deep": (quick(32, 64, (128, 128), Unit(256), separable(256)), _QUICK),
    "sprint-deep-2": (quick(32, 64, (128, 128), Unit(256), separable(256)), {**_QUICK, "epochs": 2}),
    "sprint-deep-96": (quick(32, 64, (96, 128), Unit(192), separable(192)), _QUICK),
    "sprint-deep-192": (quick(16, 64, (128, 128), Unit(192), separable(192)), _QUICK),
    "sprinter": (preset("sprinter"), _QUICK),
    "sprinter-silu": (replace(preset("sprinter"), activation="silu"), _QUICK),
    "sprinter-gelu": (replace(preset("sprinter"), activation="gelu"), _QUICK),
    "champion-35": (
        champion(bare(32), (bare(128),), (Unit(192), separable(256))), {**_LONG, "epochs": 35},
    ),
    "champion": (_DEEP, _LONG),
    "champion-moved": (_DEEP, _MOVED),
    "champion-silu-moved": (replace(_DEEP, activation="silu"), _MOVED),
}  # fmt: skip


def main() -> None:
    """Train what the command line names."""
    parser = argparse.ArgumentParser(description="Train a design again that was tried.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--data", metavar="NAME|PATH")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1], metavar="N")
    parser.add_argument("--threads", type=int, metavar="N", help="of torch; default: as many as cores")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="settings in their place")
    parser.add_argument("--test", action="store_true", help="read the test images at the end")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in TRIALS]
    if unknown or not given.names or not given.data:
        parser.error(f"give --data and, of these, what to train: {', '.join(TRIALS)}")
    if given.threads:
        torch.set_num_threads(given.threads)
    changed = {name: json.loads(value) for name, _, value in (one.partition("=") for one in given.set)}
    images = open_data(given.data)
    for name in given.names:
        spec, settings = TRIALS[name]
        config = TrainConfig(**{"flip": "alternating", "train_sample": 2000, **settings, **changed})
        for seed in given.seeds:
            train(name, spec, replace(config, seed=seed), images, given.test)


def train(name: str, spec: NetSpec, config: TrainConfig, images: ImageSet, test: bool) -> None:
    """One run, told epoch by epoch."""
    figures, began = analyse(spec), perf_counter()
    run = Training(build(spec, seed=config.seed), images, config, test=test)
    trained = run.state.batches.per_epoch * run.state.batches.batch_size * config.epochs
    print(f"{name}, seed {config.seed}: {figures.parameters:,} parameters, {figures.macs / 1e6:.1f} M MACs, "
        f"{TIMES * figures.macs * trained / 1e15:.3f} PFLOP", flush=True)  # fmt: skip
    for event in run.events():
        if isinstance(event, EpochEnd):
            print(f"  epoch {event.epoch}: {event.heldout_accuracy:.2%} held out, {event.train_accuracy:.2%} "
                f"of training images, {perf_counter() - began:.1f} s", flush=True)  # fmt: skip
        elif isinstance(event, Finished):
            print(f"  {event.test_accuracy:.2%} of the test images, epoch {event.best_epoch}, "
                f"{perf_counter() - began:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
