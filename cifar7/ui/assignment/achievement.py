"""What a run of the design on the page adds to the assignment card: accuracy and device. No streamlit."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cifar7.data.library import OFFICIAL
from cifar7.errors import UserError
from cifar7.network.assignment import Achieved
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import ENDED, RunFolder, list_runs

PROTOCOLS = {"holdout": "test set read once", "test-each-epoch": "last of several readings"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a run adds, and where it comes from or why the run adds nothing."""

    achieved: Achieved | None
    explanation: str


NONE = Standing(None, "Accuracy and GPU need a run: train this network.")


def standing(runs_dir: Path, run_id: str | None, design: NetSpec) -> Standing:
    """What the run adds to the card of this design."""
    if run_id is None:
        return NONE
    try:
        run = RunFolder.open(runs_dir, run_id)
        spec = _spec(runs_dir, run_id)
        if spec != design:
            return Standing(None, f"The chosen run is of another design ({spec.name}): train this one too.")
        return _ended(runs_dir, run_id)
    except LookupError:
        return Standing(None, _waiting(run))
    except UserError as error:
        return Standing(None, f"The chosen run cannot be read: {error}")


def runs_of(runs_dir: Path, design: NetSpec, among: int = 100) -> list[RunFolder]:
    """The runs of exactly this design that have weights, among the newest runs of all."""
    runs = []
    for run in list_runs(runs_dir)[:among]:
        with suppress(UserError):
            if run.weights_path() is not None and _spec(runs_dir, run.id) == design:
                runs.append(run)
    return runs


def _waiting(run: RunFolder) -> str:
    """Why a run of this design has no test accuracy."""
    state = run.status()["state"]
    if state == "paused":
        return "The chosen run is of this design and is paused: its end brings accuracy and device."
    if state in ("queued", "running"):
        return "The chosen run is of this design and goes on: its end brings accuracy and device."
    return "The chosen run is of this design, but ended before its test."


@lru_cache(maxsize=256)
def _spec(runs_dir: Path, run_id: str) -> NetSpec:
    """The design of a run, which never changes."""
    return RunFolder.open(runs_dir, run_id).spec()


@lru_cache(maxsize=256)
def _ended(runs_dir: Path, run_id: str) -> Standing:
    """The standing of a run with a result. Raises LookupError without one, which is not cached."""
    run = RunFolder.open(runs_dir, run_id)
    status = run.status()
    result = status["result"]
    if status["state"] not in ENDED or not result or result.get("test_accuracy") is None:
        raise LookupError
    environment = run.environment()
    title = environment.get("data", {}).get("title", run.data_name())
    images = "" if run.data_name() == OFFICIAL else f", on {title}, not CIFAR-10"
    achieved = Achieved(
        accuracy=float(result["test_accuracy"]),
        protocol=PROTOCOLS.get(result.get("protocol", ""), "") + images,
        on_gpu=environment.get("device_type", "cpu") != "cpu",
        device=str(result.get("device", "")),
    )
    return Standing(achieved, "Accuracy and device are those of the chosen run, which is of this design.")
