"""`check`: whether a run's recorded figures are those of its weights."""

from __future__ import annotations

import argparse

from cifar7.commands.history import find
from cifar7.commands.output import DataProgress, percent, put, put_json, table
from cifar7.commands.training import wait_patiently
from cifar7.data import library
from cifar7.runs.recheck import Figure, recheck

TITLES = {
    "train_accuracy": "train accuracy",
    "heldout_accuracy": "held-out accuracy",
    "test_accuracy": "test accuracy",
    "test_loss": "test loss",
}


def check(arguments: argparse.Namespace) -> int:
    """Compute a run's figures again from its saved weights; exit status 1 where one differs."""
    wait_patiently()
    run = find(arguments.runs, arguments.run)
    progress = DataProgress()
    images = library.open_set(run.data_name(), progress.report)
    progress.close()
    figures = recheck(run, images, arguments.device)
    same = all(figure.same for figure in figures)
    if arguments.json:
        entries = {
            figure.name: {
                "recorded": figure.recorded,
                "recomputed": figure.recomputed,
                "images": figure.images,
                "same": figure.same,
            }
            for figure in figures
        }
        put_json({"run": run.id, "same": same, "figures": entries})
        return 0 if same else 1
    rows = [
        (TITLES[figure.name], *_values(figure), f"{figure.images:,}", "same" if figure.same else "differs")
        for figure in figures
    ]
    put(table(("figure", "recorded", "recomputed", "images", ""), rows, left=(0, 4)))
    if not same:
        put("The saved weights do not give the recorded figures on this machine.")
    return 0 if same else 1


def _values(figure: Figure) -> tuple[str, str]:
    recorded, recomputed = figure.recorded, figure.recomputed
    if figure.name.endswith("accuracy"):
        return percent(recorded), percent(recomputed)
    return f"{recorded:.5f}", f"{recomputed:.5f}"
