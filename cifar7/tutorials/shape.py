"""The shape of a lesson's JSON: objects with known fields, short lists, texts; every error in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cifar7.errors import UserError
from cifar7.fields import show


class TutorialError(UserError):
    """A lesson that cannot be read: says which step and field, and what would be right."""


def fields_of(data: Any, where: str, needed: Collection[str], more: Collection[str] = ()) -> dict[str, Any]:
    """A copy of an object that has all fields `needed` and no others than these and `more`."""
    known = ", ".join([*needed, *more])
    if not isinstance(data, dict):
        raise TutorialError(f"{where} is {show(data)}", f"it takes an object with {known}.")
    for name in data:
        if name not in needed and name not in more:
            raise TutorialError(f"{where} has no field {show(name)}", f"it takes {known}.")
    for name in needed:
        if name not in data:
            raise TutorialError(f"{where} lacks {name}", f"it takes {known}.")
    return dict(data)


def items(data: Any, where: str, most: int, least: int = 1) -> list[Any]:
    """A list of `least` to `most` things."""
    if not isinstance(data, list) or not least <= len(data) <= most:
        has = f"has {len(data):,}" if isinstance(data, list) else f"is {show(data)}"
        raise TutorialError(f"{where} {has}", f"it takes a list of {least} to {most}.")
    return data


def text(data: Any, where: str, most: int, least: int = 1, lines: bool = False) -> str:
    """A text of `least` to `most` printable characters; with `lines`, of several lines."""
    plain = data.replace("\n", "") if lines and isinstance(data, str) else data
    if not isinstance(plain, str) or not least <= len(data) <= most or not (plain.isprintable()):
        has = (
            f"has {len(data):,} characters"
            if isinstance(data, str) and len(data) > most
            else f"is {show(data)}"
        )
        raise TutorialError(f"{where} {has}", f"it takes a text of {least} to {most} printable characters.")
    if least and not data.strip():
        raise TutorialError(f"{where} is empty", "it takes a text.")
    return data
