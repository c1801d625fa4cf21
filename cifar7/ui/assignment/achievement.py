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


def standing(runs_dir: Path, run_id: str | None, design: NetSpec) -> Standing:
    """What the run adds to the card of this design."""
    if run_id is None:
        return Standing(None, "Accuracy and GPU need a run: train this network.")
    try:
        run, spec = RunFolder.open(runs_dir, run_id), _spec(runs_dir, run_id)
        if spec != design:
            return Standing(None, f"The chosen run is of another design ({spec.name}): train this one too.")
        status = run.status()
        result = status["result"] or {}
        if status["state"] not in ENDED:
            goes_on = "is paused" if status["state"] == "paused" else "goes on"
            return Standing(
                None, f"The chosen run is of this design and {goes_on}: its end brings accuracy and device."
            )
        if result.get("test_accuracy") is None:
            return Standing(None, "The chosen run is of this design, but ended before its test.")
        environment, data = run.environment(), run.data_name()
    except UserError as error:
        return Standing(None, f"The chosen run cannot be read: {error}")
    title = environment.get("data", {}).get("title", data)
    achieved = of_run(
        float(result["test_accuracy"]),
        result.get("protocol", ""),
        (data, title),
        environment.get("device_type", "cpu"),
        str(result.get("device", "")),
    )
    return Standing(achieved, "Accuracy and device are those of the chosen run, which is of this design.")


def of_run(
    accuracy: float, protocol: str, images: tuple[str, str], device_type: str, device: str
) -> Achieved:
    """What a tested run adds to a card. `images`: name and title of its set; `device` in words."""
    name, title = images
    elsewhere = "" if name == OFFICIAL else f", on {title}, not CIFAR-10"
    return Achieved(
        accuracy=accuracy,
        protocol=PROTOCOLS.get(protocol, "") + elsewhere,
        on_gpu=device_type != "cpu",
        device=device,
    )


def runs_of(runs_dir: Path, design: NetSpec, among: int = 100) -> list[RunFolder]:
    """The runs of exactly this design that have weights, among the newest runs of all."""
    runs = []
    for run in list_runs(runs_dir)[:among]:
        with suppress(UserError):
            if run.weights_path() is not None and _spec(runs_dir, run.id) == design:
                runs.append(run)
    return runs


@lru_cache(maxsize=256)
def _spec(runs_dir: Path, run_id: str) -> NetSpec:
    """The design of a run, which never changes."""
    return RunFolder.open(runs_dir, run_id).spec()
