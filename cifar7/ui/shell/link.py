"""A design and its training settings, a teacher's assignment or lesson, as text for an address, and back.

`1.`, then JSON, deflated, in URL-safe base64. The number is the version of this format: every link that was
written with it must stay readable. A link is checked as hostile input: its length, its size after inflating,
then every field by the readers of the specs.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass
from typing import Any

from cifar7.errors import UserError
from cifar7.network.problems import check
from cifar7.network.profiles import Profile, read_profile
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.tutorials.reading import read_tutorial
from cifar7.tutorials.tutorial import Tutorial

FORMAT = "1"
LONGEST = 6_000  # characters; the largest possible design takes about half
LARGEST = 100_000  # bytes of JSON
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class LinkError(UserError):
    """A link that holds no design: damaged, cut off, or of another origin."""


@dataclass(frozen=True, slots=True)
class Link:
    """What an address carries. `data` names an image set, which may be missing on this machine."""

    spec: NetSpec
    config: TrainConfig
    data: str = ""


def encode(link: Link) -> str:
    """The text for an address. It holds only settings that differ from the defaults."""
    defaults = TrainConfig().to_dict()
    settings = {name: value for name, value in link.config.to_dict().items() if value != defaults[name]}
    content: dict[str, Any] = {"network": link.spec.to_dict(), "training": settings, "data": link.data}
    return _text(content)


def decode(text: str) -> Link:
    """Read what `encode` wrote. Raises LinkError, or SpecError or ConfigError for a wrong field."""
    content = _content(text)
    if not isinstance(content, dict) or set(content) != {"network", "training", "data"}:
        raise LinkError("The link holds no design.")
    data = content["data"]
    if not isinstance(data, str) or (data and not _NAME.fullmatch(data)):
        raise LinkError("The link names an image set that cannot exist.")
    spec = NetSpec.from_dict(content["network"])
    check(spec)
    return Link(spec, TrainConfig.from_dict(content["training"]), data)


def encode_profile(profile: Profile) -> str | None:
    """The text of a whole assignment; None where it would be too long to be read again."""
    text = _text(profile.to_dict())
    return text if len(text) <= LONGEST else None


def decode_profile(text: str) -> Profile:
    """Read what `encode_profile` wrote. Raises LinkError, or ProfileError for a wrong entry."""
    return read_profile(_content(text))


def encode_tutorial(tutorial: Tutorial) -> str | None:
    """The text of a whole lesson; None where it would be too long to be read again."""
    text = _text(tutorial.to_dict())
    return text if len(text) <= LONGEST else None


def decode_tutorial(text: str) -> Tutorial:
    """Read what `encode_tutorial` wrote. Raises LinkError, or TutorialError for a wrong field."""
    return read_tutorial(_content(text))


def _text(content: Any) -> str:
    packed = zlib.compress(json.dumps(content, separators=(",", ":"), sort_keys=True).encode(), 9)
    return f"{FORMAT}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def _content(text: str) -> Any:
    version, dot, body = text.partition(".")
    if not dot or version != FORMAT:
        raise LinkError(f"The link is of a kind that this cifar7 does not know; its own begin with {FORMAT}.")
    if len(body) > LONGEST:
        raise LinkError(f"The link is {len(body):,} characters long; {LONGEST:,} are enough.")
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        content = inflate.decompress(packed, LARGEST)
        if inflate.eof:
            return json.loads(content)
    except (zlib.error, ValueError, RecursionError) as error:
        raise LinkError("The link is damaged; copy it again from where it was made.") from error
    raise LinkError("The link is cut off, or holds too much.")
