"""`check`: whether a run's figures are those of its weights."""

from __future__ import annotations

import argparse

from cifar7.commands.history import find
from cifar7.commands.output import DataProgress, percent, put, put_json, table
from cifar7.commands.training import wait_patiently
from cifar7.data import library
from cifar7.runs.recheck import Figure, recheck

WORDS = {
    "train_accuracy": "train accuracy",
    "heldout_accuracy": "held-out accuracy",
    "test_accuracy": "test accuracy",
    "test_loss": "test loss",
}


def check(given: argparse.Namespace) -> int:
    """Compute a run's figures again from its saved weights; exit status 1 where one is another."""
    wait_patiently()
    run = find(given.runs, given.run)
    progress = DataProgress()
    images = library.open_set(run.data_name(), progress.report)
    progress.close()
    figures = recheck(run, images, given.device)
    same = all(figure.same for figure in figures)
    if given.json:
        told = {
            figure.name: {
                "recorded": figure.recorded,
                "recomputed": figure.recomputed,
                "images": figure.images,
                "same": figure.same,
            }
            for figure in figures
        }
        put_json({"run": run.id, "same": same, "figures": told})
        return 0 if same else 1
    rows = [
        (WORDS[figure.name], *_values(figure), f"{figure.images:,}", "same" if figure.same else "differs")
        for figure in figures
    ]
    put(table(("figure", "recorded", "recomputed", "images", ""), rows, left=(0, 4)))
    if not same:
        put("The saved weights do not give the recorded figures on this machine.")
    return 0 if same else 1


def _values(figure: Figure) -> tuple[str, str]:
    both = (figure.recorded, figure.recomputed)
    if figure.name.endswith("accuracy"):
        return percent(both[0]), percent(both[1])
    return f"{both[0]:.5f}", f"{both[1]:.5f}"
