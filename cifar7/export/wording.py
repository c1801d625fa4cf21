"""Numbers and other people's text as they stand in a README of Markdown."""

from __future__ import annotations

import re

_MARKS = "\\`*_[]<>|~$&@"  # mean something anywhere in a line


def percent(fraction: float | None) -> str:
    """A fraction 0..1 as "84.32 %"; a dash where there is none."""
    return "–" if fraction is None else f"{100 * fraction:.2f} %"


def points(difference: float) -> str:
    """A difference of two accuracies, without its sign, as "3.20 points"."""
    return f"{abs(100 * difference):.2f} points"


def duration(seconds: float) -> str:
    """A time span as "8.4 s", "3 min 05 s" or "2 h 07 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: float, noun: str) -> str:
    """A number with its noun: "1 epoch", "45,000 images"."""
    return f"{number:,.0f} {noun}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """Text that a user typed, on one line and escaped, so that Markdown shows it as it is."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    line = "".join(f"\\{letter}" if letter in _MARKS else letter for letter in line)
    line = re.sub(r"^([#+=-])", r"\\\1", line)  # a heading, a list or a rule, at the beginning of a line
    line = re.sub(r"^(\d+)([.)] )", r"\1\\\2", line)
    return line.replace("://", "\\://")  # an address would become a link
