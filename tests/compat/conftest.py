"""A home with the runs that an old cifar7 made, and the images that they were trained on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from compat import designs, record
from conftest import HAS_STREAMLIT

from cifar7.data import store
from cifar7.data.imageset import RawSet, Split
from cifar7.runs import children

if HAS_STREAMLIT:
    from ui.conftest import app_test_prepares_once  # noqa: F401  (old runs and links open on the pages)


@pytest.fixture
def old_home(empty_home: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> Path:
    """$CIFAR7_HOME with the old runs, the set `tiny`, and the networks tiny, odd and those REPLACED."""
    monkeypatch.setattr(children, "start", lambda *_, **__: 0)  # no worker for the run that waits
    shutil.copytree(record.OLD_RUNS, empty_home / "runs")
    splits = (Split(*record.colours(60, 1)), Split(*record.colours(10, 2)))
    with store.exclusive(empty_home / "data", "tiny"):
        raw = RawSet("Tints", record.CLASSES, *splits, "made by a script", True, ())
        store.write_set(empty_home / "data", "tiny", raw, "test")
    for name in ("tiny", "odd"):
        (empty_home / f"{name}.json").write_text(json.dumps(record.read(name)))
    for spec in designs.REPLACED:
        (empty_home / f"{spec.name}.json").write_text(json.dumps(spec.to_dict()))
    return empty_home
