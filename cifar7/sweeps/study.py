"""The sampler, the pruner and the journal of a sweep: Optuna's, all of them.

Every trial is asked of a study of its own in memory, which knows the trials that were told before it could
begin, and nothing of those that may go on beside it. So what is proposed and what is stopped early follows
from the sweep's seed and the order of the trials alone, however fast which of them was: killed and begun
again, or on another machine, it is the same. The journal holds what was told, for Optuna's dashboard too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from cifar7.sweeps.axes import Axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Value

JOURNAL = "journal.log"
OUTCOME = "outcome"  # the attribute of a trial that holds what came of it
# Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020: of the trials that have come
# so far the best third goes on after a ninth of the epochs, and again after a third; after one at least.
REDUCTION = 3
# Golovin et al., "Google Vizier", KDD 2017: below the median of the others' best at the same epoch it ends.
MEDIAN_AFTER = 4  # trials that are trained to their end first

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Study:
    """The record of a sweep's trials, and who proposes the next. For one process at a time."""

    def __init__(self, folder: Path, definition: Definition) -> None:
        self._definition = definition
        self._distributions = {axis.name: distribution(axis) for axis in definition.axes}
        journal = folder / JOURNAL
        cut_torn_line(journal)
        for left in folder.glob(f"{JOURNAL}.lock*"):  # of a process that died; there is no second one
            left.unlink(missing_ok=True)
        storage = JournalStorage(JournalFileBackend(str(journal)))
        self._journal = optuna.create_study(
            storage=storage, study_name=folder.name, direction="maximize", load_if_exists=True
        )
        self.told: list[FrozenTrial] = self._journal.get_trials(deepcopy=False)

    def ask(self, number: int, values: Mapping[str, Value] | None = None) -> optuna.Trial:
        """Trial `number`, which learns from all but the `at_once` - 1 before it; of a grid, its `values`."""
        study = optuna.create_study(
            direction="maximize",
            sampler=sampler(self._definition.sampler, self._definition.seed + number),
            pruner=pruner(self._definition.stop, self._definition.config.epochs),
        )
        if self._definition.sampler == "tpe" or self._definition.stop != "none":  # else nothing is learnt
            study.add_trials(self.told[: max(0, number + 1 - self._definition.at_once)])
        if values is not None:
            study.enqueue_trial(dict(values))
        return study.ask(self._distributions)

    def tell(
        self, trial: optuna.Trial, state: TrialState, value: float | None, outcome: dict[str, Any]
    ) -> None:
        """Record what came of a trial; all before it were told. It is in the journal when this returns."""
        trial.set_user_attr(OUTCOME, outcome)
        told = trial.study.tell(trial, value, state)
        self._journal.add_trial(told)
        self.told.append(told)


def sampler(name: str, seed: int) -> BaseSampler:
    """The sampler of this name; of a grid, whose values are given, any will do."""
    return TPESampler(seed=seed) if name == "tpe" else RandomSampler(seed=seed)


def pruner(name: str, epochs: int) -> BasePruner:
    """The rule that stops the hopeless among runs of so many epochs."""
    if name == "asha":
        first = max(1, epochs // REDUCTION**2)
        return SuccessiveHalvingPruner(min_resource=first, reduction_factor=REDUCTION)
    if name == "median":
        return MedianPruner(n_startup_trials=MEDIAN_AFTER)
    return NopPruner()


def distribution(axis: Axis) -> BaseDistribution:
    """What an axis is to a sampler."""
    if axis.values:
        return CategoricalDistribution(axis.values)
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def cut_torn_line(path: Path) -> None:
    """Take away the last line of a record whose writer was killed in it: Optuna cannot read on beyond it."""
    try:
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    except FileNotFoundError:
        return
