"""When the host looks at what the device has done."""

from __future__ import annotations

from time import perf_counter

_FIRST = 8  # steps before the speed is known


class Rhythm:
    """A look about every `seconds`, and after the first step.

    With `queued`, on a device that is only told what to do and does it later (CUDA, mps), the host may be
    many steps ahead, and a look waits for all of them: large networks would be watched and stopped late.
    There a look is due also after as many steps as the last speed puts into `seconds`, at most twice as many
    as before.
    """

    def __init__(self, seconds: float, queued: bool) -> None:
        self._seconds, self._queued = seconds, queued
        self._most = _FIRST
        self._began = 0.0
        self.step = 0  # of the last look

    def start(self, step: int) -> None:
        """Count from here, after `step` steps."""
        self._began, self.step = perf_counter(), step

    def leave_out(self, seconds: float) -> None:
        """Of the time since the last look, so much was spent otherwise."""
        self._began += seconds

    def due(self, step: int) -> bool:
        """Whether to look after `step` steps."""
        if step == 1 or (self._queued and step - self.step >= self._most):
            return True
        return perf_counter() - self._began >= self._seconds

    def look(self, step: int) -> tuple[int, float]:
        """Steps and seconds since the last look, which ends here: the device has done all it was told."""
        steps, seconds = step - self.step, perf_counter() - self._began
        if steps > 0 and seconds > 0:
            self._most = max(1, min(2 * self._most, int(self._seconds * steps / seconds)))
        self.start(step)
        return steps, seconds
