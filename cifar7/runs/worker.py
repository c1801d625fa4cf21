"""The process that trains: `python -m cifar7.runs.worker RUNS_DIR [--device D]`.

It takes queued runs of every kind one after the other, keeps libraries and data loaded, and ends when it was
idle for long, when its folder of runs is gone, or on SIGTERM, which stops a run at its next batch. Where its
device is no longer sound, a fresh process takes its place.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cifar7 import machine, paths
from cifar7.data import library
from cifar7.data.imageset import ImageSet, Progress
from cifar7.runs import children
from cifar7.runs.claim import Claim
from cifar7.runs.directory import RunError
from cifar7.runs.execute import execute
from cifar7.runs.files import try_lock
from cifar7.runs.kept.cleaning import clean, old_caches
from cifar7.runs.queue import IDLE_MINUTES, claim_next, line, reconcile, remove_abandoned, worker_lock
from cifar7.runs.reasons import WORKER_ENDS, remains
from cifar7.runs.workers.manners import leave_the_cpu, leave_the_memory
from cifar7.runs.workers.published import MOST_LOST, Published, publish, read
from cifar7.runs.workers.soundness import lost
from cifar7.training.config import ConfigError, is_device
from cifar7.training.errors import DeviceStateError

if TYPE_CHECKING:  # torch is loaded only once there is something to train
    import torch

LOOK_SECONDS = 0.05  # between two looks at the folder's time of change
ORPHAN_SECONDS = 60.0
SCAN_SECONDS = 2.0  # between two readings of the whole queue when that time did not change

log = logging.getLogger("cifar7.worker")


class Worker:
    """One worker: its folder, its device, and the signal to end."""

    def __init__(self, runs_dir: Path, device: str, data_dir: Path, idle_minutes: float) -> None:
        self.runs_dir, self.device, self.idle_minutes = runs_dir, device, idle_minutes
        self.trains_on = device  # what runs get that name none
        self.data_dir = data_dir
        self.images: ImageSet | None = None  # of the last run: the next one mostly needs them again
        self.ending = False
        self.lost = False  # the device: nothing more can be done with it in this process
        self.parent = os.getppid()
        self.idle_since = time.monotonic()
        self.scanned = 0.0  # when the queue was last read
        self.last_change = -1  # the folder's time of change then
        self.prepared = False
        self.on_cpu = False
        self.accelerator: torch.device | None = None  # that runs which name no device are trained on
        self.fault: DeviceStateError | None = None  # met while it was woken
        self.has_worked = False  # whether a run has been carried out

    @property
    def patience(self) -> float:
        """Seconds to wait for work: less when its parent process is gone, as after Ctrl-C at the server."""
        seconds = 60 * self.idle_minutes
        return seconds if os.getppid() == self.parent else min(seconds, ORPHAN_SECONDS)

    def serve(self) -> None:
        """Hold the worker's lock and execute runs until there is a reason to end."""
        lock_path = worker_lock(self.runs_dir, self.device)
        lock = try_lock(lock_path, timeout=2.0)  # the process that started us may hold it for a moment
        if lock is None:
            log.info("another worker serves %s", self.device)
            return
        inode = lock_path.stat().st_ino
        log.info("pid %d serves %s", os.getpid(), self.device)
        reconcile(self.runs_dir)
        while not (self.ending or self.lost) and _inode(lock_path) == inode:
            self._look()
        log.info("ending")
        lock.release()

    @property
    def goes_on(self) -> bool:
        """Whether a fresh process is to take the place of this one, which has ended for its device.

        Not for ever: after some in a row that could do nothing, or where they cannot be counted, the next is
        started by whoever looks.
        """
        if not self.lost or self.ending or not line(self.runs_dir):
            return False
        count = read(worker_lock(self.runs_dir, self.device)).lost
        if count >= MOST_LOST:
            log.error("%d workers in a row lost their device: the next one starts when somebody looks", count)
        return 0 < count < MOST_LOST

    def _look(self) -> None:
        """Serve the queue once, whatever happens."""
        try:
            self._serve_once()
        except DeviceStateError as error:  # the next run could not trust this process
            log.warning("ending, for a fresh process to go on: %s", error)
            self.lost = True
            self._tell(lost=self._told().lost + 1, trouble=str(error))
        except (OSError, RunError):  # a full disk, a lock held for long, the folder removed: look again
            log.exception("the queue cannot be served; trying again")
            time.sleep(1.0)

    def _serve_once(self) -> None:
        """Carry out the next run, if the queue may have changed and there is one."""
        changed = self.runs_dir.stat().st_mtime_ns
        now = time.monotonic()
        if changed == self.last_change and now - self.scanned < SCAN_SECONDS:
            time.sleep(LOOK_SECONDS)
            if now - self.idle_since > self.patience:
                log.info("idle for %g s: good night", self.patience)
                self.ending = True
            return
        self.last_change, self.scanned = changed, now
        if self._execute_next():
            self._make_ready()
            self.last_change, self.idle_since = -1, time.monotonic()
        elif not self.prepared:
            self._prepare()
            if self.on_cpu:
                leave_the_cpu()
            if self.fault:
                raise self.fault

    def _execute_next(self) -> bool:
        remove_abandoned(self.runs_dir)
        if line(self.runs_dir) and (self.has_worked or self._told().lost < MOST_LOST):
            self._check()  # the machine may have slept. In the end, a run is begun all the same, and says why
        claim = claim_next(self.runs_dir, self.device)
        if claim is None:
            return False
        # The run is claimed before torch is loaded: should that kill the process, the run shows it, and a new
        # worker does not try the same run for ever.
        log.info("run %s", claim.run.id)
        if not self.prepared and not self._prepared_for(claim):
            return True
        self.has_worked = True
        status = execute(claim, self._open_images, device=self.trains_on, stop_reason=self._stop_reason)
        log.info("run %s %s", claim.run.id, status["state"])
        return True

    def _make_ready(self) -> None:
        """Between two runs: raises DeviceStateError where the device would fail the next one."""
        self._check()
        if self.accelerator is None:
            gc.collect()  # a network, its images and gradients would lie in memory until the next run
            machine.give_back_freed_memory()
        else:
            from cifar7.training import devices

            devices.give_back(self.accelerator)
        if self._told().lost:
            self._tell(lost=0, trouble="")

    def _check(self) -> None:
        """Raises DeviceStateError where the device that was woken is no longer sound."""
        if self.accelerator is not None:
            from cifar7.training import devices

            devices.probe(self.accelerator)

    def _told(self) -> Published:
        """What this worker, or the one before it, has told of its device."""
        return read(worker_lock(self.runs_dir, self.device))

    def _tell(self, **changes: Any) -> None:
        publish(worker_lock(self.runs_dir, self.device), replace(self._told(), **changes))

    def _open_images(self, name: str, progress: Progress) -> ImageSet:
        """The library's set; the same object as last time while its content is the same. Raises DataError."""
        images, last = library.open_set(name, progress, self.data_dir), self.images
        is_same = last and (last.name, last.fingerprint) == (name, images.fingerprint)
        self.images = last if last and is_same else images
        return self.images

    def _prepared_for(self, claim: Claim) -> bool:
        """Prepare, with an eye on the run that waits for it; False if it was stopped or paused meanwhile."""
        loading = threading.Thread(target=self._prepare)
        loading.start()
        asked = None
        while asked is None and loading.is_alive():
            loading.join(LOOK_SECONDS)
            asked = "end" if self.ending else claim.run.requested()
        if asked == "pause":
            claim.pause()
        elif asked:
            why = self._stop_reason() or "Stopped as asked"
            left = remains(claim.status, claim.run.kind)
            claim.end("stopped", f"{why}, while its libraries were being loaded; {left}.")
        if asked:
            claim.release()
        loading.join()
        if self.on_cpu:
            leave_the_cpu()
        if self.fault:
            claim.lose(self.fault)  # no effect on one that has ended
            claim.release()
            raise self.fault
        return asked is None

    def _prepare(self) -> None:
        """Once: load what a run needs, so that pressing Train is felt at once."""
        if self.prepared:
            return
        self.prepared = True
        try:
            from cifar7.training import devices

            for module in ("cifar7.network.module", "cifar7.training.engine"):
                import_module(module)
            device, why_not = self._choose()
            self.on_cpu = device.type == "cpu"
            self.accelerator = None if self.on_cpu else device
            devices.wake(device)  # which takes an accelerator seconds
            words, why_not = devices.describe_device(device), why_not and machine.unused_gpu(why_not)
            self._tell(device=words, kind=device.type, why_not=why_not or "")
            for left in clean(old_caches(self.runs_dir, self.data_dir), self.data_dir):
                log.warning("a cache was not removed: %s", left)
        except Exception as error:
            log.exception("preparing failed; the next run will tell")
            self._tell(device="", kind="", why_not="")
            self.fault = lost(error, self.device)

    def _choose(self) -> tuple[torch.device, str | None]:
        """The device for runs that name none, and why it is no GPU, or another than this worker's."""
        from cifar7.training import devices

        try:
            device = devices.choose(self.device)
        except ConfigError as error:  # a GPU that does not work: runs that name it say so
            self.trains_on, device = "auto", devices.choose("auto")
            return device, devices.why_not_gpu() or str(error).rstrip(".")
        asked_for = self.device == device.type
        return device, None if asked_for or device.type != "cpu" else devices.why_not_gpu()

    def _stop_reason(self) -> str | None:
        return WORKER_ENDS if self.ending else None

    def end(self, *_: object) -> None:
        """End after the batch that is being worked on."""
        self.ending = True


def _inode(path: Path) -> int | None:
    """Which file stands there: another one than at the start means another folder by the same name."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def main(arguments: list[str] | None = None) -> int:
    """Serve one folder of runs until there is a reason to end."""
    parser = argparse.ArgumentParser(prog="python -m cifar7.runs.worker", description="Executes queued runs.")
    parser.add_argument("runs_dir", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-dir", type=Path, default=paths.data_dir())
    parser.add_argument("--idle-minutes", type=float, default=IDLE_MINUTES)
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(arguments)
    if not is_device(options.device):
        parser.error(f"there is no device {options.device!r:.20}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    worker = Worker(options.runs_dir.absolute(), options.device, options.data_dir, options.idle_minutes)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.end)
    leave_the_memory()
    worker.serve()
    if worker.goes_on:
        children.again(["-m", "cifar7.runs.worker", *arguments], os.environ)
    return 0


if __name__ == "__main__":
    sys.exit(main())
