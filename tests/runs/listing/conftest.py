"""Fixtures of the listing's tests."""

import pytest

from cifar7.runs.folder import RunFolder


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """The ids of the runs whose status was read, in order."""
    read: list[str] = []
    status = RunFolder.status
    monkeypatch.setattr(RunFolder, "status", lambda run: read.append(run.id) or status(run))
    return read
