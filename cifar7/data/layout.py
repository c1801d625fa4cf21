"""Which file of a source is an image of which class: `train/<class>/<file>`, `test/<class>/<file>`.

Other people's names for the two are understood, and sets that nobody has split yet.
"""

import csv
import io
from collections import Counter
from pathlib import PurePosixPath
from typing import NamedTuple

from cifar7.data.decode import SUFFIXES
from cifar7.data.imageset import DataError

SPLITS = ("train", "test")
SPLIT = "give train/<class>/<image> and test/<class>/<image>, with the same classes in both"
RIGHT = f"{SPLIT}, or <class>/<image> alone, of which a part is then set aside to test"
NAMES = 3  # in a note
TABLE_BYTES, TABLE_ROWS = 16 * 2**20, 300_000  # of a .csv: a row for each image that there may be

# What people call the parts, in small letters and without what `role` takes off the end.
ROLES = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "val": "val", "valid": "val", "validation": "val",
}  # fmt: skip
PACKED = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".xz", ".bz2")

Parts = tuple[str, ...]


class Place(NamedTuple):
    """Where an image belongs; `folder` is its class."""

    split: str
    folder: str
    file: str


def role(folder: str) -> str | None:
    """ "train", "test" or "val" for a folder that is called so, whatever its capitals; else None."""
    name = folder.lower().replace("-", "_").replace(" ", "_")
    for ending in ("_set", "set", "_data", "_images"):
        name = name.removesuffix(ending)
    return ROLES.get(name)


def is_table(name: str) -> bool:
    """Whether a file may say the classes of images that lie in no class folder, as Kaggle's do."""
    parts = name.split("/")
    return len(parts) <= 2 and name.lower().endswith(".csv") and not _hidden(parts)


