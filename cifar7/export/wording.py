"""Numbers and other people's text as they stand in a README of Markdown."""

from __future__ import annotations

import re

from cifar7 import wording
from cifar7.wording import count as count
from cifar7.wording import percent as percent

_MARKS = "\\`*_[]<>|~$&@"  # mean something anywhere in a line


def points(difference: float) -> str:
    """A difference of two accuracies, without its sign, as "3.20 points"."""
    return f"{abs(100 * difference):.2f} points"


def duration(seconds: float) -> str:
    """A time span as "8.4 s", "3 min 05 s" or "2 h 07 min"."""
    return wording.duration(seconds, tenths_below=60)


def plain(text: str) -> str:
    """Text that a user typed, on one line and escaped, so that Markdown shows it as it is."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    line = "".join(f"\\{letter}" if letter in _MARKS else letter for letter in line)
    line = re.sub(r"^([#+=-])", r"\\\1", line)  # a heading, a list or a rule, at the beginning of a line
    line = re.sub(r"^(\d+)([.)] )", r"\1\\\2", line)
    return line.replace("://", "\\://")  # an address would become a link
