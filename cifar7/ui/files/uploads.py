"""Files that somebody uploads, designs, assignments and lessons, read as hostile input. No streamlit."""

from __future__ import annotations

import json
from typing import Any

from cifar7.errors import UserError
from cifar7.network.problems import check
from cifar7.network.profiles import Profile, read_profile
from cifar7.network.spec import NetSpec
from cifar7.tutorials.reading import read_tutorial
from cifar7.tutorials.tutorial import Tutorial

LARGEST = 1_000_000  # bytes; the largest design there can be takes a tenth


class UploadError(UserError):
    """A file that is not of the kind that the page reads."""


def read_design(content: bytes) -> NetSpec:
    """A design from a spec.json. Raises UploadError, or SpecError where it cannot be built."""
    spec = NetSpec.from_dict(_json(content, "A design"))
    check(spec)
    return spec


def read_assignment(content: bytes) -> Profile:
    """A teacher's profile. Raises UploadError or ProfileError."""
    return read_profile(_json(content, "An assignment"))


def read_lesson(content: bytes) -> Tutorial:
    """A teacher's lesson. Raises UploadError or TutorialError."""
    return read_tutorial(_json(content, "A lesson"))


def _json(content: bytes, what: str) -> Any:
    if len(content) > LARGEST:
        raise UploadError(
            f"The file has {len(content):,} bytes. {what} is a page of JSON; {LARGEST:,} are plenty."
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UploadError(
            "The file is not JSON. Give the file that was downloaded here, unchanged."
        ) from None
