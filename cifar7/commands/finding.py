"""`find-lr`: a short test of which learning rates suit a network."""

from __future__ import annotations

import argparse

from cifar7.commands.networks import read_network
from cifar7.commands.output import DataProgress, Progress, put, put_json, say, table
from cifar7.commands.recipes import read_config
from cifar7.commands.training import fitted, wait_patiently
from cifar7.data import library
from cifar7.errors import UserError

LINES = 24  # of the table


def find_lr(given: argparse.Namespace) -> int:
    """Take steps with growing learning rates and say which one the losses suggest."""
    if given.steps is not None and given.steps < 20:
        raise UserError(f"{given.steps} steps tell nothing; give 20 or more.")
    wait_patiently()
    spec, config = read_network(given.network), read_config(given)
    progress = DataProgress()
    images = library.open_data(given.data, progress.report)
    progress.close()
    spec = fitted(spec, images)
    from cifar7.network.module import build  # loads torch
    from cifar7.training.lr_finder import find, range_test, steps_of

    steps = given.steps or steps_of(config)
    say(f"{spec.name} on {images.title}: {steps} steps of {config.batch_size} images")
    line, points = Progress(), []
    for lr, loss in range_test(build(spec, seed=config.seed), images, config, steps=steps):
        points.append((lr, loss))
        line.update(f"step {len(points)}/{steps}  learning rate {lr:.2g}  loss {loss:.3f}")
    line.close()
    found = find(points)
    if given.json:
        put_json({"network": spec.name, "data": images.name, "config": config.to_dict(), **found.to_dict()})
        return 0
    every = max(1, -(-len(found.rates) // LINES))
    high = max(found.smoothed, default=1.0)
    rows = [
        (f"{lr:.2g}", f"{loss:.3f}", "#" * round(40 * loss / high))
        for lr, loss in list(zip(found.rates, found.smoothed))[::every]
    ]
    put(table(("learning rate", "loss", "smoothed"), rows, left=(2,)))
    put()
    put(found.reason)
    if found.suggestion and found.suggestion != config.lr:
        put(f"`train ... --lr {found.suggestion:g}` uses it; the recipe {given.recipe} has {config.lr:g}.")
    return 0
