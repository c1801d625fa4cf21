"""The templates of the files that an export writes, and how they are filled in.

A template reads from top to bottom like the file that it makes. What a user named is never markup or program
text by itself: names pass through the filters `plain` (Markdown) and `quoted` (a Python literal).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from cifar7.export.wording import count, duration, percent, plain

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, /, **values: Any) -> str:
    """The text of the file `name`. A value that the template uses and does not get raises UndefinedError."""
    return _environment().get_template(f"{name}.jinja").render(values)


def quoted(text: str) -> str:
    """A Python literal in ASCII; in double quotes where there is nothing to escape."""
    harmless = re.fullmatch(r"[ !#-\[\]-~]*", text)
    return f'"{text}"' if harmless else ascii(text)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # no page needs it before a press

    environment = Environment(
        loader=PackageLoader("cifar7.export"),
        undefined=StrictUndefined,
        autoescape=False,  # program text and Markdown, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "plain": plain,
        "quoted": quoted,
        "percent": percent,
        "commas": "{:,}".format,
        "duration": duration,
        "count": count,
    }
    return environment
