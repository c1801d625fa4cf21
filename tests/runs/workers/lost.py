"""What stands for a GPU that is lost, and runs and workers to meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import enqueue
from cifar7.runs.worker import Worker
from cifar7.training.engine import Training
from cifar7.training.errors import DeviceStateError
from cifar7.training.step.train_step import TrainStep

GONE = "the device no longer answers (CUDA error: unspecified launch failure)"


class Gpu:
    """What stands for a GPU: whether it is sound, and what was asked of it."""

    def __init__(self) -> None:
        self.sound, self.asked = True, list[str]()

    def probe(self, device: torch.device, *generators: torch.Generator) -> None:
        self.asked.append("probe")
        if not self.sound:
            raise DeviceStateError(f"{GONE}; restart.")

    def give_back(self, device: torch.device) -> None:
        self.asked.append("give back")


def laid(folder: Path, **settings: Any) -> RunFolder:
    return enqueue(folder / "runs", tiny.SPEC, tiny.config(**settings), "tiny")


def worker(folder: Path) -> Worker:
    """One that takes the GPU's stand-in for what it has woken."""
    (folder / "runs" / "workers").mkdir(exist_ok=True)
    made = Worker(folder / "runs", "cpu", folder / "data", idle_minutes=1)
    made.prepared, made.accelerator = True, torch.device("cpu")
    return made


def fail_at(monkeypatch: pytest.MonkeyPatch, step: int, gpu: Gpu | None = None) -> None:
    """At that step CUDA's error comes, after which the GPU, if one is given, is not sound."""
    take = TrainStep.take

    def fail(self: TrainStep, rows: torch.Tensor, lr: float, number: int) -> str | None:
        if number == step:
            if gpu:
                gpu.sound = False
            raise RuntimeError("CUDA error: unspecified launch failure")
        return take(self, rows, lr, number)

    monkeypatch.setattr(TrainStep, "take", fail)


def refuse_to_record(monkeypatch: pytest.MonkeyPatch, words: str) -> list[bool]:
    """A recording, which stands for CUDA's, fails whenever one is asked for; whether it was, each time."""
    make, asked = Training.__init__, list[bool]()

    def recording(made: Training, *given: Any, record: bool = True, **more: Any) -> None:
        asked.append(record)
        if record:
            raise DeviceStateError(words, unrecorded=True)
        make(made, *given, **more)

    monkeypatch.setattr(Training, "__init__", recording)
    return asked
