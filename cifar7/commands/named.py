"""What an argument means that is either a name or a JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from cifar7.errors import UserError

LARGEST = 1_000_000  # bytes of a file

T = TypeVar("T")


def by_name_or_file(
    argument: str,
    noun: str,
    names: Collection[str],
    by_name: Callable[[str], T],
    from_json: Callable[[Any], T],
    error: type[UserError],
    hint: str = "",
) -> T:
    """`by_name` of one of `names`, or `from_json` of the file's content.

    Raises `error`: what `by_name` says of a name that there is not, and one that begins with the path for a
    file that cannot be read or is wrong. `noun`: what `names` are of, as in "a preset"; `hint`: where such
    JSON comes from.
    """
    path = Path(argument)
    if argument in names or not (path.suffix == ".json" or path.is_file()):
        return by_name(argument)
    try:
        return from_json(json.loads(_content(path, f"{noun} ({', '.join(names)})")))
    except UserError as problem:
        raise error(f"{path}: {problem}") from None
    except (ValueError, RecursionError) as problem:
        raise error(f"{path}: is not JSON ({problem}){hint}") from None


def _content(path: Path, instead: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror}); give {instead} or a file") from None
    if len(content) > LARGEST:
        raise UserError(f"is larger than {LARGEST:,} bytes; some kilobytes of JSON are expected")
    return content
