"""Fixtures of the tests in which a device is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from runs.workers.lost import Gpu

from cifar7.training import devices


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    made = Gpu()
    monkeypatch.setattr(devices, "probe", made.probe)
    monkeypatch.setattr(devices, "give_back", made.give_back)
    return made


@pytest.fixture
def folder(tmp_path: Path, one_thread: None) -> Path:
    tiny.make_set(tmp_path / "data")
    return tmp_path
