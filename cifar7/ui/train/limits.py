"""The limits in force for who is at the page."""

from __future__ import annotations

from contextlib import suppress

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs import expected
from cifar7.runs.limits import Limits
from cifar7.training.config import OPTIONS, TrainConfig
from cifar7.ui.shell import person


def check(spec: NetSpec, config: TrainConfig, data_name: str) -> None:
    """Raises LimitError where this could not be started, or the file of limits is not right.

    BudgetError where it would take more than there is.
    """
    limits, me = Limits.load(), person.person()
    limits.check_epochs(config.epochs, me)
    limits.check_parameters(analyse(spec).parameters, me)
    expected.check(paths.runs_dir(), spec, config, data_name, "training", limits, me)


def most_epochs() -> int:
    """How many epochs a run may have."""
    if person.person().teacher:
        return int(OPTIONS["epochs"].high)
    with suppress(UserError):  # a file that is not right: `check` says so, and nothing starts
        return Limits.load().epochs
    return Limits().epochs
