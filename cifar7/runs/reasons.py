"""Why a run ended early, as sentences, and what is left of it."""

from __future__ import annotations

import errno

from cifar7.errors import UserError
from cifar7.runs.children import death
from cifar7.runs.kinds import KINDS, Kind
from cifar7.runs.status import Status
from cifar7.training.errors import TrainingError, is_out_of_memory
from cifar7.training.events import Beat, EpochEnd, Left
from cifar7.wording import count


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
    return f"it had come to step {beat.step:,}, and the weights of epoch {epoch_end.epoch} are kept"


def death_reason(status: Status, kind: Kind, has_checkpoint: bool) -> str:
    """For a run whose worker died; `has_checkpoint`: whether there is something to go on from."""
    ending = f"The worker process (pid {status['pid']}) {death(status['pid'])}"
    if kind != "training":
        return f"{ending}. {_capital(KINDS[kind].again)}."
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


def untested_reason(why: str | None, left: Left, status: Status) -> str:
    """For a run that was to stop and had no time for a test, with what is left of it."""
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
    return f"{_capital(message)} {_capital(remains(status))}."


def unexpected_reason(error: Exception, status: Status, kind: Kind) -> str:
    """For what nobody foresaw: the cause, what is left, what to do."""
    left, again = remains(status, kind), KINDS[kind].again
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full; {left}. Make room and {again}."
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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
