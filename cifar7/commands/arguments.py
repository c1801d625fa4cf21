"""What arguments mean: a name or a JSON file, numbers, and a flag for each setting of a training."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cifar7.errors import UserError
from cifar7.fields import Option
from cifar7.training.config import GROUPS, OPTIONS, SCHEDULE, SCORING

LARGEST = 1_000_000  # bytes of a file

T = TypeVar("T")

# What a learning-rate test does not read: it takes far less than an epoch, and no score.
NOT_TESTED = {"epochs", "lr", "averaging", "test_flip"} | {
    name for name, option in OPTIONS.items() if option.group in (SCHEDULE, SCORING)
}


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
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UserError(f"is larger than {LARGEST:,} bytes; some kilobytes of JSON are expected")
        return from_json(json.loads(content))
    except UserError as problem:
        raise error(f"{path}: {problem}") from None
    except OSError as problem:
        instead = f"{noun} ({', '.join(names)})"
        raise error(f"{path}: cannot be read ({problem.strerror}); give {instead} or a file") from None
    except (ValueError, RecursionError) as problem:
        raise error(f"{path}: is not JSON ({problem}){hint}") from None


def settings(
    parser: argparse.ArgumentParser, without: Collection[str] = (), optional_data: bool = False
) -> None:
    """What to learn from, the recipe, and a flag for each field of `TrainConfig`, by group.

    A flag that is absent leaves the recipe's value.
    """
    parser.usage = f"{parser.prog} PRESET|SPEC.json --data NAME|PATH [--recipe NAME|FILE.json] [SETTING ...]"
    parser.add_argument("--data", required=not optional_data, metavar="NAME|PATH",
                        help="a data set's name, or class folders, or an archive of them")  # fmt: skip
    parser.add_argument("--recipe", metavar="NAME|FILE.json", default="default",
                        help="way to train, see `recipes`, or a file with settings, as a run's config.json; "
                        "default: %(default)s")  # fmt: skip
    parser.epilog = "The defaults of the settings are those of the recipe `default`; another has its own."
    for group in GROUPS:
        options = [o for o in OPTIONS.values() if o.group == group and o.name not in without]
        if options:
            section = parser.add_argument_group(group)
            for option in options:
                section.add_argument(f"--{option.name.replace('_', '-')}", **_flag(option))


def _flag(option: Option) -> dict[str, Any]:
    """How argparse takes the option. The range is checked by TrainConfig, beside the other settings."""
    meaning = f"{option.unit}, {option.span}" if option.unit else option.help.rstrip(".")
    default = option.default if option.kind == "choice" else option.label(option.default)
    idle = "".join(f"; read with --{name} {value} only" for name, value in option.when.items())
    form: dict[str, dict[str, Any]] = {
        "whole": {"type": whole, "metavar": "N"},
        "decimal": {"type": decimal, "metavar": "X"},
        "choice": {"metavar": "{" + ",".join([*option.choices, option.form]) + "}"}
        if option.pattern
        else {"choices": option.choices},
        "flag": {"action": argparse.BooleanOptionalAction},
    }
    text = f"{meaning}; default: {default}{idle}".replace("%", "%%")
    return {**form[option.kind], "default": None, "help": text}


def _number(kind: type[float], noun: str, text: str) -> float:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {noun}") from None


def pair(between: str, text: str) -> tuple[int, int]:
    """ "3=2" as (3, 2)."""
    first, found, second = text.partition(between)
    if not found or not all(part.strip().isdecimal() and len(part) < 9 for part in (first, second)):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not of the form 3{between}5")
    return int(first), int(second)


whole = partial(_number, int, "a whole number")
decimal = partial(_number, float, "a number")
