"""What a run's figures mean, in sentences."""

from __future__ import annotations

from cifar7.network.spec import NetSpec
from cifar7.runs.folder import Status
from cifar7.runs.queue import Place
from cifar7.runs.workers.served import CLUSTER
from cifar7.training.config import TrainConfig
from cifar7.training.events import Beat, EpochEnd, Finished
from cifar7.ui.words.waiting import place_words
from cifar7.ui.words.wording import duration, percent, plain

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


def progress_words(status: Status, place: Place | None) -> tuple[float, str]:
    """How far a run is that has not ended: a share 0..1 and a line. `place`: in the queue."""
    if status["state"] == "queued":
        if status["device"] == CLUSTER:
            return 0.0, "Waiting for a node of the cluster"
        if status["then"] == "stop":
            return 0.0, f"Waiting to be tested as it is: {place_words(place)}"
        return 0.0, f"Waiting for its turn: {place_words(place)}"
    beat = Beat.from_dict(status["progress"])
    share = min(1.0, beat.step / max(1, beat.steps)) if beat else 0.0
    if status["state"] == "paused":
        return share, _paused_words(beat)
    if beat and not _is_from_before(status, beat):
        if beat.step >= beat.steps:
            return share, "Testing: reading the test images once"
        return share, f"Step {beat.step:,} of {beat.steps:,} · {duration(beat.seconds)} so far"
    if beat and not _has_share(status):
        return share, f"Going on from step {beat.step:,}. {starting_words(status)}"
    return 0.0, starting_words(status)


def starting_words(status: Status) -> str:
    """What is being done before the first step, as Markdown."""
    preparing = status["preparing"]
    if preparing and _has_share(status):
        return f"{plain(preparing['what'])}: {100 * preparing['done'] // preparing['total']}\u00a0%"
    return _PHASES.get(status["phase"] or "starting", "Starting")


def _has_share(status: Status) -> bool:
    """Whether it is known how far the preparation of the images is."""
    return bool((status["preparing"] or {}).get("total"))


def _is_from_before(status: Status, beat: Beat) -> bool:
    """Whether the run was left and resumed after its newest beat, and has not come to a step since."""
    result = Finished.from_dict(status["result"])
    return status["phase"] in ("starting", "data") or (result is not None and beat.step <= result.steps)


def _paused_words(beat: Beat | None) -> str:
    where = "before its first step. Resume lays it in the queue again."
    if beat:
        at, after = f"at step {beat.step:,} of {beat.steps:,}", f"after {duration(beat.seconds)} of training"
        where = f"{at}, {after}. Resume goes on from there."
    return f"Paused {where} Meanwhile the machine is free for other runs."


def result_words(status: Status) -> str:
    """The end of a run in one sentence, as Markdown."""
    result = Finished.from_dict(status["result"])
    if not result:
        return plain(status["reason"] or "It ended without a result.")
    early = f"{plain(status['reason'])} " if status["reason"] else ""
    score = percent(result.test_accuracy)
    return f"{early}It recognises **{score}** of the test images, which it never learnt from."


def failed_words(status: Status, resumable: bool = False) -> str:
    """What happened, what is safe, what to do, as Markdown."""
    reason = plain(status["reason"] or "The reason is not known.")
    safe = "Your design and settings are as you left them."
    on = " Resume goes on from the last checkpoint." if resumable and "Resume" not in reason else ""
    return f"{reason}\n\n{safe}{on}"


def protocol_words(result: Finished) -> str:
    """Whether the score is honest, and why."""
    if result.protocol == "test-each-epoch":
        return (
            "Protocol: the test images were read after every epoch, as in the submissions. The best of many "
            "readings flatters; the score above is the last epoch's."
        )
    best = result.best_epoch
    chosen = f"they chose epoch {best}" if best else "it was stopped before they could choose an epoch"
    return (
        f"Protocol: held-out images watched the training ({chosen}), and the test images were read once, "
        "at the end."
    )


def scored_words(result: Finished) -> str:
    """What was done for the score beyond evaluating the network once; empty where nothing was."""
    flips = (
        "Each image was asked together with its mirror image (test-time flips)." if result.test_flip else ""
    )
    averages = "The weights are averages over the steps of the training." if result.averaging > 0 else ""
    return " ".join(filter(None, [flips, averages]))


def epoch_words(end: EpochEnd | None) -> str:
    """The newest epoch's two accuracies; a line in either case, so that nothing below it moves."""
    if end is None:
        return "The lines with points begin when the first epoch has ended."
    learning, after = percent(end.train_accuracy_running), percent(end.train_accuracy)
    return f"Epoch {end.epoch}: {learning} while learning, {after} afterwards."


def learning_words(spec: NetSpec, config: TrainConfig) -> str:
    """Why the accuracy while learning and that on the training images differ."""
    changes = [
        "mirrored" if config.flip != "none" else "",
        "shifted" if config.crop_padding else "",
        "turned" if config.rotation else "",
        "scaled" if config.scaling else "",
        "partly blanked" if config.cutout else "",
    ]
    altered = " and ".join(filter(None, changes))
    causes = [f"the images are {altered}" if altered else ""]
    if any(unit.dropout for stage in spec.stages for unit in stage.units):
        causes.append("dropout switches values off")
    causes.append("each image is asked before the epoch's later corrections")
    listed = "; ".join(filter(None, causes))
    return (
        f"“While learning” is measured on the go: {listed}. “Training images” is asked after each epoch, in "
        "evaluation mode, on unaltered images, and is the one to hold against the others."
    )


def gap_words(result: Finished) -> str:
    """Training against test accuracy, and what their distance says."""
    gap = 100 * (result.train_accuracy - result.test_accuracy)
    start = f"On its training images it scores {percent(result.train_accuracy)}"
    if gap < 2:
        return f"{start}, about the same: it has room to learn more, with more epochs or channels."
    if gap < 8:
        return f"{start}, {gap:.0f} points more: it has learnt some of them by heart, as networks do."
    if gap >= 8:
        return f"{start}, {gap:.0f} points more: it learns by heart. Dropout or fewer parameters may help."
    return ""  # one of them is not known
