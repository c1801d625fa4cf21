"""`find-lr`: a short test of which learning rates suit a network."""

from __future__ import annotations

import argparse

from cifar7.commands.networks import read_network
from cifar7.commands.output import Progress, put_json, say, table, with_progress
from cifar7.commands.recipes import read_config
from cifar7.commands.training import fitted, wait_patiently
from cifar7.data import library
from cifar7.errors import UserError
from cifar7.training.norms import check_norms

LINES = 24  # of the table


def find_lr(arguments: argparse.Namespace) -> None:
    """Take steps with growing learning rates and print which one the losses suggest."""
    if arguments.steps is not None and arguments.steps < 20:
        raise UserError(f"{arguments.steps} steps tell nothing; give 20 or more.")
    wait_patiently()
    spec, config = read_network(arguments.network), read_config(arguments)
    images = with_progress(library.open_data, arguments.data)
    spec = fitted(spec, images)
    check_norms(spec, config)
    from cifar7.network.module import build  # loads torch
    from cifar7.training.lr_finder import range_test, steps_of
    from cifar7.training.lr_finding import find

    steps = arguments.steps or steps_of(config)
    say(f"{spec.name} on {images.title}: {steps} steps of {config.batch_size} images")
    line, points = Progress(), []
    for lr, loss in range_test(build(spec, seed=config.seed), images, config, steps=steps):
        points.append((lr, loss))
        line.update(f"step {len(points)}/{steps}  learning rate {lr:.2g}  loss {loss:.3f}")
    line.close()
    finding = find(points)
    if arguments.json:
        put_json({"network": spec.name, "data": images.name, "config": config.to_dict(), **finding.to_dict()})
        return
    every = max(1, -(-len(finding.rates) // LINES))
    high = max(finding.smoothed, default=1.0)
    rows = [
        (f"{lr:.2g}", f"{loss:.3f}", "#" * round(40 * loss / high))
        for lr, loss in list(zip(finding.rates, finding.smoothed))[::every]
    ]
    print(table(("learning rate", "loss", "smoothed"), rows, left=(2,)))
    print()
    print(finding.reason)
    suggestion, recipe = finding.suggestion, arguments.recipe
    if suggestion and suggestion != config.lr:
        print(f"`train ... --lr {suggestion:g}` uses it; the recipe {recipe} has {config.lr:g}.")
