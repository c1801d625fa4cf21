"""What a run's figures mean, in sentences."""

from __future__ import annotations

from typing import Any

from cifar7.runs.folder import Status
from cifar7.ui.wording import count, duration, percent, plain

TERMS = {
    "Epoch": "One epoch is one pass over all training images.",
    "Images per second": "Training images that it learns from in a second, of late.",
    "Time left": "At the present speed, the evaluations to come included.",
    "Held-out accuracy": "The share recognised of images that were set aside and never learnt from.",
    "Test accuracy": "The share recognised of the test images, from which it never learnt.",
    "Training accuracy": "The share recognised of images it learnt from, neither mirrored nor shifted.",
    "Weights of epoch": "The weights that are kept and tested.",
    "Time": "From the start of training to its end, preparation and evaluation included.",
}

_PHASES = {"starting": "Starting: loading libraries", "data": "Preparing the images", "training": "Training"}


def progress_words(status: Status, place: int | None) -> tuple[float, str]:
    """How far a waiting or running run is: a share 0..1 and a line. `place`: how many-th in the queue."""
    if status["state"] == "queued":
        if place is None or place == 1:
            return 0.0, "Waiting for its turn: next in the queue"
        return 0.0, f"Waiting for its turn: {count(place - 1, 'run')} before it"
    preparing, beat = status["preparing"], status["progress"]
    if beat:
        share = min(1.0, beat["step"] / max(1, beat["steps"]))
        if beat["step"] >= beat["steps"]:
            return share, "Testing: reading the test images once"
        return (
            share,
            f"Step {beat['step']:,} of {beat['steps']:,} · {duration(beat.get('seconds') or 0)} so far",
        )
    if preparing and preparing.get("total"):
        return 0.0, f"{preparing['what']}: {100 * preparing['done'] // preparing['total']}\u00a0%"
    return 0.0, _PHASES.get(status["phase"] or "starting", "Starting")


def result_words(status: Status) -> str:
    """The end of a run in one sentence, as Markdown."""
    result = status["result"]
    if not result:
        return plain(status["reason"] or "It ended without a result.")
    early = f"{plain(status['reason'])} " if status["reason"] else ""
    score = percent(result.get("test_accuracy"))
    return f"{early}It recognises **{score}** of the test images, which it never learnt from."


def failed_words(status: Status) -> str:
    """What happened, what is safe, what to do, as Markdown."""
    reason = plain(status["reason"] or "The reason is not known.")
    return f"{reason}\n\nYour design and settings are as you left them."


def protocol_words(result: dict[str, Any]) -> str:
    """Whether the score is honest, and why."""
    if result.get("protocol") == "test-each-epoch":
        return (
            "Protocol: the test images were read after every epoch, as in the submissions. The best of many "
            "readings flatters; the score above is the last epoch's."
        )
    best = result.get("best_epoch")
    chosen = f"they chose epoch {best}" if best else "it was stopped before they could choose an epoch"
    return (
        f"Protocol: held-out images watched the training ({chosen}), and the test images were read once, "
        "at the end."
    )


def gap_words(result: dict[str, Any]) -> str:
    """Training against test accuracy, and what their distance says."""
    train, test = result.get("train_accuracy"), result.get("test_accuracy")
    if train is None or test is None:
        return ""
    gap = 100 * (train - test)
    start = f"On its training images it scores {percent(train)}"
    if gap < 2:
        return f"{start}, about the same: it has room to learn more, with more epochs or channels."
    if gap < 8:
        return f"{start}, {gap:.0f} points more: it has learnt some of them by heart, as networks do."
    return f"{start}, {gap:.0f} points more: it learns by heart. Dropout or fewer parameters may help."
