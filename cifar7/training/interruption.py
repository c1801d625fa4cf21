"""Asking whether to go on while the network is at work: between two layers, in training and in evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

Control = Callable[[], str | None]
ANSWERS = ("stop", "pause", "test", "end")


class Interrupted(Exception):  # noqa: N818 - nothing is wrong
    """What `control` asked for within a step or an evaluation; who calls puts back what was changed."""

    def __init__(self, request: str) -> None:
        super().__init__(request)
        self.request = request


class Watch:
    """Asks `control` before every batch, and in between at most every `ask_seconds`.

    Between two layers it can ask on a CPU only, where a layer has done its work when it returns. On other
    devices work is queued: there it asks between the batches of an evaluation, when the device is done.

    After `allow`, it is the time that decides: what is still going on `seconds` later is interrupted.
    """

    def __init__(self, control: Control, ask_seconds: float, device: torch.device) -> None:
        self._control, self._ask_seconds, self._device = control, ask_seconds, device
        self._asked = perf_counter()
        self.waited = 0.0  # seconds between the last question and the one before: as long, a request waited
        self._deadline: float | None = None

    def ask(self) -> str | None:
        """What is asked for now: None to go on."""
        self.waited, self._asked = perf_counter() - self._asked, perf_counter()
        request = self._control()
        if request is not None and request not in ANSWERS:
            raise ValueError(f"control returns None or one of {', '.join(ANSWERS)}, not {request!r}")
        return request

    def allow(self, seconds: float) -> None:
        """From now on only the time, or "end", interrupts; `seconds` may be infinite."""
        self._deadline = perf_counter() + seconds

    def check(self, *_: Any) -> None:
        """Raise Interrupted where something else than to go on is asked for."""
        now = perf_counter()
        if self._deadline is not None and now >= self._deadline:
            raise Interrupted("end")
        if now - self._asked < self._ask_seconds:
            return
        request = self.ask()
        if request == "end" or (request in ("stop", "pause") and self._deadline is None):
            raise Interrupted(request)

    def between_batches(self) -> None:
        """`check`, of an evaluation: once the device has done what was queued."""
        if self._device.type != "cpu":
            torch.get_device_module(self._device).synchronize()
        self.check()

    @contextmanager
    def between_layers(self, *modules: nn.Module) -> Iterator[None]:
        """While it lasts, `check` stands between the layers of these modules, forward and backward."""
        leaves = [m for module in modules for m in module.modules() if not any(m.children())]
        handles = [leaf.register_forward_hook(self._done) for leaf in leaves if self._device.type == "cpu"]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _done(self, layer: nn.Module, given: Any, output: Tensor) -> None:
        """A layer has put out its map; its hook is called again when the map's gradient is known."""
        self.check()
        if output.requires_grad:
            output.register_hook(self.check)
