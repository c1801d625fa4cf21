"""A run that was handed to the cluster: its folder here, which becomes what the node's is.

The driver claims the run as its node begins, and is from then on the one that executes it, for everybody who
looks at the folder. It writes through the claim, as a worker does.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from contextlib import suppress
from typing import Any

from cifar7.runs.claim import Claim, claim
from cifar7.runs.directory import RunError, hold_queue
from cifar7.runs.files import read_json, replacing
from cifar7.runs.folder import RunFolder
from cifar7.runs.reasons import after_death, remains
from cifar7.sweeps.cluster.post import FILES, Given, Message
from cifar7.training.events import Event


class Flight:
    """One handing over of one run."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.id = f"{run.id}/{secrets.token_hex(4)}"  # of two flights of a run, one is not the other
        self.task: Any = None  # Ray's reference to what it returns
        self.node = ""  # Ray's id of where it is; "" while it waits for one
        self.over = False
        self.refused = False  # over before the node says so, which may not know it
        self._status = run.status()  # with which it was handed over
        self._claim: Claim | None = None
        self._inbox: deque[Message] = deque()
        self._late_since = 0.0

    def given(self) -> Given:
        """What the node needs of the folder. Raises RunError, OSError."""
        run, path = self.run, self.run.path
        checkpoint = run.checkpoint_path()
        return Given(
            run.id,
            read_json(path / "spec.json"),
            read_json(path / "config.json"),
            {**self._status},
            checkpoint.read_bytes() if checkpoint else None,
        )

    def outdated(self) -> bool:
        """Whether it waits for a node and is not wanted any more, or not as it was handed over."""
        if self._claim or self.node:
            return False
        try:
            return self.run.status() != self._status
        except RunError:
            return True

    def asked(self) -> str | None:
        """What the node is to do; before its beginning, what lies in the folder was for the flight before."""
        return self.run.requested() if self._claim else None

    def is_late(self, seconds: float) -> bool:
        """Whether it was asked so for longer than this, counted from the first time."""
        self._late_since = self._late_since or time.monotonic()
        return time.monotonic() - self._late_since > seconds

    # What the node says

    def take(self, message: Message) -> None:
        """Put it beside those that are not in the folder yet."""
        self._inbox.append(message)

    def write(self) -> bool:
        """Put into the folder what has come; whether that is all. Raises OSError where it cannot, for now."""
        while self._inbox and not self.over:
            message = self._inbox[0]
            if message.node and not self._begin(message.node):
                self.refused = self.over = True
                break
            message.node = ""
            self._write(message)
            self._inbox.popleft()
        return not self._inbox

    def _begin(self, node: str) -> bool:
        """Claim the run, if it still waits as it did when it was handed over."""
        self.node = node
        try:
            with hold_queue(self.run.path.parent):
                if self.run.status() != self._status:
                    return False
                self._take_it()
        except RunError:  # removed, or taken by another process
            return False
        return True

    def _take_it(self) -> Claim:
        self._claim = claim(self.run)
        # Nobody here executes it: who ends a run by force is not to end the driver.
        self._claim.note(pid=None)
        return self._claim

    def _write(self, message: Message) -> None:
        assert self._claim is not None
        while message.events:
            if event := Event.from_dict(message.events[0]):
                self._claim.record(event)
            del message.events[0]
        for name in FILES:
            if name in message.files:
                with replacing(self.run.path / name, durable=True) as half:
                    half.write_bytes(message.files[name])
                del message.files[name]
        if message.end is not None:
            self._end(message.end)
        elif (message.phase, message.preparing) != (
            self._claim.status["phase"],
            self._claim.status["preparing"],
        ):
            self._claim.note(phase=message.phase, preparing=message.preparing)

    def _end(self, status: dict[str, Any]) -> None:
        assert self._claim is not None
        met = [words for words in status["notices"] if words not in self._claim.status["notices"]]
        if met:  # on the node's disk
            self._claim.note(notices=[*self._claim.status["notices"], *met])
        if status["state"] == "paused":
            self._claim.pause()
        elif status["state"] == "queued":  # its process could no longer use its device
            told = {name: status[name] for name in ("state", "deaths", "unrecorded")}
            self._claim.update(
                durable=True, **told, phase=None, preparing=None, served=time.time(),
                worked=self._claim.worked_seconds(),
            )  # fmt: skip
        else:
            self._claim.end(status["state"], status["reason"], status["result"])
        self._let_go()

    # Without the node

    def bury(self, ending: str) -> None:
        """Its process died: the run waits for another node, or has failed, as after any worker's death.

        `ending`: as of `after_death`.
        """
        with suppress(RunError), hold_queue(self.run.path.parent):  # removed meanwhile
            claimed = self._claim or self._still_waiting()
            if claimed:
                found = self.run.checkpoint_path() is not None
                changes = after_death(claimed.status, self.run.kind, found, self.run.requested(), ending)
                claimed.update(durable=True, phase=None, worked=claimed.worked_seconds(), **changes)
        self._let_go()

    def fail(self, why: str) -> None:
        """Its node could not carry it out."""
        with suppress(RunError), hold_queue(self.run.path.parent):
            claimed = self._claim or self._still_waiting()
            if claimed:
                claimed.end("failed", f"{why}; {remains(claimed.status, self.run.kind)}.")
        self._let_go()

    def leave(self, paused: bool) -> None:
        """Give it up here, without its being at fault; it can go on from what has come."""
        if self._claim:
            with suppress(RunError):
                if paused:
                    self._claim.pause()
                else:
                    with hold_queue(self.run.path.parent):
                        self._claim.update(
                            state="queued", phase=None, preparing=None, served=time.time(),
                            worked=self._claim.worked_seconds(),
                        )  # fmt: skip
        self._let_go()

    def _still_waiting(self) -> Claim | None:
        return self._take_it() if self.run.status()["state"] == "queued" else None

    def _let_go(self) -> None:
        self.over = True
        if self._claim:
            self._claim.release()
