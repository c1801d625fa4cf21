"""What `--json` prints is what it printed at a6cdcd7, times and paths aside."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from calls import json_of
from compat import commands, record

NEAR = 1e-4  # another processor adds in another order; 30 steps make little of it
OLD_RUNS = sorted(path.name for path in record.OLD_RUNS.iterdir())


def filled(arguments: tuple[str, ...], home: Path) -> tuple[str, ...]:
    return tuple(part.format(home=home) for part in arguments)


@pytest.mark.parametrize("title", commands.INSTANT)
def test_what_needs_no_training(title: str, old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = json_of(capsys, *filled(commands.INSTANT[title], old_home))
    before = record.read("instant")[title]
    if title in ("presets", "recipes"):
        output, before = without_replaced(output[title], before[title])
    if "--profile" in title:
        output = {key: output[key] for key in ("profile", "requirements")}
    elif title in commands.LONG:
        output["layers"] = record.digest(json.dumps(output["layers"]).encode())
    record.assert_same(before, record.masked(output, record.PATHS))


def without_replaced(today: list[Any], then: list[Any]) -> tuple[list[Any], list[Any]]:
    """Both without what has been improved upon or is new."""
    kept = [one["name"] for one in then if one["name"] not in commands.REPLACED]
    assert {"shrimali", "featherweight"} <= set(kept)
    return [one for one in today if one["name"] in kept], [one for one in then if one["name"] in kept]


@pytest.mark.parametrize("run", OLD_RUNS)
def test_show(run: str, old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = json_of(capsys, "show", run)
    folder = old_home / "runs" / run
    if run.endswith("orphan"):  # nobody trains it: that is written down as it is read
        assert output["state"] == "failed"
        assert "ended without a word; what had been written up to step 7 is kept" in output["reason"]
        return
    record.assert_same({"show": record.read("show")[run]}, {"show": record.brief(output)})
    for name in ("status", "spec"):
        record.assert_same({name: json.loads((folder / f"{name}.json").read_text())}, {name: output[name]})
    settings = json.loads((folder / "config.json").read_text())
    assert settings.pop("data") == output["data"]
    record.assert_same({"config": settings}, {"config": output["config"]})
    if (folder / "environment.json").exists():
        record.assert_same(json.loads((folder / "environment.json").read_text()), output["environment"])
    events = (
        [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        if (folder / "events.jsonl").exists()
        else []
    )
    record.assert_same([event for event in events if event["event"] == "epoch"], output["curve"])


@pytest.mark.parametrize("run", record.read("check"))
def test_check(run: str, old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The weights of an old run give the figures that it recorded."""
    record.assert_same(record.read("check")[run], json_of(capsys, "check", run), near=1e-5)


@pytest.mark.parametrize("what", record.read("export"))
def test_export(what: str, old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = old_home / "out.zip"
    output = json_of(capsys, "export", commands.design(what).format(home=old_home), "--out", out)
    del output["bytes"], output["out"]
    record.assert_same(record.read("export")[what], {**output, "contents": record.contents(out.read_bytes())})


@pytest.mark.parametrize("title", commands.TRAINED)
def test_what_trains(title: str, old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = json_of(capsys, *filled(commands.TRAINED[title], old_home))
    record.assert_same(record.read("trained")[title], record.masked(output, record.FRESH), NEAR)


@pytest.mark.parametrize("run", commands.RESUMED)
def test_a_paused_run_goes_on_to_the_figures_that_it_had_then(
    run: str, old_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to_its_end, longer = record.read("resumed")[run]
    record.assert_same(to_its_end, record.masked(json_of(capsys, "resume", run), record.FRESH), NEAR)
    record.assert_same(
        longer, record.masked(json_of(capsys, "resume", run, "--epochs", 1), record.FRESH), NEAR
    )


def test_a_stored_image_set(old_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(record.OLD_SETS / "flats", old_home / "data" / "flats")
    sets = {entry["name"]: entry for entry in json_of(capsys, "data")["sets"]}
    meta = json.loads((record.OLD_SETS / "flats" / "meta.json").read_text())
    shared = {key: value for key, value in meta.items() if key in sets["flats"]}
    assert {"title", "classes", "fingerprint", "origin", "train_size", "test_size"} <= set(shared)
    record.assert_same({**shared, "present": True}, sets["flats"])


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ({"a": 1}, {"a": 1}, 0),
        ({"a": 1}, {"a": 1.0}, 1),  # another kind of number is another answer
        ({"a": 1}, {"a": True}, 1),
        ({"a": 1}, {}, 1),
        ({"a": 1}, {"a": 1, "b": 2}, 1),
        ({"config": {"lr": 1.0}}, {"config": {"lr": 1.0, "new": 2}}, 0),  # a training option that is new
        ({"config": {"lr": 1.0}}, {"config": {"new": 2}}, 1),
        ({"runs": [{"a": 1}]}, {"runs": [{"a": 1, "new": 2}]}, 0),  # more about a run
        ({"runs": [{"a": 1}]}, {"runs": [{"new": 2}]}, 1),
        ([1, 2], [1, 3], 1),
        ([1, 2], [1], 1),
    ],
)
def test_what_counts_as_a_difference(old: Any, new: Any, count: int) -> None:
    assert len(record.differences(old, new)) == count


def test_near_numbers() -> None:
    assert not record.differences({"a": 2.0}, {"a": 2.0001}, near=1e-4)
    assert record.differences({"a": 2.0}, {"a": 2.001}, near=1e-4)
