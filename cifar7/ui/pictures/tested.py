"""What a tested run said, and the pictures it said it of: read once for all browsers."""

from __future__ import annotations

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_set
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.runs.folder import RunFolder
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary

MOST_RUNS = 50  # that choosers offer


def predictions(summary: Summary) -> Predictions:
    """What the run said of the test pictures. Raises UserError, or OSError when the folder went away."""
    return _predictions(summary.id, summary.run.path.joinpath("predictions.npz").stat().st_mtime_ns)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(run_id: str, version: int) -> Predictions:
    """`version` is the file's time. The run's id has been validated."""
    return RunFolder.open(paths.runs_dir(), run_id).predictions()


def images(summary: Summary, count: int) -> ImageSet:
    """The set whose `count` test pictures the run was tested on; raises UserError if it is another by now."""
    found = open_set(summary.status["data"])
    told = fingerprint(summary)
    if len(found.test) != count or (told and told != found.fingerprint):
        raise UserError(
            "the set of that name is another one now than when this run was tested; "
            "train again to see mistakes on the present one."
        )
    return found


def fingerprint(summary: Summary) -> str:
    """Of the set that the run was trained and tested on; empty where the run does not say."""
    return str(summary.run.environment().get("data", {}).get("fingerprint", ""))


def on_the_same(summary: Summary) -> list[Summary]:
    """The other tested runs on the very same pictures, the newest first."""
    mark = (summary.status["data"], fingerprint(summary))
    return [
        other
        for other in run_list.tested(MOST_RUNS)
        if other.id != summary.id and (other.status["data"], fingerprint(other)) == mark
    ]
