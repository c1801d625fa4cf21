"""A run on a node: as any worker carries it out, in a folder of its own, told to the driver as it goes on.

The node needs neither the data nor the folder of runs: both come with the task.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from filelock import FileLock

from cifar7.data.imageset import ImageSet
from cifar7.runs.claim import Claim, claim
from cifar7.runs.execute import execute
from cifar7.runs.files import replace_json, try_lock
from cifar7.runs.folder import RunFolder
from cifar7.sweeps.cluster.post import FILES, Given, Message
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import Beat, EpochEnd, Event

PREFIX, ALIVE = "cifar7-run-", "alive.lock"  # a folder of a run on a node, and what its process locks
YOUNG_SECONDS = 60.0
EXCHANGE_SECONDS = 0.5  # between two messages; what is asked comes with the answers

Exchange = Callable[[Message], "str | None"]


def work(flight: str, box: Any, given: Given, images: ImageSet) -> None:
    """The task: carry out the run and tell the box."""
    import ray

    def exchange(message: Message) -> str | None:
        return ray.get(box.exchange.remote(flight, message))

    node = ray.get_runtime_context().get_node_id()
    remove_left_over(Path(gettempdir()))
    with TemporaryDirectory(prefix=PREFIX) as place, FileLock(Path(place) / ALIVE):
        trustworthy = carry_out(lay_out(Path(place), given), images, exchange, node)
    if not trustworthy:
        os._exit(1)  # this process should train no more, and Ray would give it the next run


def remove_left_over(folder: Path) -> None:
    """Remove the folders of processes that were killed; a living one keeps its lock.

    One that has just begun may not hold it yet: what is younger than YOUNG_SECONDS stays.
    """
    old = time.time() - YOUNG_SECONDS
    for path in folder.glob(f"{PREFIX}*/{ALIVE}"):
        with suppress(OSError):  # somebody else's, or removed this moment
            mine = not path.parent.is_symlink() and path.parent.stat().st_uid == os.getuid()
            if mine and path.stat().st_mtime < old and (lock := try_lock(path)):
                lock.release()
                shutil.rmtree(path.parent, ignore_errors=True)


def lay_out(place: Path, given: Given) -> RunFolder:
    """A queued run, as far as it had come."""
    run = RunFolder(place / given.run_id)
    run.path.mkdir()
    replace_json(run.path / "spec.json", given.spec)
    replace_json(run.path / "config.json", given.config)
    replace_json(run.path / "status.json", given.status)
    if given.checkpoint is not None:
        (run.path / "checkpoint.pt").write_bytes(given.checkpoint)
    return run


def carry_out(run: RunFolder, images: ImageSet, exchange: Exchange, node: str) -> bool:
    """Execute the run to its end; whether this process can be trusted with another one."""
    claimed = claim(run)
    link = _Link(claimed, exchange, node)
    trustworthy = True
    with link:
        try:
            execute(claimed, lambda *_: images, stop_reason=link.lost, listen=link.listen)
        except DeviceStateError:
            trustworthy = False
    link.send(files=True, end=True)
    return trustworthy


class _Link:
    """Sends what comes of the run, now and then and at the ends of epochs, and passes on what is asked."""

    def __init__(self, claimed: Claim, exchange: Exchange, node: str) -> None:
        self._claim, self._exchange, self._node = claimed, exchange, node
        self._events: list[dict[str, Any]] = []
        self._beat: dict[str, Any] | None = None  # the newest one that was not sent
        self._sent: dict[str, tuple[int, ...]] = {}  # marks of the files
        if (checkpoint := _mark(claimed.run.path / "checkpoint.pt")) is not None:
            self._sent["checkpoint.pt"] = checkpoint  # came from there
        self._guard = threading.Lock()  # of what waits to be sent: the training does not wait for an exchange
        self._sending = threading.Lock()  # one message at a time, in the order of what is in them
        self._ended = threading.Event()
        self._lost: str | None = None
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> _Link:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def lost(self) -> str | None:
        """Why nobody listens any more: the run stops then."""
        return self._lost

    def listen(self, event: Event) -> None:
        """Note an event; at an epoch's end with a new checkpoint, send both.

        Only here, where the run stands still, record and checkpoint are of the same moment.
        """
        with self._guard:
            if isinstance(event, Beat):
                self._beat = event.to_dict()
                return
            self._beat = None  # what came before
            self._events.append(event.to_dict())
        path = self._claim.run.path / "checkpoint.pt"
        if isinstance(event, EpochEnd) and _mark(path) != self._sent.get("checkpoint.pt"):
            self.send(files=True)

    def send(self, files: bool = False, end: bool = False) -> None:
        """Send what has come, and do what is asked in return."""
        with self._sending:
            with self._guard:
                status = self._claim.status
                beat = [self._beat] if self._beat and not end else []
                message = Message(
                    node=self._node,
                    events=self._events + beat,
                    files=self._changed() if files else {},
                    phase=status["phase"],
                    preparing=status["preparing"],
                    end={**status} if end else None,
                )
                self._node, self._events, self._beat = "", [], None
            self._obey(self._exchange(message))

    def _go_on(self) -> None:
        try:
            self.send()
            while not self._ended.wait(EXCHANGE_SECONDS):
                self.send()
        except Exception as error:  # the box is gone, and so is its driver
            self._lost = f"Stopped as the sweep's driver cannot be reached ({type(error).__name__})"

    def _obey(self, ask: str | None) -> None:
        run = self._claim.run
        if ask is not None and ask != run.requested():
            with suppress(OSError):  # asked again next time
                replace_json(run.path / "control.json", {"ask": ask, "at": time.time()})

    def _changed(self) -> dict[str, bytes]:
        """The files that are new since they were sent."""
        changed = {}
        for name in FILES:
            path = self._claim.run.path / name
            if (mark := _mark(path)) is not None and mark != self._sent.get(name):
                changed[name] = path.read_bytes()
                self._sent[name] = mark
        return changed


def _mark(path: Path) -> tuple[int, ...] | None:
    """Tells one file by a name from the next one; None where there is none."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None
