"""`data`: which image sets there are; fetching and importing one."""

from __future__ import annotations

import argparse
from typing import Any

from cifar7 import paths
from cifar7.commands.output import DataProgress, put, put_json, table
from cifar7.data import library
from cifar7.data.imageset import SetInfo


def data(given: argparse.Namespace) -> int:
    """List the sets, in the order in which one is preselected."""
    sets = library.available()
    if given.json:
        put_json({"data_dir": str(paths.data_dir()), "sets": [_told(info) for info in sets]})
        return 0
    rows = [
        (
            info.name,
            len(info.classes),
            f"{info.train_size:,}",
            f"{info.test_size:,}",
            "yes" if info.present else "no",
            info.title,
        )
        for info in sets
    ]
    put(table(("name", "classes", "train", "test", "here", "what it is"), rows, left=(0, 4, 5)))
    for info in sets:
        for note in info.notes:
            put(f"{info.name}: {note}")
    return 0


def fetch(given: argparse.Namespace) -> int:
    """Download the official CIFAR-10."""
    progress = DataProgress()
    try:
        info = library.fetch_cifar10(progress.report)
    finally:
        progress.close()
    return _done(info, given)


def take_in(given: argparse.Namespace) -> int:
    """Import class folders, or an archive of them."""
    progress = DataProgress()
    try:
        info = library.import_path(given.path, given.name, progress.report)
    finally:
        progress.close()
    return _done(info, given)


def _done(info: SetInfo, given: argparse.Namespace) -> int:
    if given.json:
        put_json(_told(info))
        return 0
    put(f"{info.name}: {info.title}, {len(info.classes)} classes, "
        f"{info.train_size:,} images to train on and {info.test_size:,} to test")  # fmt: skip
    for note in info.notes:
        put(f"note: {note}")
    return 0


def _told(info: SetInfo) -> dict[str, Any]:
    told = dict(vars(info))
    return {**told, "classes": list(info.classes), "notes": list(info.notes)}
