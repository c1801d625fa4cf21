"""A run made by hand, for what is written of it."""

from __future__ import annotations

from pathlib import Path

import handmade
import pytest
import torch

from cifar7.runs.folder import RunFolder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("place")
    handmade.make_set(folder / "data")
    return folder


@pytest.fixture(scope="module")
def run(place: Path) -> RunFolder:
    return handmade.make_run(place)
