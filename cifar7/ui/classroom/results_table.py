"""The tested runs as a table. No streamlit."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cifar7.network.profiles import Profile
from cifar7.ui.classroom.standings import Line, on_front
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.words.wording import percent

COLUMNS = (
    Column("Design", "The network's name.", text=True),
    Column("Person", "Who started the run, where a name is known.", text=True),
    Column("Parameters"),
    Column("Test accuracy"),
    Column("Front", "★: no run is both smaller and more accurate; of those whose test set was read once."),
    Column("Assignment", "What is missing for the chosen version of the assignment.", text=True),
    Column("Test set", "Read once at the end; or after each epoch, which flatters.", text=True),
    Column("Recipe", "How it was trained.", text=True),
    Column("Ended", "In this server's time.", text=True),
)


def table(lines: Sequence[Line], profile: Profile, images: str) -> Table:
    """A row a run, in the given order."""
    front = {line.id for line in on_front(lines)}
    rows = [
        (
            line.design,
            line.person or "–",
            f"{line.parameters:,}",
            percent(line.accuracy),
            "★" if line.id in front else "",
            line.verdict,
            line.scored,
            line.recipe,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(line.ended)),
        )
        for line in lines
    ]
    values = [
        (line.design, line.person, line.parameters, line.accuracy, *row[4:])
        for line, row in zip(lines, rows, strict=True)
    ]
    title = f"Results on {images}, {profile.title}"
    return Table(title, COLUMNS, tuple(rows), tuple(values))
