"""Numbers as people read them on a page: `cifar7.wording`, with spaces at which no line is broken."""

from __future__ import annotations

from cifar7 import wording
from cifar7.wording import NO_BREAK


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction 0..1 as "84.3 %"; a dash for None."""
    return wording.percent(fraction, digits, space=NO_BREAK)


def probability(value: float) -> str:
    """A probability in whole percent, with more digits near certainty: 100 % is said of certainty alone."""
    if value >= 1:
        return "100\u00a0%"
    share = 100 * value
    digits = 0 if share < 99 else 1 if share < 99.9 else 2  # 99.95 would round up to 100.0
    return f"{min(share, 99.99):.{digits}f}\u00a0%"


def duration(seconds: float) -> str:
    """A time span as "8 s", "3 min 05 s" or "2 h 07 min"."""
    return wording.duration(seconds, space=NO_BREAK)


def ago(seconds: float) -> str:
    """How long something is past: "just now", "5 min ago", "3 h ago", "2 days ago"."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes}\u00a0min ago"
    if minutes < 60 * 24:
        return f"{minutes // 60}\u00a0h ago"
    days = minutes // (60 * 24)
    return f"{days} day{'s' if days > 1 else ''} ago"


def count(number: float, noun: str) -> str:
    """A number with its noun: "1 epoch", "45,000 images"."""
    return wording.count(number, noun, space=NO_BREAK)


def plain(text: str) -> str:
    """Text of somebody else's making, so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|~$:^=&" else letter for letter in text)
