"""A trial that goes on: its runs, what they have come to, and whether it is stopped early."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.directory import RunError
from cifar7.runs.folder import ENDED, RunFolder
from cifar7.runs.limits import LimitError
from cifar7.runs.reasons import WORKER_ENDS
from cifar7.sweeps.knobs import Value
from cifar7.sweeps.outcome import Repeat, Trial
from cifar7.training.events import EpochEnd

Judge = Callable[[float, int], bool]  # (held-out accuracy, epoch) -> whether the trial is to stop


@dataclass
class Member:
    """One run of a trial, for one seed."""

    seed: int
    run: RunFolder | None = None  # None before it was handed over
    epochs: list[EpochEnd] = field(default_factory=list)
    _read: int = 0  # bytes of its record

    def read(self) -> list[EpochEnd]:
        """The ends of epochs that have come since."""
        if self.run is None:
            return []
        events, self._read = self.run.events(self._read)
        new = [event for event in events if isinstance(event, EpochEnd)]
        done = self.epochs[-1].epoch if self.epochs else 0
        # A run that was taken up from a checkpoint repeats some, to the bit.
        new = [event for event in new if event.epoch > done]
        self.epochs += new
        return new

    def ended(self) -> bool:
        """Whether its run has come to an end of its own, or was stopped."""
        return self.run is not None and self.run.reconcile()["state"] in ENDED

    def dropped(self, planned: int) -> bool:
        """Whether its run was stopped as its worker was asked to end: it is to go on, to its planned end."""
        if self.run is None or self.complete(planned):
            return False
        status = self.run.status()
        return status["state"] == "stopped" and (status["reason"] or "").startswith(WORKER_ENDS)

    def complete(self, planned: int) -> bool:
        """Whether it was trained to its planned end."""
        return bool(self.epochs) and self.epochs[-1].epoch >= planned

    def repeat(self, planned: int, until: int | None) -> Repeat:
        """What it came to; of a trial that was stopped early, `until` the epoch at which that was decided."""
        epochs = [end for end in self.epochs if until is None or end.epoch <= until]
        best = max(epochs, key=_rank, default=None)
        assert self.run is not None
        complete = until is None and self.complete(planned)
        state = "finished" if complete else "failed"
        if not complete:
            with suppress(RunError):
                state = self.run.status()["state"]
        return Repeat(
            seed=self.seed,
            run=self.run.id,
            state=state,
            heldout=best.heldout_accuracy if best else None,
            by_class=(best.heldout_accuracy_by_class or ()) if best else (),
            test=None,
            seconds=epochs[-1].seconds if epochs else None,
            epochs=epochs[-1].epoch if epochs else 0,
            early=until is not None,
            complete=complete,
        )


@dataclass
class Attempt:
    """A trial that was begun and not yet told."""

    number: int
    values: dict[str, Value]
    spec: NetSpec
    planned: int  # epochs
    members: list[Member]
    judge: Judge | None = None  # of the first seed's run; None: every run goes to its end
    obstacle: str = ""  # why it is not trained
    stopped_at: int | None = None  # the epoch at which it was found hopeless
    trouble: str = ""  # why it has no result, in words

    def look(self, stop: Callable[[RunFolder], None], resume: Callable[[RunFolder], None]) -> None:
        """Read what has come since; have it stop where that is decided, and go on where a worker left it."""
        for member in self.members:
            new = member.read()
            if self.judge is None or member is not self.members[0] or self.stopped_at is not None:
                continue
            for end in new:
                if end.epoch < self.planned and self.judge(end.heldout_accuracy or 0.0, end.epoch):
                    self.stopped_at = end.epoch
                    break
        first = self.members[0].run if self.members else None
        going_on = first is not None and first.status()["state"] not in ENDED
        if self.stopped_at is not None and first and going_on and first.requested() is None:
            stop(first)
        for member in self._dropped():
            with suppress(LimitError):  # others wait too: at a later look, then
                resume(cast(RunFolder, member.run))

    def _dropped(self) -> list[Member]:
        if self.stopped_at is not None:
            return []
        return [member for member in self.members if member.dropped(self.planned)]

    def wanted(self) -> list[Member]:
        """Those whose runs are still to be handed over, the next one first."""
        if self.obstacle or self.stopped_at is not None or self.trouble:
            return []
        if self.judge is not None and not self._first_is_complete():
            return [member for member in self.members[:1] if member.run is None]
        return [member for member in self.members if member.run is None]

    def going_on(self) -> list[RunFolder]:
        """Its runs that have not ended."""
        return [member.run for member in self.members if member.run is not None and not member.ended()]

    def done(self) -> bool:
        """Whether there is nothing to wait for."""
        if self.obstacle:
            return True
        handed = [member for member in self.members if member.run is not None]
        if self._dropped() or not all(member.ended() for member in handed):
            return False
        for member in handed:
            if self.stopped_at is None and not member.complete(self.planned):
                self.trouble = self.trouble or f"seed {member.seed}: {_reason(member)}"
        return bool(self.trouble) or not self.wanted()

    def give_up(self, why: str) -> None:
        """It cannot be trained: what is said of it where nothing was, or of what is there."""
        if any(member.run for member in self.members):
            self.trouble = why
        else:
            self.obstacle, self.members = why, []

    def trial(self) -> Trial:
        """What came of it."""
        analysis = analyse(self.spec)
        return Trial(
            number=self.number,
            values=self.values,
            parameters=analysis.parameters,
            macs=analysis.macs,
            receptive_field=analysis.receptive_field_before,
            receptive_field_total=analysis.receptive_field_total,
            fulfilled=None,
            repeats=tuple(
                member.repeat(self.planned, self.stopped_at)
                for member in self.members
                if member.run is not None
            ),
            obstacle=self.obstacle,
        )

    def _first_is_complete(self) -> bool:
        return self.members[0].complete(self.planned) and self.members[0].ended()


def _rank(end: EpochEnd) -> tuple[float, float]:
    """As the run itself chooses its best epoch."""
    return (end.heldout_accuracy or 0.0, -(end.heldout_loss or 0.0))


def _reason(member: Member) -> str:
    with suppress(RunError):
        if member.run is not None:
            return member.run.status()["reason"] or "it was not trained to its end"
    return "its run is gone"
