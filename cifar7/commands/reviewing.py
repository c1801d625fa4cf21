"""`review`: a row for each hand-in: figures, the card's verdicts, warnings, and what could not be read."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from cifar7.commands.networks import read_profile
from cifar7.commands.output import put_json, say, table
from cifar7.errors import UserError
from cifar7.imports.review import Reviewed, hand_ins, review_all
from cifar7.network.profiles import Profile

MARKS = {True: "yes", False: "NO", None: "?"}


def review(arguments: argparse.Namespace) -> None:
    """Read every hand-in and hold it against the assignment."""
    profile = read_profile(arguments.profile)
    places = hand_ins(arguments.paths)
    if not places:
        raise UserError(
            "there is nothing to review; give files, notebooks or folders with the source of a network."
        )
    rows = review_all(places, profile)
    if arguments.csv:
        _write_csv(arguments.csv, rows, profile)
    if arguments.json:
        put_json({"profile": profile.name, "rows": [row.to_dict() for row in rows]})
        return
    head = (
        "hand-in",
        "parameters",
        "RF in px",
        *(str(i) for i, _ in enumerate(profile.requirements, 1)),
        "warnings",
    )
    print(table(head, [_cells(row, profile) for row in rows], left=(0, *range(3, len(head)))))
    print()
    for number, requirement in enumerate(profile.requirements, 1):
        print(f"{number}  {requirement.title} {requirement.words}")
    for row in rows:
        if row.notes or row.fault:
            print(f"\n{row.name}")
            for note in [row.fault] if row.fault else row.notes:
                print(f"  {note}")
    read = sum(not row.fault for row in rows)
    say(f"{read} of {len(rows)} hand-ins read.")


def _cells(row: Reviewed, profile: Profile) -> tuple[object, ...]:
    if row.fault:
        return (row.name, "", "", *("" for _ in profile.requirements), "could not be read")
    field = f"{row.receptive_field_before} / {row.receptive_field_total}"
    marks = (MARKS[verdict.passed] for verdict in row.verdicts)
    return (row.name, f"{row.parameters:,}", field, *marks, f"{len(row.notes) or ''}")


def _write_csv(path: Path, rows: list[Reviewed], profile: Profile) -> None:
    head = ["hand-in", "file", "class", "parameters", "receptive field before pooling", "receptive field"]
    head += [f"{r.title} {r.words}" for r in profile.requirements] + ["warnings", "could not be read"]
    try:
        with path.open(
            "w", newline="", encoding="utf-8-sig"
        ) as file:  # the mark tells spreadsheets the encoding
            writer = csv.writer(file)
            writer.writerow(head)
            for row in rows:
                writer.writerow([_plain(cell) for cell in _line(row, profile)])
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    say(f"Written to {path}.")


def _line(row: Reviewed, profile: Profile) -> list[Any]:
    if row.fault:
        empty = [""] * (5 + len(profile.requirements))
        return [row.name, row.file, *empty[:4], *empty[5:], "", row.fault]
    verdicts = [f"{MARKS[v.passed]} ({v.words})" for v in row.verdicts]
    figures = [row.parameters, row.receptive_field_before, row.receptive_field_total]
    return [row.name, row.file, row.network, *figures, *verdicts, " | ".join(row.notes), ""]


def _plain(cell: Any) -> Any:
    """No cell that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
