"""What a machine has, read from files and answers that were made by hand."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cifar7 import machine


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    monkeypatch.delenv(machine.VISIBLE, raising=False)
    machine.accelerators.cache_clear()
    yield
    machine.accelerators.cache_clear()


def answering(monkeypatch, output):
    def run(command, **how):
        if output is None:
            raise FileNotFoundError(command[0])
        return subprocess.CompletedProcess(command, 0, stdout=output)

    monkeypatch.setattr(subprocess, "run", run)


TWO = "NVIDIA H100 80GB HBM3, 81559\nNVIDIA A100, 40960\n"


def test_gpus_are_asked_of_their_driver(monkeypatch):
    answering(monkeypatch, TWO)
    assert [(one.name, one.memory >> 20) for one in machine.accelerators()] == [
        ("NVIDIA H100 80GB HBM3", 81559),
        ("NVIDIA A100", 40960),
    ]


@pytest.mark.parametrize("output", [None, "", "\n", "No devices were found\n", "A GPU, [N/A]\n"])
def test_without_a_driver_or_an_answer_there_are_none(monkeypatch, output):
    answering(monkeypatch, output)
    assert machine.accelerators() == ()


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        ("1,0", ["NVIDIA A100", "NVIDIA H100 80GB HBM3"]),
        ("1", ["NVIDIA A100"]),
        ("", []),
        ("-1", []),
        ("7", []),
    ],
)
def test_those_that_cuda_shows_are_counted_in_its_order(monkeypatch, visible, names):
    answering(monkeypatch, TWO)
    monkeypatch.setenv(machine.VISIBLE, visible)
    assert [one.name for one in machine.accelerators()] == names


def group(folder: Path, version: int, limit: str, used: int, reclaimable: int) -> Path:
    names = machine._LIMITS[version - 1]
    for name, text in zip(names, (limit, str(used), ""), strict=False):
        (folder / name).write_text(text)
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {reclaimable}\n")
    return folder


@pytest.mark.parametrize("version", [1, 2])
def test_a_control_group_leaves_its_limit_less_what_is_used_for_good(tmp_path, version):
    # 4,000 of which 3,000 are used, 1,000 of these by files that the kernel gives back: 2,000 are free.
    made = group(tmp_path, 3 - version, "4000", 3000, 1000)
    assert list(machine._free_in(made)) == [2000]


def test_a_group_without_a_limit_limits_nothing(tmp_path):
    assert list(machine._free_in(group(tmp_path, 1, "max", 3000, 0))) == []
    assert list(machine._free_in(tmp_path / "absent")) == []


def test_no_more_is_free_than_the_group_leaves(monkeypatch):
    everything = machine.free_memory()
    if everything is None:
        pytest.skip("the system does not say")
    monkeypatch.setattr(machine, "_free_in_groups", lambda: iter([1000]))
    assert machine.free_memory() == 1000
    monkeypatch.setattr(machine, "resident", lambda pid: pid)
    assert machine.free_memory([10, 20]) == 1030


FAULTS = """
import os, resource, sys
import torch
from cifar7 import machine

if sys.argv[1] == "kept":
    assert machine.keep_freed_memory()
def step():
    maps = [torch.zeros(12_000_000) for _ in range(4)]  # 48 MB each
for _ in range(8): step()  # until the heap has room for all of them, one behind the other
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5): step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
held = machine.resident(os.getpid())
machine.give_back_freed_memory()
print(held - machine.resident(os.getpid()))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to keep freed memory")
def test_memory_that_is_freed_is_kept_and_can_be_given_back():
    def run(how: str) -> list[int]:
        return list(map(int, subprocess.check_output([sys.executable, "-c", FAULTS, how], text=True).split()))

    faults, given_back = run("kept")
    assert faults < 1000
    assert given_back > 150 << 20
    assert run("as it is")[0] > 20_000  # of 234,375 pages that are touched


def test_a_system_that_cannot_keep_freed_memory_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda _: SimpleNamespace())  # no mallopt, no malloc_trim
    assert not machine.keep_freed_memory()
    machine.give_back_freed_memory()
