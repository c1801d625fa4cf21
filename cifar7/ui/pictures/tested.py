"""The predictions of tested runs and the pictures they are about: read once for all browsers."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_set
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.runs.folder import RunFolder
from cifar7.ui.shell import messages
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary


def predictions(summary: Summary) -> Predictions:
    """The run's predictions for the test pictures. Raises UserError, or OSError if the folder is gone."""
    return _predictions(summary.id, summary.run.path.joinpath("predictions.npz").stat().st_mtime_ns)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(run_id: str, version: int) -> Predictions:
    """`version`: the file's time of change, which separates the entries of the cache."""
    return RunFolder.open(paths.runs_dir(), run_id).predictions()


def images(summary: Summary, count: int) -> ImageSet | None:
    """The set whose `count` test pictures the run was tested on; None, after a warning, if it is gone."""
    try:
        image_set = open_set(summary.data)
        if len(image_set.test) != count or fingerprint(summary) not in ("", image_set.fingerprint):
            raise UserError(
                "the set of that name is another one now than when this run was tested; "
                "train again to see mistakes on the present one."
            )
    except UserError as error:
        messages.warning(error, "The pictures cannot be shown: ", messages.NO_PICTURE)
        return None
    return image_set


def fingerprint(summary: Summary) -> str:
    """Of the set that the run was trained and tested on; empty if the run has none. May raise UserError."""
    return str((summary.run.environment().get("data") or {}).get("fingerprint", ""))


def on_the_same(summary: Summary) -> list[Summary]:
    """The other runs that were tested on the same pictures, the newest first."""
    others = []
    with suppress(UserError):  # one whose record is damaged
        pictures = (summary.data, fingerprint(summary))
        for other in run_list.offered():
            with suppress(UserError):
                if other.id != summary.id and (other.data, fingerprint(other)) == pictures:
                    others.append(other)
    return others
