"""`presets` and `describe`: what can be known of a network without torch."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cifar7.commands.output import put, put_json, table
from cifar7.errors import UserError
from cifar7.network import profiles
from cifar7.network.arithmetic import Analysis, Row, analyse
from cifar7.network.assignment import Verdict, card
from cifar7.network.lessons import lessons
from cifar7.network.presets import PRESETS, Preset, preset
from cifar7.network.problems import check
from cifar7.network.profiles import PROFILES, Profile, ProfileError, profile
from cifar7.network.spec import NetSpec, SpecError

LARGEST_SPEC = 1_000_000  # bytes


def presets(given: argparse.Namespace) -> int:
    """List the presets."""
    entries = [(known, analyse(known.spec)) for known in PRESETS.values()]
    if given.json:
        put_json({"presets": [_preset(known, told) for known, told in entries]})
        return 0
    rows = [
        (known.name, f"{told.parameters:,}", _fields(told), f"{told.macs / 1e6:.2f} M", known.summary)
        for known, told in entries
    ]
    put(table(("name", "parameters", "RF in px", "MACs", "what it is"), rows, left=(0, 4)))
    return 0


def describe(given: argparse.Namespace) -> int:
    """Layers and totals of one network."""
    spec, asked = read_network(given.network), read_profile(given.profile)
    told = analyse(spec)
    verdicts, found = card(told, asked), lessons(spec)
    if given.json:
        put_json({"name": spec.name, "classes": spec.classes, **_totals(told),
                  "input": [spec.in_channels, spec.image_size, spec.image_size],
                  "layers": [_layer(row) for row in told.rows],
                  "profile": asked.name, "requirements": [v.to_dict() for v in verdicts],
                  "warnings": [lesson.to_dict() for lesson in found], "spec": spec.to_dict()})  # fmt: skip
        return 0
    put(f"{spec.name}: {spec.in_channels}x{spec.image_size}x{spec.image_size} to {spec.classes} classes")
    put()
    put(table(_HEAD, [_cells(row) for row in told.rows], left=(0, 1)))
    put()
    put(f"parameters       {told.parameters:,}")
    put(f"MACs             {told.macs:,} for one image")
    put(f"receptive field  {_fields(told)} px, before pooling / with it")
    put()
    put(asked.title)
    put(table(("", "requirement", "limit", "measured"), [_verdict(v) for v in verdicts], left=(0, 1, 2, 3)))
    for verdict in verdicts:
        if verdict.advice:
            put(f"\n{verdict.requirement.title}: {verdict.advice}")
    for lesson in found:
        put(f"\n{lesson.stage or 'network'}: {lesson.message}")
    return 0


def read_network(name_or_file: str) -> NetSpec:
    """A preset, or a file with a network in JSON, checked to be buildable. Raises SpecError."""
    path = Path(name_or_file)
    if name_or_file in PRESETS or not (path.suffix == ".json" or path.is_file()):
        return preset(name_or_file)
    try:
        spec = NetSpec.from_dict(json.loads(_content(path, f"a preset ({', '.join(PRESETS)})", SpecError)))
        check(spec)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise SpecError(
            f'{path}: is not JSON ({error}); `show RUN --json` prints a network as "spec"'
        ) from None
    return spec


def read_profile(name_or_file: str) -> Profile:
    """A built-in profile, or a teacher's in a JSON file. Raises ProfileError."""
    path = Path(name_or_file)
    if name_or_file in PROFILES or not (path.suffix == ".json" or path.is_file()):
        return profile(name_or_file)
    try:
        return profiles.read_profile(
            json.loads(_content(path, f"a profile ({', '.join(PROFILES)})", ProfileError))
        )
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"{path}: is not JSON ({error})") from None


def _content(path: Path, instead: str, kind: type[UserError]) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_SPEC + 1)
    except OSError as error:
        raise kind(f"cannot be read ({error.strerror}); give {instead} or a file") from None
    if len(content) > LARGEST_SPEC:
        raise kind(f"is larger than {LARGEST_SPEC:,} bytes; some kilobytes of JSON are expected")
    return content


def _verdict(verdict: Verdict) -> tuple[str, ...]:
    mark = {True: "yes", False: "NO", None: "?"}[verdict.passed]
    return (mark, verdict.requirement.title, verdict.requirement.words, verdict.words)


def _preset(known: Preset, told: Analysis) -> dict[str, Any]:
    words = {"name": known.name, "title": known.title, "summary": known.summary}
    return {**words, "classes": known.spec.classes, **_totals(told)}


def _totals(told: Analysis) -> dict[str, Any]:
    field = {"before_pooling": told.receptive_field_before, "total": told.receptive_field_total}
    return {"parameters": told.parameters, "macs": told.macs, "receptive_field": field}


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
    return (layer.stage, f"{layer.kind} {layer.role}".strip(), "x".join(map(str, row.output)), *window,
            f"{row.parameters:,}" if row.parameters else "", f"{row.macs:,}" if row.macs else "",
            row.jump, row.receptive_field)  # fmt: skip


def _fields(told: Analysis) -> str:
    return f"{told.receptive_field_before} / {told.receptive_field_total}"
