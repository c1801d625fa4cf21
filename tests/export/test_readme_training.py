"""What the README of a run says of how it was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from place import Place

from cifar7.export.readme import run_readme
from cifar7.export.record import read_record
from cifar7.network.profiles import PROFILES
from cifar7.runs.folder import RunFolder


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "- SGD with Nesterov momentum 0.9, batches of "),
        ({"optimiser": "adamw"}, "- AdamW with betas 0.9 and 0.999, batches of "),
        (
            {"optimiser": "muon", "momentum": 0.8},
            "- Muon for the kernels that mix channels, save the last layer's, SGD for the rest, both with "
            "Nesterov momentum 0.8, batches of ",
        ),
    ],
    ids=["sgd", "adamw", "muon"],
)
def test_the_optimiser_is_named(run: RunFolder, place: Place, settings: dict[str, Any], words: str) -> None:
    record = read_record(run, place / "data")
    usual = {"optimiser": "sgd", "momentum": 0.9, "nesterov": True}
    config = replace(record.config, **{**usual, **settings})
    assert words in run_readme(replace(record, config=config), PROFILES["three-max-pools"])
