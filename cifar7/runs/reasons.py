"""Why a run ended early or goes on, as sentences, and what is left of it."""

from __future__ import annotations

import time
from typing import Any

from cifar7.disk import is_full, is_trouble, why_not
from cifar7.errors import UserError
from cifar7.runs.kinds import KINDS, Kind
from cifar7.runs.status import Status
from cifar7.training.errors import DeviceStateError, TrainingError, is_out_of_memory
from cifar7.training.events import Beat, EpochEnd, Left
from cifar7.wording import capital, count

TRAINED = "Trained to its end, and not tested yet: runs to choose from do not look at the test images"
WORKER_ENDS = "Stopped because its worker was asked to end"
MOST_DEATHS = 1  # after which a run is taken up again
UNRECORDED = "The run goes on in a fresh process without a recording: the same training, slower."


def remains(status: Status, kind: Kind = "training") -> str:
    """What a run that ended early has left."""
    if kind != "training":
        return "it has no result"
    beat, epoch_end = Beat.from_dict(status["progress"]), EpochEnd.from_dict(status["epoch"])
    if status["result"]:
        return "what it had come to before it went on is kept, with its figures"
    if beat is None or not beat.step:
        return "nothing had been trained yet"
    if epoch_end is None:
        return f"it had come to step {beat.step:,}, and no epoch was complete"
    epoch = status["kept"] or epoch_end.epoch
    return f"it had come to step {beat.step:,}, and the weights of epoch {epoch} are kept"


def death_reason(status: Status, kind: Kind, has_checkpoint: bool, ending: str) -> str:
    """For a run whose worker died and that is not taken up; `ending`: how, from `children.death`.

    `has_checkpoint`: whether there is something to go on from.
    """
    again = ", and it was the second time" if status["deaths"] else ""
    ending = f"{_process(status)} {ending}{again}"
    if kind != "training":
        return f"{ending}. {capital(KINDS[kind].again)}."
    beat = Beat.from_dict(status["progress"])
    left = (
        f"what had been written up to step {beat.step:,} is kept"
        if beat and beat.step
        else "nothing had been trained yet"
    )
    cure = (
        "Resume it to go on from its last checkpoint."
        if has_checkpoint
        else "Start the run again from its design."
    )
    return f"{ending}; {left}. {cure}"


def taken_up_notice(status: Status, has_checkpoint: bool, ending: str, paused: bool) -> str:
    """For a run that goes on by itself after its worker died, or stays paused as was asked."""
    how = "goes on from its last checkpoint" if has_checkpoint else "starts again from the beginning"
    when = ", once it is resumed" if paused else ""
    return f"{_process(status)} {ending}. The run {how} by itself{when}. A second time it would be left."


def _process(status: Status) -> str:
    """What executed it; on a cluster that is no process of this machine."""
    return f"The worker process (pid {status['pid']})" if status["pid"] else "Its process on the cluster"


def after_death(
    status: Status, kind: Kind, has_checkpoint: bool, asked: str | None, ending: str
) -> dict[str, Any]:
    """The changes to the status of a run that says "running" while nobody executes it.

    It waits in the queue again, or is paused where that had been asked; it has failed where it died before,
    was to stop, or was executed by a command in the foreground, whose user saw it end. `ending`: how its
    process ended, from `children.death`.
    """
    if asked == "end":
        return {"state": "stopped", "reason": at_once_reason(status, kind), "ended": time.time()}
    if status["deaths"] >= MOST_DEATHS or status["foreground"] or asked == "stop":
        reason = death_reason(status, kind, has_checkpoint, ending)
        return {"state": "failed", "reason": reason, "ended": time.time(), "deaths": status["deaths"] + 1}
    paused = asked == "pause"
    words = taken_up_notice(status, has_checkpoint, ending, paused)
    changes: dict[str, Any] = {
        "state": "paused" if paused else "queued",
        "reason": None,
        "preparing": None,
        "notices": [*status["notices"], words],
        "deaths": status["deaths"] + 1,
        "served": time.time(),
    }
    if not has_checkpoint:  # what had been reported is void
        changes |= {"progress": None, "epoch": None}
    return changes


