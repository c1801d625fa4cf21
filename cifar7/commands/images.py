"""`data`: which image sets there are; fetching and importing one."""

from __future__ import annotations

import argparse
from typing import Any

from cifar7 import paths
from cifar7.commands.output import DataProgress, put, put_json, table
from cifar7.data import library
from cifar7.data.imageset import SetInfo


def data(arguments: argparse.Namespace) -> int:
    """List the sets, in the order in which one is preselected."""
    sets = library.available()
    if arguments.json:
        put_json({"data_dir": str(paths.data_dir()), "sets": [_to_dict(info) for info in sets]})
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


def fetch(arguments: argparse.Namespace) -> int:
    """Download the official CIFAR-10."""
    progress = DataProgress()
    try:
        info = library.fetch_cifar10(progress.report)
    finally:
        progress.close()
    return _put_set(info, arguments)


def take_in(arguments: argparse.Namespace) -> int:
    """Import class folders, or an archive of them."""
    progress = DataProgress()
    try:
        info = library.import_path(arguments.path, arguments.name, progress.report)
    finally:
        progress.close()
    return _put_set(info, arguments)


def _put_set(info: SetInfo, arguments: argparse.Namespace) -> int:
    if arguments.json:
        put_json(_to_dict(info))
        return 0
    put(f"{info.name}: {info.title}, {len(info.classes)} classes, "
        f"{info.train_size:,} images to train on and {info.test_size:,} to test")  # fmt: skip
    for note in info.notes:
        put(f"note: {note}")
    return 0


def _to_dict(info: SetInfo) -> dict[str, Any]:
    return {**vars(info), "classes": list(info.classes), "notes": list(info.notes)}
