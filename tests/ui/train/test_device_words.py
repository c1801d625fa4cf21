"""The device on the pages is the one that the worker has, and not what a driver names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ui.opened import captions

from cifar7 import machine
from cifar7.machine import Accelerator
from cifar7.runs.queue import worker_lock
from cifar7.runs.workers.published import Published, publish
from cifar7.ui.words import device

WHY = (
    "The GPU NVIDIA GeForce RTX 3060 is not used: this torch (2.15.0+cpu) is built without CUDA. Install one "
    "that has it: pip install --force-reinstall torch torchvision --index-url https://download.pytorch.org/whl"
)
ON_CPU = Published("CPU, 2 cores", "cpu", WHY)


@pytest.fixture
def smi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for an nvidia-smi that names a GPU."""
    monkeypatch.setattr(machine, "accelerators", lambda: (Accelerator("NVIDIA GeForce RTX 3060", 12 << 30),))
    device._seems.cache_clear()
    yield
    device._seems.cache_clear()


def tell(runs: Path, told: Published, of: str = "auto") -> None:
    (runs / "workers").mkdir(parents=True, exist_ok=True)
    publish(worker_lock(runs, of), told)


def warnings(app: Any) -> list[str]:
    return [element.value.replace("\\", "") for element in app.warning]


@pytest.mark.usefixtures("smi")
def test_a_gpu_that_torch_cannot_use_is_no_device(home: Path, pages: Any) -> None:
    assert device.words() == "NVIDIA GeForce RTX 3060", "before any worker has told"
    tell(home / "runs", ON_CPU)
    assert (device.words(), device.accelerated(), device.offered("auto")) == (
        "CPU, 2 cores",
        False,
        ("auto", "cpu"),
    )
    app = pages.open("train")
    assert WHY in warnings(app)
    assert "On the CPU, " in captions(app)
    assert "it takes roughly" in captions(app), "with the time"
    assert any("CPU, 2 cores" in element.value for element in app.html), "the strip"
    app.selectbox(key="recipe_device").set_value("cpu").run()
    assert WHY not in warnings(app), "nobody asked for a GPU"


@pytest.mark.usefixtures("smi")
def test_a_gpu_that_works_is_named_as_the_worker_found_it(home: Path, pages: Any) -> None:
    tell(home / "runs", Published("NVIDIA <b>H100</b>", "cuda"))
    app = pages.open("train")
    assert "On the GPU it takes about" in captions(app)
    assert warnings(app) == []
    strip = " ".join(element.value for element in app.html)
    assert "NVIDIA &lt;b&gt;H100&lt;/b&gt;" in strip, "what a file says is text"


def test_several_gpus_are_counted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: (Accelerator("A100", 40 << 30),) * 2)
    for at in range(2):
        tell(home / "runs", Published(f"NVIDIA A100 (cuda:{at})", "cuda"), of=f"cuda:{at}")
    assert device.words() == "2 × NVIDIA A100"
    assert device.offered("auto") == ("auto", "cpu", "cuda", "cuda:0", "cuda:1")
