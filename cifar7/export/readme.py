"""The README of a submission. Every number in it is in the run's folder, or follows from the design.

Text that a user typed (names of the design, of the image set, of its classes, of a profile) goes through
`wording.plain`.
"""

from __future__ import annotations

from cifar7.export.glyphs import lacking
from cifar7.export.observations import observations
from cifar7.export.record import Record
from cifar7.export.templates import render
from cifar7.network import working
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.assignment import Achieved, card
from cifar7.network.profiles import Profile
from cifar7.network.spec import NetSpec


def run_readme(record: Record, profile: Profile) -> str:
    """The README of a run: results, card, network, receptive field, observations, pictures."""
    return _readme(record.spec, record.analysis, profile, record)


def design_readme(spec: NetSpec, profile: Profile) -> str:
    """The README of a design that was not trained. The design must be buildable."""
    return _readme(spec, analyse(spec), profile)


def _readme(spec: NetSpec, analysis: Analysis, profile: Profile, record: Record | None = None) -> str:
    return render(
        "README.md",
        spec=spec,
        analysis=analysis,
        profile=profile,
        verdicts=card(analysis, profile, achieved(record) if record else None),
        record=record,
        observations=observations(record) if record else (),
        working=working,
        boxes=lacking(record.predictions.classes) if record else (),
    )


def achieved(record: Record) -> Achieved:
    """What the run adds to the assignment card."""
    protocols = {"holdout": "test set read once", "test-each-epoch": "last of several readings"}
    images = "" if record.official else f", on {record.title}, not the official CIFAR-10"
    return Achieved(
        accuracy=record.result["test_accuracy"],
        protocol=protocols[record.result["protocol"]] + images,
        on_gpu=record.on_gpu,
        device=str(record.result["device"]),
    )
