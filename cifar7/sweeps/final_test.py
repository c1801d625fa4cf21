"""The test images are read for the winner of a sweep and for no other trial, so that its score is honest."""

from __future__ import annotations

from pathlib import Path

from cifar7.runs.directory import RunError
from cifar7.runs.folder import ENDED, RunFolder
from cifar7.runs.limits import LimitError
from cifar7.sweeps.executors import Executor
from cifar7.sweeps.outcome import Trial
from cifar7.training.events import Finished


class FinalTest:
    """Has the runs of the winner tested."""

    def __init__(self, runs_dir: Path, executor: Executor) -> None:
        self._runs_dir, self._executor = runs_dir, executor
        self._asked: set[str] = set()
        self.accuracies: dict[str, float] = {}  # 0..1, by the ids of the runs

    def step(self, best: Trial) -> bool:
        """Look once; whether a test is still to come. LimitError where one cannot be asked for now."""
        waits = False
        for repeat in best.repeats:
            try:
                waits |= self._test(RunFolder(self._runs_dir / repeat.run))
            except LimitError:
                raise
            except RunError:  # deleted, damaged, or nothing to test
                continue
        return waits

    def _test(self, run: RunFolder) -> bool:
        status = run.reconcile()
        if result := Finished.from_dict(status["result"]):
            self.accuracies[run.id] = result.test_accuracy
            return False
        if status["state"] not in ENDED:
            return True
        if run.id in self._asked:
            return False  # somebody stopped it
        self._executor.test(run)
        self._asked.add(run.id)
        return True
