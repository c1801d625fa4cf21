"""Numbers and sentences as people read them, for the pages, the command line and the exports."""

from __future__ import annotations

from math import isfinite, isnan

NO_BREAK = "\u00a0"  # a space at which no line is broken


def percent(fraction: float | None, digits: int = 2, space: str = " ", none: str = "–") -> str:
    """A fraction 0..1 as "84.32 %"; `none` for None and nan."""
    return none if fraction is None or isnan(fraction) else f"{100 * fraction:.{digits}f}{space}%"


def duration(seconds: float | None, tenths_below: float = 0, space: str = " ", none: str = "–") -> str:
    """A time span as "8 s", "3 min 05 s" or "2 h 07 min"; `none` for None and what is not finite.

    `tenths_below`: a shorter time, in seconds, has tenths, as in "8.4 s".
    """
    if seconds is None or not isfinite(seconds):
        return none
    if 0 <= seconds < tenths_below:
        return f"{seconds:.1f}{space}s"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}{space}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}{space}min {rest:02d}{space}s"
    return f"{minutes // 60}{space}h {minutes % 60:02d}{space}min"


def count(number: float, noun: str, space: str = " ") -> str:
    """A number with its noun: "1 epoch", "45,000 images"."""
    return f"{number:,.0f}{space}{noun}{'' if number == 1 else 's'}"


def capital(text: str) -> str:
    """A sentence that begins with a capital letter."""
    return text[:1].upper() + text[1:]
