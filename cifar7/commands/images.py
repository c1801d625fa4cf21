"""`data`: which image sets there are; fetching, importing and exporting one."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from cifar7 import paths
from cifar7.commands.output import put_json, table, with_progress
from cifar7.data import library
from cifar7.data.imageset import SetInfo
from cifar7.export.class_folders import write_class_folders


def data(arguments: argparse.Namespace) -> None:
    """List the sets, in the order in which one is preselected."""
    sets = library.available()
    if arguments.json:
        put_json({"data_dir": str(paths.data_dir()), "sets": [_to_dict(info) for info in sets]})
        return
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
    print(table(("name", "classes", "train", "test", "here", "what it is"), rows, left=(0, 4, 5)))
    for info in sets:
        for note in info.notes:
            print(f"{info.name}: {note}")


def fetch(arguments: argparse.Namespace) -> None:
    """Download the official CIFAR-10."""
    _put_set(with_progress(library.fetch_cifar10), arguments.json)


def take_in(arguments: argparse.Namespace) -> None:
    """Import class folders, or an archive of them."""
    _put_set(with_progress(library.import_path, arguments.path, arguments.name), arguments.json)


def export(arguments: argparse.Namespace) -> None:
    """Write an image set as class folders."""
    images = with_progress(library.open_set, arguments.name)
    with_progress(write_class_folders, images, arguments.out)
    if arguments.json:
        put_json({"out": str(arguments.out), "name": images.name, "classes": list(images.classes),
                  "train": len(images.train), "test": len(images.test)})  # fmt: skip
    else:
        print(f"{arguments.out}: {len(images.train):,} images in train, {len(images.test):,} in test, "
              f"{len(images.classes)} classes")  # fmt: skip


def _put_set(info: SetInfo, json: bool) -> None:
    if json:
        put_json(_to_dict(info))
        return
    print(f"{info.name}: {info.title}, {len(info.classes)} classes, "
          f"{info.train_size:,} images to train on and {info.test_size:,} to test")  # fmt: skip
    for note in info.notes:
        print(f"note: {note}")


def _to_dict(info: SetInfo) -> dict[str, Any]:
    return {field.name: getattr(info, field.name) for field in fields(SetInfo)}
