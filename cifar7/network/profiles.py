"""Versions of the assignment, as data: what is required, measured how, against which limit.

A profile is what a teacher may write in a JSON file:

    {"name": "mine", "title": "My class", "requirements": [
        {"id": "receptive_field", "is": "above", "limit": 60},
        {"id": "parameters", "is": "below", "limit": 50000}]}

`id` is one of MEASURES, `is` one of RELATIONS. A requirement may have a `title`.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cifar7.errors import UserError

RELATIONS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "above": (">", operator.gt),
    "at least": ("≥", operator.ge),
    "exactly": ("=", operator.eq),
    "at most": ("≤", operator.le),
    "below": ("<", operator.lt),
}

SHARE = "share from 0 to 1"
POINTS = "difference of two shares"

# id: title, unit
MEASURES = {
    "gpu": ("Trained on a GPU", "yes or no"),
    "max_pools": ("Max-pools", "count"),
    "downsamplings": ("Layers that halve the map: pools or strides", "count"),
    "receptive_field": ("Receptive field, pooling head counted", "pixels"),
    "receptive_field_before_pooling": ("Receptive field before the pooling head", "pixels"),
    "separable": ("Depthwise separable convolutions", "count"),
    "dilated": ("Dilated convolutions", "count"),
    "global_average_pooling": ("Global average pooling", "yes or no"),
    "parameters": ("Parameters", "count"),
    "accuracy": ("Test accuracy", SHARE),
    "macs": ("MACs for one image", "count"),
    "grouped": ("Grouped convolutions", "count"),
    "dropouts": ("Dropout layers", "count"),
    "seen": ("Receptive field that some weight looks at", SHARE),
}

# Of a run: what a lesson may ask for besides. id: title, unit
RUN_MEASURES = {
    "heldout_accuracy": ("Held-out accuracy", SHARE),
    "train_accuracy": ("Training accuracy", SHARE),
    "gap": ("Gap between training and held-out accuracy", POINTS),
    "class_accuracy": ("Test accuracy on", SHARE),
    "epochs": ("Epochs trained", "count"),
}


class ProfileError(UserError):
    """A profile that cannot be read: says which entry, and what would be right."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of an assignment: the measure `id` must stand in `relation` to `limit`."""

    id: str
    relation: str
    limit: float
    title: str

    @property
    def words(self) -> str:
        """The limit as it is read, as in "> 44 px" or "≥ 80 %"."""
        limit = quantity(self.id, self.limit)
        return limit if limit in ("yes", "no") else f"{RELATIONS[self.relation][0]} {limit}"

    def holds(self, value: float) -> bool:
        """Whether the measured value fulfils it."""
        return RELATIONS[self.relation][1](value, self.limit)

    @property
    def least(self) -> int:
        """The smallest whole number that is not too little; 0 where any is enough."""
        if self.relation == "above":
            return math.floor(self.limit) + 1
        return 0 if self.relation in ("at most", "below") else math.ceil(self.limit)


