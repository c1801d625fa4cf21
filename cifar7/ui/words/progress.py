"""How far a run is that waits or goes on, in a few words."""

from __future__ import annotations

from math import isfinite

from cifar7.runs.queue import Place
from cifar7.runs.status import Status
from cifar7.runs.workers.served import CLUSTER
from cifar7.training.events import Beat
from cifar7.ui.words.waiting import place_words
from cifar7.ui.words.wording import duration


def share_done(status: Status) -> float:
    """The part of its steps that a run has done, 0..1."""
    beat = Beat.from_dict(status["progress"])
    return min(1.0, max(0.0, beat.step / beat.steps)) if beat and beat.steps else 0.0


def progress_words(status: Status, place: Place | None = None) -> str:
    """As "epoch 3 of 8 · 2 min 05 s left", "paused in epoch 3 of 8", "starting"; `place`: where it waits."""
    beat = Beat.from_dict(status["progress"])
    if status["state"] == "queued" and status["device"] == CLUSTER:
        return "waiting for a node of the cluster"
    if status["state"] == "queued":
        return f"waiting for its turn: {place_words(place)}"
    is_paused = status["state"] == "paused"
    if beat is None or not beat.steps:
        return "paused" if is_paused else "starting"
    epoch = f"epoch {beat.epoch} of {beat.epochs}"
    if is_paused:
        return f"paused in {epoch}"
    return f"{epoch} · {duration(beat.seconds_left)} left" if isfinite(beat.seconds_left) else epoch
