"""`presets` and `describe`: networks and their figures, without torch."""

from __future__ import annotations

import argparse
from typing import Any

from cifar7.commands.arguments import by_name_or_file
from cifar7.commands.output import put_json, table
from cifar7.network import profiles
from cifar7.network.arithmetic import Analysis, Row, analyse
from cifar7.network.assignment import card
from cifar7.network.lessons import lessons
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import check
from cifar7.network.profiles import PROFILES, Profile, ProfileError
from cifar7.network.spec import NetSpec, SpecError


def presets(arguments: argparse.Namespace) -> None:
    """List the presets."""
    entries = [(entry, analyse(entry.spec)) for entry in PRESETS.values()]
    if arguments.json:
        listed = [
            {"name": entry.name, "title": entry.title, "summary": entry.summary,
             "classes": entry.spec.classes, **_totals(analysis)}
            for entry, analysis in entries
        ]  # fmt: skip
        put_json({"presets": listed})
        return
    rows = [
        (entry.name, f"{total.parameters:,}", _fields(total), f"{total.macs / 1e6:.2f} M", entry.summary)
        for entry, total in entries
    ]
    print(table(("name", "parameters", "RF in px", "MACs", "what it is"), rows, left=(0, 4)))


def describe(arguments: argparse.Namespace) -> None:
    """Layers and totals of one network."""
    spec, profile = read_network(arguments.network), read_profile(arguments.profile)
    analysis = analyse(spec)
    verdicts, warnings = card(analysis, profile), lessons(spec, profile)
    if arguments.json:
        put_json({"name": spec.name, "classes": spec.classes, **_totals(analysis),
                  "input": [spec.in_channels, spec.image_size, spec.image_size],
                  "layers": [_layer(row) for row in analysis.rows],
                  "profile": profile.name, "requirements": [v.to_dict() for v in verdicts],
                  "warnings": [lesson.to_dict() for lesson in warnings], "spec": spec.to_dict()})  # fmt: skip
        return
    print(f"{spec.name}: {spec.in_channels}x{spec.image_size}x{spec.image_size} to {spec.classes} classes")
    print()
    print(table(_HEAD, [_cells(row) for row in analysis.rows], left=(0, 1)))
    print()
    print(f"parameters       {analysis.parameters:,}")
    print(f"MACs             {analysis.macs:,} for one image")
    print(f"receptive field  {_fields(analysis)} px, before pooling / with it")
    print()
    print(profile.title)
    marks = {True: "yes", False: "NO", None: "?"}
    rows = [(marks[v.passed], v.requirement.title, v.requirement.words, v.words) for v in verdicts]
    print(table(("", "requirement", "limit", "measured"), rows, left=(0, 1, 2, 3)))
    for verdict in verdicts:
        if verdict.advice:
            print(f"\n{verdict.requirement.title}: {verdict.advice}")
    for lesson in warnings:
        print(f"\n{lesson.stage or 'network'}: {lesson.message}")


def read_network(name_or_file: str) -> NetSpec:
    """A preset, or a file with a network in JSON, checked to be buildable. Raises SpecError."""
    hint = '; `show RUN --json` prints a network as "spec"'
    return by_name_or_file(name_or_file, "a preset", PRESETS, preset, _buildable, SpecError, hint)


def _buildable(content: Any) -> NetSpec:
    spec = NetSpec.from_dict(content)
    check(spec)
    return spec


def read_profile(name_or_file: str) -> Profile:
    """A built-in profile, or a teacher's in a JSON file. Raises ProfileError."""
    return by_name_or_file(
        name_or_file, "a profile", PROFILES, profiles.profile, profiles.read_profile, ProfileError
    )


def _totals(analysis: Analysis) -> dict[str, Any]:
    field = {"before_pooling": analysis.receptive_field_before, "total": analysis.receptive_field_total}
    return {"parameters": analysis.parameters, "macs": analysis.macs, "receptive_field": field}


def _layer(row: Row) -> dict[str, Any]:
    layer = row.layer
    return {
        "stage": layer.stage,
        "unit": layer.unit,
        "kind": layer.kind,
        "role": layer.role,
        "output": list(row.output),
        "kernel": row.kernel,
        "stride": row.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
        "parameters": row.parameters,
        "macs": row.macs,
        "jump": row.jump,
        "receptive_field": row.receptive_field,
    }


_HEAD = ("stage", "layer", "output", "k", "s", "p", "d", "g", "parameters", "MACs", "jump", "RF")


def _cells(row: Row) -> tuple[object, ...]:
    layer = row.layer
    window: tuple[object, ...] = (row.kernel, row.stride, layer.padding, layer.dilation, layer.groups)
    if not (layer.weighted or layer.windowed):
        window = ("", "", "", "", "")
    name = " ".join(filter(None, ("beside:" * bool(layer.beside), layer.kind, layer.role)))
    return (layer.stage, name, "x".join(map(str, row.output)), *window,
            f"{row.parameters:,}" if row.parameters else "", f"{row.macs:,}" if row.macs else "",
            row.jump, row.receptive_field)  # fmt: skip


def _fields(analysis: Analysis) -> str:
    return f"{analysis.receptive_field_before} / {analysis.receptive_field_total}"
