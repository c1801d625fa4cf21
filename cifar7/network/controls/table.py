"""The table of toggles: what can be set on a network, a stage or a unit. A new toggle is one more row."""

from __future__ import annotations

from collections.abc import Iterator

from cifar7.network.controls.connections import CONNECTIONS
from cifar7.network.controls.following import FOLLOWING
from cifar7.network.controls.operations import OPERATING
from cifar7.network.controls.poolings import POOLING
from cifar7.network.controls.toggle import Form, Place, Toggle
from cifar7.network.controls.whole import WHOLE

TOGGLES = (*OPERATING, *FOLLOWING, *CONNECTIONS, *POOLING, *WHOLE)


def toggles_at(place: Place, line: int | None = None) -> Iterator[tuple[Toggle, Form]]:
    """The toggles of a place, or of one line of its card or editor, in the order of the table."""
    for toggle in TOGGLES:
        form = toggle.forms.get(place.level)
        if form and line in (None, form.line):
            yield toggle, form
