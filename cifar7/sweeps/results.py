"""What there is of a sweep at this moment: the trials that have ended, with the test of the winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import Standing, SweepFolder
from cifar7.sweeps.outcome import Trial, judgements
from cifar7.sweeps.record import to_dict
from cifar7.sweeps.words import Report, report


def results(sweep: SweepFolder) -> list[Trial]:
    """The trials that have ended, in their order. Raises as `SweepFolder.status`."""
    return tested(sweep.trials()[0], sweep.status())


def tested(trials: list[Trial], status: Standing) -> list[Trial]:
    """The same trials, with the test accuracies there are: those of the winner's runs."""
    if not status["tests"]:
        return trials
    return [
        replace(
            trial,
            repeats=tuple(
                replace(repeat, test=status["tests"].get(repeat.run, repeat.test)) for repeat in trial.repeats
            ),
        )
        if trial.number == status["winner"]
        else trial
        for trial in trials
    ]


def summary(definition: Definition, trials: Sequence[Trial]) -> Report:
    """What they say, of all classes and of each group of them."""
    return report(definition, trials, judgements(definition.data))


def to_json(sweep: SweepFolder) -> dict[str, Any]:
    """Everything, as plain data. Raises as `SweepFolder.definition` and `status`."""
    status, definition = sweep.status(), sweep.definition()
    trials = tested(sweep.trials()[0], status)
    own = {name: value for name, value in status.items() if name not in ("by", "by_name", "teacher")}
    return {
        "sweep": sweep.id,
        **own,
        "definition": definition.to_dict(),
        "trials": [to_dict(trial) for trial in trials],
        "report": summary(definition, trials).to_dict(),
    }
