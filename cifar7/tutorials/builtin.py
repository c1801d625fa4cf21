"""The lessons that come along, each a file as a teacher writes it, in `lessons/`."""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path

from cifar7.tutorials.reading import read_tutorial
from cifar7.tutorials.shape import TutorialError
from cifar7.tutorials.tutorial import Tutorial

NAMES = ("receptive-field", "depthwise", "dropout", "honest-scores")  # in the order they are offered


@cache
def tutorial(name: str) -> Tutorial:
    """The lesson of this name that came along. Raises TutorialError that lists the names there are."""
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise TutorialError(f"there is no lesson {name!r:.60}; there are {', '.join(NAMES)}.{hint}")
    file = Path(__file__).parent / "lessons" / f"{name}.json"
    return read_tutorial(json.loads(file.read_text(encoding="utf-8")))