@dataclass(frozen=True, slots=True)
class Profile:
    """A version of the assignment."""

    name: str
    title: str
    requirements: tuple[Requirement, ...]

    def asks(self, *measures: str) -> Requirement | None:
        """The first requirement on any of these measures; None if it has none."""
        return next((item for item in self.requirements if item.id in measures), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `read_profile` reads; a title that is the usual one is left out."""
        requirements = [
            {"id": item.id, "is": item.relation, "limit": item.limit}
            | ({} if item.title == MEASURES[item.id][0] else {"title": item.title})
            for item in self.requirements
        ]
        return {"name": self.name, "title": self.title, "requirements": requirements}


def quantity(measure: str, value: float) -> str:
    """A measured value or a limit with its unit, in words."""
    unit = (MEASURES.get(measure) or RUN_MEASURES[measure])[1]
    if unit == "yes or no":
        return "yes" if value else "no"
    if unit == SHARE:
        return f"{100 * value:.2f}".rstrip("0").rstrip(".") + " %"
    if unit == POINTS:
        return f"{100 * value:.2f}".rstrip("0").rstrip(".") + " points"
    return f"{value:,.0f} px" if unit == "pixels" else f"{value:,.0f}"


def _profile(name: str, title: str, *requirements: tuple[str, str, float]) -> Profile:
    return Profile(name, title, tuple(Requirement(*line, MEASURES[line[0]][0]) for line in requirements))


PROFILES: dict[str, Profile] = {
    p.name: p
    for p in (
        _profile(
            "three-max-pools",
            "The assignment: three max-pools, RF > 44, < 1 M, ≥ 80 %",
            ("gpu", "exactly", 1),
            ("max_pools", "exactly", 3),
            ("receptive_field", "above", 44),
            ("separable", "at least", 1),
            ("dilated", "at least", 1),
            ("global_average_pooling", "exactly", 1),
            ("accuracy", "at least", 0.80),
            ("parameters", "below", 1_000_000),
        ),
        _profile(
            "no-max-pool",
            "The later one: no max-pool, strides or dilation instead, < 200 k, ≥ 85 %",
            ("gpu", "exactly", 1),
            ("max_pools", "exactly", 0),
            ("receptive_field", "above", 44),
            ("separable", "at least", 1),
            ("dilated", "at least", 1),
            ("global_average_pooling", "exactly", 1),
            ("accuracy", "at least", 0.85),
            ("parameters", "below", 200_000),
        ),
        _profile(
            "strict",
            "The strict one: RF > 52, two separable, < 100 k, ≥ 87 %",
            ("gpu", "exactly", 1),
            ("downsamplings", "at least", 3),
            ("receptive_field", "above", 52),
            ("separable", "at least", 2),
            ("dilated", "at least", 1),
            ("global_average_pooling", "exactly", 1),
            ("accuracy", "at least", 0.87),
            ("parameters", "below", 100_000),
        ),
    )
}
DEFAULT_PROFILE = "three-max-pools"


def profile(name: str) -> Profile:
    """A built-in profile. Raises ProfileError that lists the names there are."""
    if name not in PROFILES:
        near = difflib.get_close_matches(name, PROFILES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ProfileError(f"there is no profile {name!r}; there are {', '.join(PROFILES)}.{hint}")
    return PROFILES[name]


def read_profile(data: Any) -> Profile:
    """A teacher's profile from parsed JSON. Raises ProfileError."""
    if not isinstance(data, dict) or not isinstance(data.get("requirements"), list):
        raise ProfileError('a profile is an object with "name", "title" and a list "requirements".')
    unknown = set(data) - {"name", "title", "requirements"}
    if unknown:
        raise ProfileError(
            f"a profile has no field {min(map(str, unknown))!r}; it takes name, title, requirements."
        )
    name = _text(data.get("name", "own"), "name")
    if not 1 <= len(data["requirements"]) <= 20:
        raise ProfileError(f"the profile lists {len(data['requirements'])} requirements; it takes 1 to 20.")
    return Profile(
        name,
        _text(data.get("title", name), "title"),
        tuple(read_requirement(r, f"requirement {i}") for i, r in enumerate(data["requirements"], 1)),
    )


def read_requirement(
    data: Any, where: str, among: Mapping[str, tuple[str, str]] = MappingProxyType(MEASURES)
) -> Requirement:
    """A requirement on one of `among`, from parsed JSON; `where` names it. Raises ProfileError."""
    if not isinstance(data, dict) or set(data) - {"id", "is", "limit", "title"}:
        raise ProfileError(f'{where}: it takes "id", "is", "limit" and perhaps "title".')
    measure, relation, limit = data.get("id"), data.get("is", "exactly"), data.get("limit", 1)
    if not isinstance(measure, str) or measure not in among:
        raise ProfileError(f"{where}: id is {measure!r:.60}; it takes {', '.join(among)}.")
    if not isinstance(relation, str) or relation not in RELATIONS:
        raise ProfileError(f"{where}: is is {relation!r:.60}; it takes {', '.join(RELATIONS)}.")
    if isinstance(limit, bool):
        limit = int(limit)
    if not isinstance(limit, (int, float)) or not 0 <= limit <= 1e12:
        raise ProfileError(f"{where}: limit is {limit!r:.60}; it takes a number from 0 up.")
    if among[measure][1] in (SHARE, POINTS) and limit > 1:
        raise ProfileError(f"{where}: limit is {limit:g}; it takes a share, as in 0.8 for 80 %.")
    title = data.get("title")
    title = among[measure][0] if title is None else _text(title, f"{where}: title")
    return Requirement(measure, relation, limit, title)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 120 or not value.isprintable():
        raise ProfileError(f"{where} is {value!r:.60}; it takes a text of 1 to 120 printable characters.")
    return value
