"""A trial that has ended, as one line of JSON, and back: checked on reading, as all that lies in a folder."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from cifar7.runs.files import is_number, is_whole
from cifar7.sweeps.outcome import STATES, Repeat, Trial

_COUNTS = ("number", "parameters", "macs", "receptive_field", "receptive_field_total")


def to_dict(trial: Trial) -> dict[str, Any]:
    """Plain data for JSON."""
    return asdict(trial) | {"values": dict(trial.values)}


def read_trial(data: Any) -> Trial | None:
    """What `to_dict` wrote; None for anything else."""
    if not isinstance(data, dict) or not isinstance(data.get("values"), dict):
        return None
    repeats = data.get("repeats")
    read = [_read_repeat(item) for item in repeats] if isinstance(repeats, list) else [None]
    counts: dict[str, Any] = {name: data.get(name) for name in _COUNTS}
    obstacle, fulfilled = data.get("obstacle", ""), data.get("fulfilled")
    if (
        None in read
        or not all(map(is_whole, counts.values()))
        or not isinstance(obstacle, str)
        or not (fulfilled is None or isinstance(fulfilled, bool))
        or not all(isinstance(name, str) and _plain(value) for name, value in data["values"].items())
    ):
        return None
    known: dict[str, Any] = {"values": data["values"], "fulfilled": fulfilled, "obstacle": obstacle[:2000]}
    return Trial(**known, **counts, repeats=tuple(repeat for repeat in read if repeat))


def _read_repeat(data: Any) -> Repeat | None:
    if not isinstance(data, dict):
        return None
    by_class = data.get("by_class", [])
    sound = (
        is_whole(data.get("seed"))
        and isinstance(data.get("run"), str)
        and data.get("state") in STATES
        and all(_share(data.get(name), True) for name in ("heldout", "test"))
        and isinstance(by_class, list)
        and all(map(_share, by_class))
        and (data.get("seconds") is None or _number(data["seconds"]))
        and is_whole(data.get("epochs"))
        and all(isinstance(data.get(name), bool) for name in ("early", "complete"))
    )
    if not sound:
        return None
    known: dict[str, Any] = {name: data.get(name) for name in Repeat.__annotations__}
    return Repeat(**{**known, "by_class": tuple(by_class)})


def _number(value: Any) -> bool:
    return is_number(value) and math.isfinite(value)


def _share(value: Any, none: bool = False) -> bool:
    return (value is None and none) or (_number(value) and 0 <= value <= 1)


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, str)) or _number(value)