def after_loss(
    status: Status, kind: Kind, has_checkpoint: bool, asked: str | None, error: DeviceStateError
) -> dict[str, Any]:
    """The changes to the status of a run whose process can no longer be trusted with its device.

    It waits for a fresh one, as after a death. Where only the recording of its steps is at fault, that is no
    death: once, it goes on unrecorded.
    """
    cause = error.fault if error.cure else str(error).partition(";")[0]
    again = error.unrecorded and not status["unrecorded"]
    before: Status = {**status, "deaths": 0} if again else status
    changes = after_death(before, kind, has_checkpoint, asked, f"was given up: {cause}")
    if changes["state"] == "failed":
        changes["reason"] = capital(mistake_reason(error, status, kind))
    if again:
        changes |= {"deaths": status["deaths"], "unrecorded": True}
        if changes["state"] in ("queued", "paused"):
            changes["notices"] = [*status["notices"], f"{capital(cause)}. {UNRECORDED}"]
    return changes


def untested_reason(why: str | None, left: Left, status: Status) -> str:
    """For a run that ended without a test, with what is left of it; `why` it ended, if before its time."""
    epoch_end = EpochEnd.from_dict(status["epoch"])
    if status["result"]:
        kept = "what it had come to before it went on is kept, with its figures"
    elif epoch_end is None:
        kept = "no epoch was complete"
    else:
        accuracy, held = epoch_end.heldout_accuracy, "held-out"
        if accuracy is None:
            accuracy, held = epoch_end.test_accuracy or 0.0, "test"
        kept = f"the weights of epoch {epoch_end.epoch} are kept, with {accuracy:.1%} of the {held} images"
    if why is None:
        return f"{TRAINED}; {kept}."
    done = f"{count(left.step, 'step')} and {count(left.epoch, 'whole epoch')}"
    return f"{why}, after {done}, and not tested; {kept}."


def at_once_reason(status: Status, kind: Kind) -> str:
    """For a run that was stopped a second time, upon which its process was ended."""
    return f"Stopped at once as asked, and not tested; {remains(status, kind)}."


def mistake_reason(error: UserError, status: Status, kind: Kind) -> str:
    """For a mistake of the user's; where the run had been trained, with what is left of it."""
    message = str(error)
    if kind != "training" or not isinstance(error, TrainingError) or not status["progress"]:
        return message
    return f"{capital(message)} {capital(remains(status))}."


def unexpected_reason(error: Exception, status: Status, kind: Kind, resumable: bool = False) -> str:
    """For what nobody foresaw: the cause, what is left, what to do. `resumable`: there is a checkpoint."""
    left, again = remains(status, kind), KINDS[kind].again
    if is_full(error):
        events = Beat.from_dict(status["progress"]), EpochEnd.from_dict(status["epoch"])
        step = max((event.step for event in events if event), default=0)
        reached = f"it had come to step {step:,}, and " if step else ""
        kept = "what was saved last is kept" if resumable else "nothing had been saved yet"
        again = "resume it to go on from its last checkpoint" if resumable else again
        return f"The disk is full; {reached}{kept}. Make room and {again}."
    if is_trouble(error):
        return f"{capital(why_not(error).partition(';')[0])}; {left}. Change that and {again}."
    if isinstance(error, ImportError):
        return f"A library cannot be loaded ({_line(error)}); install the requirements and {again}."
    if is_out_of_memory(error):
        return (
            f"The memory is not enough even to begin; {left}. Close what else uses it, or choose a smaller "
            "network."
        )
    return f"Something unexpected happened ({_line(error)}); {left}. worker.log tells more."


def _line(error: Exception) -> str:
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0][:200]}" if first else type(error).__name__
