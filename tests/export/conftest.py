"""A run made by hand, for what is written of it, and a train.py that is written and imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import handmade
import pytest
import tiny
import torch
from export.folders import FOLDERS

from cifar7.data.imageset import ImageSet
from cifar7.export.model_source import model_source
from cifar7.export.train_source import train_source
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("place")
    handmade.make_set(folder / "data")
    return folder


@pytest.fixture(scope="module")
def run(place: Path) -> RunFolder:
    return handmade.make_run(place)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Write train.py and model.py for a recipe and import the former."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "model.py").write_text(model_source(tiny.SPEC))

    def load(images: ImageSet = FOLDERS, **settings: Any) -> ModuleType:
        (tmp_path / "train.py").write_text(train_source(TrainConfig(**settings), images))
        importlib.invalidate_caches()
        for name in ("train", "model"):
            sys.modules.pop(name, None)
        sys.dont_write_bytecode = True
        return importlib.import_module("train")

    before = sys.dont_write_bytecode
    yield load
    sys.dont_write_bytecode = before
    for name in ("train", "model"):
        sys.modules.pop(name, None)