class Layout:
    """Takes the name of every file and folder of a source; `settle` then says where images belong.

    `source` is the name of the folder or archive, for messages. After `settle`, `place` and `notes` tell what
    belongs where and what was passed over.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.unsplit = False  # no part to test: one is to be set aside
        self._files: list[Parts] = []  # images
        self._folders: list[Parts] = []
        self._no_images: list[str] = []
        self._tables: dict[str, dict[str, str]] = {}  # name of a .csv -> class of each file
        self._places: dict[Parts, Place] = {}
        self._splits: dict[Parts, str] = {}  # folder -> split
        self._left_out: dict[Parts, int] = {}  # folder that is no split here -> its images
        self._notes: list[str] = []

    def see(self, name: str, is_folder: bool) -> None:
        """A file or folder of the source."""
        parts = tuple(name.split("/"))
        if _hidden(parts) or not (is_folder or name.lower().endswith(SUFFIXES)):
            if not is_folder:
                self._no_images.append(name)
        elif is_folder:
            self._folders.append(parts)
        else:
            self._files.append(parts)

    def see_table(self, name: str, content: bytes) -> None:
        """A .csv for which `is_table` holds: two columns, a file's name without its ending and its class."""
        if len(content) > TABLE_BYTES:
            return
        labels: dict[str, str] = {}
        try:
            for number, row in enumerate(csv.reader(io.StringIO(content.decode("utf-8-sig")))):
                if len(row) not in (0, 2) or number > TABLE_ROWS:
                    return
                if number and row:
                    labels[PurePosixPath(row[0]).stem] = row[1]
        except (UnicodeDecodeError, csv.Error):
            return
        if labels:
            self._tables[name] = labels

    def settle(self) -> tuple[str, ...]:
        """Decide what belongs where; the class names in alphabetical order.

        DataError: no images, an image in train/ or test/ that is not in a class folder of it, two top
        folders, a class that one split lacks, fewer than two classes.
        """
        if any(len(parts) == len(_split_folder(parts)) + 2 for parts in self._files if _split_folder(parts)):
            self._take_splits()
        elif not self._take_table():
            self._take_classes()
        return self._checked_classes()

    def place(self, name: str) -> Place | None:
        """The place of an image; None for what is no image or passed over."""
        return self._places.get(tuple(name.split("/")))

    def notes(self) -> list[str]:
        """How the folders were read, and what was passed over."""
        notes = list(self._notes)
        if n := len(self._no_images):
            files = "1 file that is not an image was" if n == 1 else f"{n:,} files that are not images were"
            notes.append(f"{files} passed over: {_some(self._no_images)}.")
        for folder, n in self._left_out.items():
            images = "1 image" if n == 1 else f"{n:,} images"
            notes.append(f"{folder[-1]}/ ({images}) was left out, as the set has train/ and test/.")
        elsewhere = [
            "/".join(parts)
            for parts in self._files
            if parts not in self._places and _split_folder(parts) not in self._left_out
        ]
        if n := len(elsewhere):
            images, were = ("1 image", "was") if n == 1 else (f"{n:,} images", "were")
            where = "outside train/ and test/" if self._splits else "of no known class"
            notes.append(f"{images} {where} {were} passed over: {_some(elsewhere)}.")
        return notes

    # train/<class>/<image>

    def _take_splits(self) -> None:
        self._splits = self._split_folders()
        self.unsplit = "test" not in self._splits.values()
        for parts in self._files:
            folder = _split_folder(parts)
            split = self._splits.get(folder)
            if split is None:
                continue
            below = parts[len(folder) :]
            if len(below) != 2:
                where, alone = "/".join(parts), f"; or leave {folder[-1]}/ out" if split == "test" else ""
                raise DataError(
                    f"{where!r} in {self.source} is not in a class folder of {folder[-1]}/: {SPLIT}{alone}"
                )
            self._places[parts] = Place(split, *below)

    def _split_folders(self) -> dict[Parts, str]:
        """Which folders are train and test; DataError where two claim to be the same."""
        images = Counter(folder for parts in self._files if (folder := _split_folder(parts)))
        found = {kind: [f for f in images if role(f[-1]) == kind] for kind in (*SPLITS, "val")}
        if found["train"] and not found["test"]:
            found["test"], found["val"] = found["val"], []
        for split in SPLITS:
            exact = [folder for folder in found[split] if folder[-1] == split]
            found[split] = exact or found[split]
        used = [folder for split in SPLITS for folder in found[split]]
        tops = list(dict.fromkeys("/".join((*folder[:-1], "")) for folder in used))
        if len(tops) > 1:
            raise DataError(
                f"{self.source} has train/ and test/ in two places, below {tops[0]!r} and below {tops[1]!r}: "
                "keep one"
            )
        for split in SPLITS:
            if len(found[split]) > 1:
                names = " and ".join(f"{folder[-1]}/" for folder in found[split])
                raise DataError(f"{self.source} has {names}, which both mean {split}/: keep one")
        odd = [f"{f[-1]}/ as {split}/" for split in SPLITS for f in found[split] if f[-1] != split]
        if odd:
            self._notes.append(f"Read {' and '.join(odd)}.")
        self._left_out = {folder: images[folder] for folder in images if folder not in used}
        return {folder: split for split in SPLITS for folder in found[split]}

    # train/<image>, and a table that says the classes

    def _take_table(self) -> bool:
        """Whether a .csv says the classes of the images that lie in train/ directly."""
        for name, labels in self._tables.items():
            above = tuple(name.split("/")[:-1])
            for parts in self._files:
                folder, label = _split_folder(parts), labels.get(PurePosixPath(parts[-1]).stem)
                is_there = parts[:-1] == folder and folder[:-1] == above and role(folder[-1]) == "train"
                if label and is_there:
                    self._places[parts] = Place("train", label, parts[-1])
            if self._places:
                self.unsplit = True
                self._no_images.remove(name)
                self._notes.append(f"The classes of the images in train/ are those that {name!r} gives.")
                return True
        return False

    # <class>/<image>

    def _take_classes(self) -> None:
        """Class folders without splits, which may lie in one folder."""
        flat = [parts for parts in self._files if len(parts) == 2]
        wrapped = [parts for parts in self._files if len(parts) == 3]
        chosen = flat if len({parts[0] for parts in flat}) > 1 or not wrapped else wrapped
        if chosen is wrapped and len({parts[0] for parts in wrapped}) > 1:
            chosen = []
        names = {parts[-2] for parts in chosen}
        parts_of_a_set = sorted(name for name in names if role(name))
        if parts_of_a_set and len(names) - len(parts_of_a_set) < 2:  # else a class is called so
            named = " and ".join(f"{name}/" for name in parts_of_a_set)
            raise DataError(
                f"{self.source} has images in {named} but no class folders there, and no .csv beside it that "
                f"says the class of each: {RIGHT}"
            )
        if not chosen:
            raise DataError(f"{self.source} has no images in train/{self._what_there_is()}: {RIGHT}")
        self.unsplit = True
        self._places = {parts: Place("train", parts[-2], parts[-1]) for parts in chosen}

    def _what_there_is(self) -> str:
        """What was found in the place of images, to say so."""
        packed = [name for name in self._no_images if name.lower().endswith(PACKED)]
        if packed and not self._files:
            return f"; it holds {_some(packed)}, to be unpacked first"
        found = ["/".join(parts) for parts in self._files] or self._no_images
        return f"; found {_some(found)}" if found else ""

    def _checked_classes(self) -> tuple[str, ...]:
        images: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}  # of each class
        for place in self._places.values():
            images[place.split][place.folder] += 1
        for folder in self._folders:
            if split := self._splits.get(folder[:-1]):
                images[split][folder[-1]] += 0  # a class, if only of this folder
        splits = ("train",) if self.unsplit else SPLITS
        for split in splits:
            if not images[split].total():
                raise DataError(f"{self.source} has no images in {split}/: {RIGHT}")
        names = sorted({*images["train"], *images["test"]})
        for split in splits:
            if lacking := [name for name in names if not images[split][name]]:
                raise DataError(f"{self.source} has no images of {_some(lacking)} in {split}/: {SPLIT}")
        for name in names:
            if not name.isprintable():
                raise DataError(f"{self.source} has a class {name!r}: give it a name of printable characters")
        if len(names) < 2:
            raise DataError(f"{self.source} has one class only, {names[0]!r}: there is nothing to tell apart")
        return tuple(names)


def _split_folder(parts: Parts) -> Parts:
    """The folder in an image's name that is called as a part of a set; () for none. It may lie in another."""
    at = next((at for at, part in enumerate(parts[:-1][:2]) if role(part)), None)
    return () if at is None else parts[: at + 1]


def _hidden(parts: tuple[str, ...] | list[str]) -> bool:
    return any(part.startswith(".") or part in ("__MACOSX", "@eaDir") for part in parts)


def _some(names: list[str]) -> str:
    first = ", ".join(repr(name) for name in names[:NAMES])
    return first + (f" and {len(names) - NAMES:,} more" if len(names) > NAMES else "")
