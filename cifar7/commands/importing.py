"""`import`: a network from source, a notebook, a print-out or a table, as a design."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cifar7.commands.left_open import answered, open_lines, question_data, questions, settled
from cifar7.commands.output import put_json, say
from cifar7.errors import UserError
from cifar7.imports.files import read_text
from cifar7.imports.graph import Remark, UnreadableError
from cifar7.imports.networks import Imported
from cifar7.imports.reading import SOURCES, UNCALLED, Read, read
from cifar7.network.arithmetic import analyse


def import_(arguments: argparse.Namespace) -> None:
    """Read the network of a file, say what it is, and write it as a design."""
    path, class_name = split_class(arguments.file)
    text = read_text(path)
    if arguments.run:
        from cifar7.imports.tracing import traced  # torch, and the file's own code

        say(f"{path.name} is executed to trace its network: --run was given.")
        found = Read("run", (traced(path, class_name),))
    else:
        found = _read(path, text, class_name)
    if not 1 <= arguments.reading <= len(found.readings):
        raise UnreadableError(
            f"there is no reading {arguments.reading}", f"the file has {len(found.readings)}, from 1 on."
        )
    reading = found.readings[arguments.reading - 1]
    chosen = settled(reading, arguments.choose, arguments.sum)
    graph = answered(reading.graph, arguments.choose)  # its calls keep their numbers, whatever is added
    listed = arguments.open and found.kind in UNCALLED
    if arguments.out:
        _write(arguments.out, chosen, arguments.force)
    if arguments.json:
        put_json({"file": str(path), "kind": found.kind, "spec": chosen.spec.to_dict(), **figures(chosen),
                  "remarks": [remark_data(remark) for remark in chosen.remarks],
                  "readings": [{"difference": r.difference, **figures(r)} for r in found.readings],
                  "open": len(questions(graph)),
                  **({"questions": question_data(graph)} if listed else {})})  # fmt: skip
        return
    _print(path, found, chosen, arguments.reading)
    for line in open_lines(graph, listed):
        print(line)
    if arguments.out:
        say(f"Written to {arguments.out}; `describe {arguments.out}` shows its layers.")


def split_class(argument: str) -> tuple[Path, str]:
    """A file and the class behind its last colon, if there is one: "net.py:Net"."""
    if not Path(argument).exists() and ":" in argument:
        name, _, class_name = argument.rpartition(":")
        if class_name.isidentifier():
            return Path(name), class_name
    return Path(argument), ""


def figures(found: Imported) -> dict[str, Any]:
    """Parameters and receptive field of a network that was read."""
    analysis = analyse(found.spec)
    field = {"before_pooling": analysis.receptive_field_before, "total": analysis.receptive_field_total}
    return {"parameters": analysis.parameters, "macs": analysis.macs, "receptive_field": field}


def remark_data(remark: Remark) -> dict[str, Any]:
    """A remark as plain data."""
    return {"id": remark.id, "message": remark.message, "line": remark.line or None}


def _read(path: Path, text: str, class_name: str) -> Read:
    try:
        return read(text, class_name)
    except UnreadableError as fault:
        raise UnreadableError(f"{path}: {fault.fault}", fault.cure) from None


def _write(out: Path, found: Imported, force: bool) -> None:
    try:
        with out.open("w" if force else "x", encoding="utf-8") as file:
            file.write(json.dumps(found.spec.to_dict(), indent=1, ensure_ascii=False) + "\n")
    except FileExistsError:
        raise UserError(f"{out} is there already; choose another file, or give --force") from None
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror})") from None


def _print(path: Path, found: Read, chosen: Imported, number: int) -> None:
    analysis = analyse(chosen.spec)
    what = SOURCES.get(found.kind, "a run of the file")
    print(f"{chosen.spec.name}, from {what} in {path.name}")
    print(f"parameters       {analysis.parameters:,}")
    print(f"MACs             {analysis.macs:,} for one image")
    fields = f"{analysis.receptive_field_before} / {analysis.receptive_field_total}"
    print(f"receptive field  {fields} px, before pooling / with it")
    for remark in chosen.remarks:
        at = f"line {remark.line}: " if remark.line else ""
        print(f"\n{at}{remark.message}")
    if len(found.readings) > 1:
        print(f"\nThe text can be read in {len(found.readings)} ways; --reading N takes another:")
        for place, reading in enumerate(found.readings, 1):
            mark = "*" if place == number else " "
            count, words = figures(reading)["parameters"], reading.difference or "as written"
            print(f" {mark} {place}  {count:>11,}  {words}")
