"""A GPU that is lost under a run, by stand-ins: it is taken up again once, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from runs.workers.lost import GONE, Gpu, fail_at, laid, refuse_to_record

from cifar7.data import library
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder, Status
from cifar7.runs.queue import claim_next, start_here
from cifar7.training.engine import Training
from cifar7.training.errors import DeviceStateError


def carried_out(folder: Path, run: RunFolder) -> Status:
    """Its status after this process has executed it, whatever that raised."""
    claim = claim_next(folder / "runs")
    assert claim is not None
    assert claim.run == run
    try:
        return execute(claim, lambda name, progress: library.open_set(name, progress, folder / "data"))
    except DeviceStateError:
        return run.status()


def test_a_run_under_which_the_device_is_lost_is_taken_up_once(
    folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = laid(folder)
    fail_at(monkeypatch, 13, gpu)
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"], status["unrecorded"]) == ("queued", 1, False)
    (notice,) = status["notices"]
    assert notice.endswith(
        f"was given up: {GONE}. The run starts again from the beginning by itself. A second time it would be "
        "left."
    )
    assert "unspecified launch failure" in (run.path / "worker.log").read_text()
    assert run.weights_path() is not None, "those of the first epoch"
    gpu.sound = True  # in the next process
    status = carried_out(folder, run)
    assert status["state"] == "failed"
    assert status["deaths"] == 2
    assert str(status["reason"]).startswith("The device no longer answers (CUDA error")
    assert str(status["reason"]).endswith("the weights of epoch 1 are kept.")


def test_what_is_wrong_with_a_run_itself_is_told_as_before(
    folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = laid(folder)
    fail_at(monkeypatch, 3)
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"]) == ("failed", 0)
    assert "Something unexpected happened (RuntimeError: CUDA error" in str(status["reason"])
    assert gpu.asked == ["probe"]


def test_a_stop_that_was_asked_for_stands(folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    run = laid(folder)
    claim = claim_next(folder / "runs")
    assert claim is not None
    run.request_stop()
    claim.lose(DeviceStateError(GONE))
    claim.release()
    assert run.status()["state"] == "failed"


def test_a_run_that_cannot_be_recorded_goes_on_unrecorded_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = laid(folder)
    asked = refuse_to_record(monkeypatch, "the step could not be recorded (a cause); try later.")
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"], status["unrecorded"]) == ("queued", 0, True)
    assert status["notices"] == [
        "The step could not be recorded (a cause). The run goes on in a fresh process without a recording: "
        "the same training, slower."
    ]
    assert carried_out(folder, run)["state"] == "finished"
    assert asked == [True, False]


def test_one_that_fails_unrecorded_too_counts_as_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = laid(folder)

    def fail(*given: Any, **more: Any) -> None:
        raise DeviceStateError("the step could not be recorded; try later.", unrecorded=True)

    monkeypatch.setattr(Training, "__init__", fail)
    states = [(s["state"], s["deaths"]) for s in (carried_out(folder, run) for _ in range(3))]
    assert states == [("queued", 0), ("queued", 1), ("failed", 2)]


def test_a_lost_run_of_a_command_that_somebody_waits_for_is_left_to_it(folder: Path) -> None:
    claim = start_here(folder / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.lose(DeviceStateError(GONE, "restart."))
    claim.release()
    status = claim.run.status()
    assert (status["state"], status["reason"]) == ("failed", f"The {GONE[4:]}; restart.")
