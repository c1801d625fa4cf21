"""Carry out one learning-rate test, from its folder to its folder."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from cifar7.errors import UserError
from cifar7.network.problems import check
from cifar7.runs.execute import Asked, OpenImages
from cifar7.runs.finds import Taken
from cifar7.runs.folder import RunError
from cifar7.training.errors import DeviceStateError

log = logging.getLogger(__name__)


class _Stopped(Exception):  # noqa: N818 - nothing is wrong
    """Somebody wants the test to end; the words say who."""


def execute_find(
    taken: Taken, open_images: OpenImages, *, device: str = "auto", asked: Asked = lambda: None
) -> None:
    """Carry out the test and bring it to its end, whatever happens; after that, a DeviceStateError is raised.

    `device` takes the place of "auto"; `asked` tells why the process itself wants to stop.
    """
    try:
        _test(taken, open_images, device, asked)
    except _Stopped as stop:
        _end(taken, "stopped", str(stop))
    except UserError as error:
        _end(taken, "failed", str(error))
        if isinstance(error, DeviceStateError):
            raise
    except Exception as error:
        log.exception("the learning-rate test %s failed", taken.find.id)
        _end(taken, "failed", _unexpected(error))
    finally:
        taken.release()


def _test(taken: Taken, open_images: OpenImages, device: str, asked: Asked) -> None:
    who_stops = _WhoStops(taken, asked)

    def preparing(what: str, done: int, total: int) -> None:
        if who_stops():
            raise _Stopped(f"{who_stops.words}, while the images were being prepared.")
        taken.report(0, 0, f"{what}: {100 * done // total} %" if total else what)

    request = taken.find.request()
    check(request.spec)
    config = replace(request.config, device=device) if request.config.device == "auto" else request.config
    images = open_images(request.data, preparing)
    if request.spec.classes != len(images.classes):
        raise RunError(
            f"the design puts out {request.spec.classes} classes and {images.title} has "
            f"{len(images.classes)}; give the design {len(images.classes)} classes."
        )

    from cifar7.network.module import build
    from cifar7.training.lr_finder import find, range_test, steps_of

    began, points, steps = time.perf_counter(), [], steps_of(config)
    module = build(request.spec, seed=config.seed)
    for point in range_test(module, images, config, control=who_stops):
        points.append(point)
        taken.report(len(points), steps)
    if who_stops.words:
        raise _Stopped(f"{who_stops.words}, after {len(points)} of {steps} steps.")
    taken.done({**find(points).to_dict(), "seconds": time.perf_counter() - began})


class _WhoStops:
    """Asked before every step: "stop" where somebody wants that, and from then on who, in words."""

    def __init__(self, taken: Taken, asked: Asked) -> None:
        self._taken, self._asked = taken, asked
        self.words: str | None = None

    def __call__(self) -> str | None:
        self.words = "Stopped as asked" if self._taken.find.stop_asked() else self._asked()
        return "stop" if self.words else None


def _unexpected(error: Exception) -> str:
    try:
        from cifar7.training.errors import is_out_of_memory
    except ImportError:
        return "A library cannot be loaded; install the requirements and test again."
    if is_out_of_memory(error):
        return "The memory is not enough for this design and batch size; choose a smaller batch, or network."
    return f"Something unexpected happened ({type(error).__name__}); the worker's log tells more."


def _end(taken: Taken, state: str, reason: str) -> None:
    try:
        taken.end("stopped" if state == "stopped" else "failed", reason)
    except (OSError, UserError):  # the folder was removed, or the disk is full: released, it shows as failed
        log.exception("the end of the test %s could not be written", taken.find.id)
