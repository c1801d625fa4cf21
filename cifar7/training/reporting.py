"""When the host looks at what the device has done, and reports it."""

from __future__ import annotations

from time import perf_counter

_FIRST = 8  # steps before the speed is known


class ReportTimer:
    """A report about every `seconds`, and one after the first step.

    With `queued`, on a device that works off what the host has queued (CUDA, mps), the host may be many steps
    ahead, and a report waits for all of them: large networks would be watched and stopped late. There a
    report is due also after as many steps as the last speed puts into `seconds`, at most twice as many as
    before.
    """

    def __init__(self, seconds: float, queued: bool) -> None:
        self._seconds, self._queued = seconds, queued
        self._max_steps = _FIRST
        self._began = 0.0
        self.step = 0  # steps done at the last report

    def start(self, step: int) -> None:
        """Count from here, after `step` steps."""
        self._began, self.step = perf_counter(), step

    def exclude(self, seconds: float) -> None:
        """Leave `seconds` out of the time since the last report: they were not spent on steps."""
        self._began += seconds

    def due(self, step: int) -> bool:
        """Whether to report after `step` steps."""
        if step == 1 or (self._queued and step - self.step >= self._max_steps):
            return True
        return perf_counter() - self._began >= self._seconds

    def lap(self, step: int) -> tuple[int, float]:
        """Steps and seconds since the last report, which ends here. Call it when the device is done."""
        steps, seconds = step - self.step, perf_counter() - self._began
        if steps > 0 and seconds > 0:
            self._max_steps = max(1, min(2 * self._max_steps, int(self._seconds * steps / seconds)))
        self.start(step)
        return steps, seconds
