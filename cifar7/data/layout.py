"""Which file of a source is an image of which class: `train/<class>/<file>`, `test/<class>/<file>`."""

from collections import Counter
from typing import NamedTuple

from cifar7.data.decode import SUFFIXES
from cifar7.data.imageset import DataError

SPLITS = ("train", "test")
RIGHT = "give train/<class>/<image> and test/<class>/<image>, with the same classes in both"
NAMES = 3  # in a note


class Place(NamedTuple):
    """Where an image belongs; `folder` is its class."""

    split: str
    folder: str
    file: str


class Layout:
    """Takes every file and folder of a source in turn: where images belong, and what was passed over.

    `source` is the name of the folder or archive, for messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._top: str | None = None  # the folder that train/ and test/ lie in, "" for none
        self._images: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}  # of each class
        self._no_images: list[str] = []
        self._elsewhere: list[str] = []

    def place(self, name: str, is_folder: bool) -> Place | None:
        """The place of an image; None for a folder and for a file that is ignored (and counted).

        DataError: an image in train/ or test/ that is not in a class folder of it, or two top folders.
        """
        parts = name.split("/")
        is_hidden = any(part.startswith(".") or part in ("__MACOSX", "@eaDir") for part in parts)
        if is_hidden or not (is_folder or name.lower().endswith(SUFFIXES)):
            if not is_folder:
                self._no_images.append(name)
            return None
        start = next((i for i, part in enumerate(parts[:2]) if part in SPLITS), None)
        if start is None or (not is_folder and start == len(parts) - 1):
            if not is_folder:
                self._elsewhere.append(name)
            return None
        top, split, below = "/".join(parts[:start]), parts[start], parts[start + 1 :]
        if self._top is None:
            self._top = top
        if self._top != top:
            raise DataError(
                f"{self.source} has train/ and test/ in two places, below {self._top + '/'!r} and below "
                f"{top + '/'!r} ({name!r}): keep one"
            )
        if is_folder:
            if len(below) == 1:
                self._images[split][below[0]] += 0  # a class, if only of this folder
            return None
        if len(below) != 2:
            raise DataError(f"{name!r} in {self.source} is not in a class folder of {split}/: {RIGHT}")
        self._images[split][below[0]] += 1
        return Place(split, *below)

    def classes(self) -> tuple[str, ...]:
        """The class names in alphabetical order, after the last call of `place`.

        DataError: no images, one split only, a class that one split lacks, fewer than two classes.
        """
        for split in SPLITS:
            if not self._images[split].total():
                raise DataError(f"{self.source} has no images in {split}/: {RIGHT}")
        names = sorted({*self._images["train"], *self._images["test"]})
        for split in SPLITS:
            lacking = [name for name in names if not self._images[split][name]]
            if lacking:
                raise DataError(f"{self.source} has no images of {_some(lacking)} in {split}/: {RIGHT}")
        for name in names:
            if not name.isprintable():
                raise DataError(f"{self.source} has a class {name!r}: give it a name of printable characters")
        if len(names) < 2:
            raise DataError(f"{self.source} has one class only, {names[0]!r}: there is nothing to tell apart")
        return tuple(names)

    def notes(self) -> list[str]:
        """What was passed over."""
        notes = []
        if n := len(self._no_images):
            files = "1 file that is not an image was" if n == 1 else f"{n:,} files that are not images were"
            notes.append(f"{files} passed over: {_some(self._no_images)}.")
        if n := len(self._elsewhere):
            images, were = ("1 image", "was") if n == 1 else (f"{n:,} images", "were")
            notes.append(f"{images} outside train/ and test/ {were} passed over: {_some(self._elsewhere)}.")
        return notes


def _some(names: list[str]) -> str:
    first = ", ".join(repr(name) for name in names[:NAMES])
    return first + (f" and {len(names) - NAMES:,} more" if len(names) > NAMES else "")
