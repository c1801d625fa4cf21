"""Carries out one sweep, a look at a time, from its folder to its folder.

Trials are told to the sampler in their order, and as many go on at a time as its definition says: one is
trained while another is prepared, and what is proposed depends on nothing but what was told.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import optuna
from optuna.trial import TrialState

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.runs.directory import RunError
from cifar7.runs.files import append_line, plain
from cifar7.runs.folder import RunFolder
from cifar7.runs.limits import LimitError
from cifar7.runs.people import Person
from cifar7.sweeps.attempt import Attempt, Member
from cifar7.sweeps.executors import Executor
from cifar7.sweeps.final_test import FinalTest
from cifar7.sweeps.folder import MARK, SweepFolder
from cifar7.sweeps.knobs import SweepError, Value
from cifar7.sweeps.outcome import Trial, ranked
from cifar7.sweeps.record import read_trial, to_dict
from cifar7.sweeps.study import OUTCOME, Study

MOST_LEFT_OUT = 50  # in a row, after which the sampler finds nothing more
WRITTEN_SECONDS = 1.0  # at most, between two writings of how it stands


class Drive:
    """One sweep that goes on. Raises on being made what its definition, damaged or outdated, raises."""

    def __init__(self, folder: SweepFolder, executor: Executor) -> None:
        self.folder, self._executor = folder, executor
        self.definition = folder.definition()
        self.status = folder.status()
        self._person = Person(self.status["by"], self.status["by_name"], self.status["teacher"])
        self._study = Study(folder.path, self.definition)
        self._combinations = list(self.definition.grid()) if self.definition.sampler == "grid" else []
        self._asked: list[optuna.Trial] = []  # for each of `active`
        self.active: list[Attempt] = []
        self._told = [self._of_journal(trial.user_attrs.get(OUTCOME)) for trial in self._study.told]
        self._mend_record()
        self._mine = self._runs_of_this()
        self._to_resume: list[RunFolder] = []
        self._final_test = FinalTest(folder.runs_dir, executor)
        self._since, self._next_write = time.monotonic(), 0.0
        self._waits = ""  # why it does not go on

    def step(self) -> bool:
        """Look once; whether it goes on. Raises OSError where it cannot write, UserError for what ends it."""
        ask = self.folder.asked()
        if ask is not None:
            return self._halt(ask)
        self._resume()
        for attempt in self.active:
            attempt.look(self._executor.stop, self._executor.resume)
        self._tell()
        self._begin()
        self._submit()
        self._executor.tend()
        if not self.active and not self._more():
            return self._conclude()
        self._write()
        return True

    def close(self) -> None:
        """Let go of it; its runs go on by themselves."""
        self._executor.close()

    # What is next ...

    def _more(self) -> bool:
        """Whether another trial is to begin."""
        if self.definition.minutes and self._worked() >= 60 * self.definition.minutes:
            return False
        if self.definition.sampler == "grid":
            begun = len(self._told) + len(self.active)
            return begun < len(self._combinations) and self._tried() < (self.definition.trials or begun + 1)
        return self._tried() < self.definition.trials and not self._exhausted()

    def _tried(self) -> int:
        trained = sum(not trial.obstacle for trial in self._told)
        return trained + sum(not attempt.obstacle for attempt in self.active)

    def _exhausted(self) -> bool:
        last = self._told[-MOST_LEFT_OUT:]
        return len(last) == MOST_LEFT_OUT and all(trial.obstacle for trial in last)

    def _begin(self) -> None:
        while len(self.active) < self.definition.at_once and self._more():
            number = len(self._told) + len(self.active)
            given = self._combinations[number] if self._combinations else None
            asked = self._study.ask(number, given)
            values: dict[str, Value] = given or dict(asked.params)
            attempt = self._attempt(number, values, asked)
            self.active.append(attempt)
            self._asked.append(asked)
            self._take_up(attempt)
            self._tell()  # what cannot be is told at once, where it is its turn

    def _attempt(self, number: int, values: dict[str, Value], asked: optuna.Trial) -> Attempt:
        obstacle, spec = "", self.definition.spec
        try:
            spec, _ = self.definition.run(values, 0)
            obstacle = self.definition.obstacle(values) or self._twin(values)
        except UserError as error:
            obstacle = str(error)
        seeds = [self.definition.config.seed + repeat for repeat in range(self.definition.seeds)]
        members = [] if obstacle else [Member(seed, self._mine.get((number, seed))) for seed in seeds]

        def judge(accuracy: float, epoch: int) -> bool:
            asked.report(accuracy, epoch)
            return asked.should_prune()

        rule = judge if self.definition.stop != "none" else None
        return Attempt(number, values, spec, self.definition.config.epochs, members, rule, obstacle)

    def _twin(self, values: dict[str, Value]) -> str:
        """Values that were tried already are not tried again: seeds repeat them."""
        tried: list[Attempt | Trial] = [*self._told, *self.active]
        for one in tried:
            if not one.obstacle and dict(one.values) == values:
                return f"the same as trial {one.number + 1}"
        return ""

    def _take_up(self, attempt: Attempt) -> None:
        """Runs of it that a pause, a stop or a death has left go on, unless it was found hopeless."""
        attempt.look(self._executor.stop, self._executor.resume)
        for member in attempt.members:
            unfinished = attempt.stopped_at is None and not member.complete(attempt.planned)
            if member.run and unfinished and member.run.reconcile()["state"] in ("paused", "stopped"):
                self._to_resume.append(member.run)

    def _resume(self) -> None:
        while self._to_resume:
            try:
                self._executor.resume(self._to_resume[0])
            except LimitError as error:  # others wait too: at a later look, then
                self._wait(error)
                return
            self._to_resume.pop(0)

    # ... and that it is trained

    def _submit(self) -> None:
        room = self._executor.room() - sum(len(attempt.going_on()) for attempt in self.active)
        for attempt in self.active:
            for member in attempt.wanted()[: max(0, room)]:
                try:
                    member.run = self._make(attempt, member)
                except LimitError as error:
                    self._wait(error)
                    return
                except UserError as error:
                    attempt.give_up(str(error))
                    break
                room -= 1
                self._wait("")

    def _wait(self, why: LimitError | str) -> None:
        """Say why it does not go on; "" once it does."""
        self._waits = str(why)

    def _make(self, attempt: Attempt, member: Member) -> RunFolder:
        spec, config = self.definition.run(attempt.values, 0)
        part = {
            "sweep": self.folder.id, "trial": attempt.number, "seed": member.seed, "values": attempt.values
        }  # fmt: skip
        named = _named(spec, attempt.number)
        return self._executor.submit(
            named, replace(config, seed=member.seed), self.definition.data, self._person, {MARK: part}
        )

    # What has come of it

    def _tell(self) -> None:
        """Tell the trials that are done, in their order."""
        while self.active and not self._to_resume and self.active[0].done():
            attempt, asked = self.active.pop(0), self._asked.pop(0)
            trial = attempt.trial()
            outcome = plain(to_dict(trial))
            if attempt.obstacle or attempt.trouble:
                self._study.tell(asked, TrialState.FAIL, None, outcome)
            elif attempt.stopped_at is not None:
                self._study.tell(asked, TrialState.PRUNED, None, outcome)
            else:
                self._study.tell(asked, TrialState.COMPLETE, trial.heldout, outcome)
            self._told.append(trial)
            self._append(outcome)
            self._write(now=True)

    @staticmethod
    def _of_journal(outcome: Any) -> Trial:
        trial = read_trial(outcome)
        if trial is None:
            raise SweepError("the journal holds a trial that is none of this sweep; start another sweep")
        return trial

    def _mend_record(self) -> None:
        """A driver that died between the journal and the record has left the last trial out of the latter."""
        for trial in self._told[len(self.folder.trials()[0]) :]:
            self._append(plain(to_dict(trial)))

    def _append(self, outcome: dict[str, Any]) -> None:
        line = json.dumps(outcome, ensure_ascii=False, separators=(",", ":"))
        append_line(self.folder.path / "trials.jsonl", line.encode() + b"\n")

    def _runs_of_this(self) -> dict[tuple[int, int], RunFolder]:
        """The runs that a driver before this one made for trials that were not told, by trial and seed."""
        return {
            (part["trial"], part["seed"]): run
            for run, part in self.folder.runs()
            if part["trial"] >= len(self._told)
        }

    # How it ends

    def _halt(self, ask: str) -> bool:
        """Have its runs pause or stop; whether one of them is still at it."""
        working = False
        members = [member.run for attempt in self.active for member in attempt.members]
        for run in {run.id: run for run in (*self._mine.values(), *members) if run}.values():
            with suppress(RunError):  # deleted, or damaged
                state = run.reconcile()["state"]
                working |= state == "running"
                if state == "queued" or (state == "running" and run.requested() is None):
                    (self._executor.pause if ask == "pause" else self._executor.stop)(run)
        if working:
            self._executor.tend()
            return True
        (self.folder.path / "control.json").unlink(missing_ok=True)
        return self._end("paused" if ask == "pause" else "stopped")

    def _conclude(self) -> bool:
        """Have the winner tested, and end; whether it is not there yet."""
        best = next(iter(ranked(self._told)), None)
        if best is None:
            return self._end("finished", self._why("No trial was trained to its end."))
        self.status["winner"] = best.number
        try:
            waits = self._final_test.step(best)
        except LimitError as error:
            self._wait(error)
            waits = True
        self.status["tests"] = self._final_test.accuracies
        if waits:
            self._executor.tend()
            self._write()
            return True
        return self._end("finished", self._why(""))

    def _why(self, reason: str) -> str:
        """Why it ended before its plan did."""
        if self.definition.sampler != "grid" and self._exhausted():
            return f"The last {MOST_LEFT_OUT} proposals could not be, or had been tried."
        if self.definition.minutes and len(self._told) < self.definition.planned and not self._more():
            return f"Its {self.definition.minutes:g} minutes were over."
        return reason

    def _end(self, state: str, reason: str = "") -> bool:
        self._write(now=True, state=state, reason=reason, ended=time.time())
        return False

    def _worked(self) -> float:
        return self.status["worked"] + time.monotonic() - self._since

    def _write(self, now: bool = False, **changes: Any) -> None:
        reason = changes.setdefault("reason", self._executor.obstacle() or self._waits)
        if not now and reason == self.status["reason"] and time.monotonic() < self._next_write:
            return
        worked, self._since = self._worked(), time.monotonic()
        active = [
            {
                "trial": attempt.number,
                "values": attempt.values,
                "runs": [member.run.id for member in attempt.members if member.run],
            }
            for attempt in self.active
            if not attempt.obstacle
        ]
        tried = sum(not trial.obstacle for trial in self._told)
        counts = {"tried": tried, "left_out": len(self._told) - tried, "active": active}
        self.status = self.folder.update(self.status, worked=worked, **counts, **changes)
        self._next_write = time.monotonic() + WRITTEN_SECONDS


def _named(spec: NetSpec, number: int) -> NetSpec:
    """The design of a trial by a name that tells it from the others."""
    tail = f" · trial {number + 1}"
    return replace(spec, name=spec.name[: 60 - len(tail)] + tail)
