"""Numbers as people read them: times, shares and sizes in words."""

from __future__ import annotations

from math import isfinite, isnan


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction 0..1 as "84.3 %", with a space that does not break; a dash for none."""
    return "–" if fraction is None or isnan(fraction) else f"{100 * fraction:.{digits}f}\u00a0%"


def probability(value: float) -> str:
    """A probability in whole percent, with more digits near certainty: 100 % is said of certainty alone."""
    if value >= 1:
        return "100\u00a0%"
    share = 100 * value
    digits = 0 if share < 99 else 1 if share < 99.9 else 2  # 99.95 would round up to 100.0
    return f"{min(share, 99.99):.{digits}f}\u00a0%"


def duration(seconds: float) -> str:
    """A time span as "8 s", "3 min 05 s" or "2 h 07 min"; a dash for one that is not known."""
    if not isfinite(seconds):
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}\u00a0s"
    if whole < 3600:
        return f"{whole // 60}\u00a0min {whole % 60:02d}\u00a0s"
    return f"{whole // 3600}\u00a0h {whole % 3600 // 60:02d}\u00a0min"


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
    return f"{number:,.0f}\u00a0{noun}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """Text of somebody else's making, so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|~$:^=&" else letter for letter in text)
