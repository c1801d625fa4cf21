"""Trains the runs of a sweep on a Ray cluster: one task a run, wherever Ray finds room.

This process holds the claim of each run and keeps its folder as the node's is; see flight.py. A run whose
node is lost goes on elsewhere from the last checkpoint that has come from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import ray

from cifar7.data import library
from cifar7.data.imageset import Split
from cifar7.network.spec import NetSpec
from cifar7.runs.claim import claim
from cifar7.runs.directory import RunError, hold_queue
from cifar7.runs.folder import ENDED, RunFolder
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.runs.queue import enqueue
from cifar7.runs.reasons import remains
from cifar7.runs.workers.served import CLUSTER
from cifar7.sweeps.cluster import connection, on_node
from cifar7.sweeps.cluster.connection import TROUBLE, UnreachableError
from cifar7.sweeps.cluster.flight import Flight
from cifar7.sweeps.cluster.post import Box
from cifar7.sweeps.folder import SweepFolder
from cifar7.training.config import TrainConfig

RETRY_SECONDS = 10.0  # between two tries to reach a cluster
COUNT_SECONDS = 5.0  # between two countings of what it has
END_SECONDS = 1.5  # that a process has to end by itself, once a run is to end at once

log = logging.getLogger(__name__)


class Ray:
    """The executor of one sweep. Several of one process share its connection, to one cluster."""

    def __init__(self, sweep: SweepFolder, data_dir: Path | None) -> None:
        definition = sweep.definition()
        self._runs_dir, self._data_dir = sweep.runs_dir, data_dir
        self._address, self._share = definition.cluster, definition.gpu_share
        self._device = definition.config.device
        self._known: dict[str, RunFolder] = {}  # that have not ended, by their ids
        self.flights: dict[str, Flight] = {}
        self._over: set[str] = set()  # flights that were given up, whose processes may not know it
        self._done: set[str] = set()  # flights whose task has ended
        self._images: dict[str, Any] = {}  # Ray's references to image sets, by their names
        self._work: Any = None  # the task, as Ray knows it
        self._box: Any = None
        self._collecting: Any = None  # what the box is to return, and the flights that had ended before
        self._slots, self._gpus = 0, False  # places for runs, and whether each is on a GPU
        self._next_count, self._next_try = 0.0, 0.0
        self._trouble = ""
        self._known.update((run.id, run) for run, _ in sweep.runs())

    def obstacle(self) -> str:
        """Why nothing can be trained at present, in words."""
        return self._trouble

    def room(self) -> int:
        """One for each place on the cluster, and one that is next; none while it cannot be reached."""
        return self._slots + 1 if self._slots else 0

    def submit(
        self, spec: NetSpec, config: TrainConfig, data: str, by: Person, files: Mapping[str, dict[str, Any]]
    ) -> RunFolder:
        """Make a run that no worker of this machine takes."""
        run = enqueue(
            self._runs_dir, spec, config, data, by=by, files=files, withheld=True, device=CLUSTER
        )  # fmt: skip
        self._known[run.id] = run
        return run

    def resume(self, run: RunFolder) -> None:
        """Have it wait for a node again."""
        run.request_resume(device=CLUSTER)
        self._known[run.id] = run

    def test(self, run: RunFolder) -> None:
        """Have it wait for a node again, to be tested."""
        run.request_test(device=CLUSTER)
        self._known[run.id] = run

    def pause(self, run: RunFolder) -> None:
        """As a person does."""
        run.request_pause(COMMAND_LINE)

    def stop(self, run: RunFolder) -> None:
        """As a person does."""
        run.request_stop(COMMAND_LINE)

    def tend(self) -> None:
        """Hand over what waits, write what has come, and take up again what was lost.

        Raises DataError without the images, OSError where something cannot be written.
        """
        if not self._connected():
            return
        try:
            self._count()
            self._hand_over()
            self._listen()
            self._write()
        except TROUBLE as error:
            self._lose(error)

    def close(self) -> None:
        """Pause what goes on: the sweep's next driver, or a person, has it go on from what has come."""
        for flight in self.flights.values():
            flight.leave(paused=True)
            with suppress(*TROUBLE):
                ray.cancel(flight.task, force=True)
        self.flights.clear()
        for run in self._known.values():
            with suppress(RunError):
                self._let_wait(run)
        if self._box is not None:
            with suppress(*TROUBLE):
                ray.kill(self._box)

    def _let_wait(self, run: RunFolder) -> None:
        with hold_queue(self._runs_dir):
            status = run.status()
            if status["state"] != "queued" or status["device"] != CLUSTER:
                return
            with claim(run) as claimed:
                if claimed.then == "stop":
                    claimed.end("stopped", f"Stopped as asked; {remains(status, run.kind)}.")
                    return
                claimed.update(started=status["started"], state="paused", phase=None)

    # The connection

    def _connected(self) -> bool:
        if self._box is not None:
            return True
        if time.monotonic() < self._next_try:
            return False
        self._next_try = time.monotonic() + RETRY_SECONDS
        try:
            connection.connect(self._address)
            # It lives beside the driver, or beside Ray's server that stands for it, and ends with it: with
            # soft=True it was met on the other node, and lost with that.
            here = ray.get_runtime_context().get_node_id()
            beside = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
            self._work = ray.remote(max_retries=0)(on_node.work)
            self._box = ray.remote(Box).options(num_cpus=0, scheduling_strategy=beside).remote()
        except (UnreachableError, *TROUBLE) as error:
            self._trouble = (
                f"{error}; it is tried again" if isinstance(error, UnreachableError) else str(error)
            )
            log.warning("%s", error)
            return False
        self._trouble, self._next_count = "", 0.0
        return True

    def _lose(self, error: Exception) -> None:
        """The connection is lost, and with it what it had begun: no run is at fault."""
        log.warning("lost the cluster %s", self._address, exc_info=error)
        for flight in self.flights.values():
            flight.leave(paused=False)
        self.flights.clear()
        self._done.clear()
        self._images.clear()
        self._box, self._collecting, self._slots = None, None, 0
        self._trouble = (
            f"the cluster {self._address} was lost ({connection.first_line(error)}); it is tried again"
        )
        self._next_try = time.monotonic() + RETRY_SECONDS
        with suppress(*TROUBLE):
            connection.disconnect()

    def _count(self) -> None:
        if time.monotonic() < self._next_count:
            return
        self._next_count = time.monotonic() + COUNT_SECONDS
        self._gpus = self._device.startswith("cuda") or (self._device == "auto" and connection.has_gpus())
        self._slots = connection.slots(self._share, self._gpus)
        what = "GPU" if self._gpus else "CPU"
        self._trouble = "" if self._slots else f"the cluster {self._address} has no {what} at present"

    # There ...

    def _hand_over(self) -> None:
        flying = {flight.run.id for flight in self.flights.values()}
        for name, run in list(self._known.items()):
            if name in flying:
                continue
            try:
                status = run.status()
                if status["state"] == "queued" and status["device"] == CLUSTER:
                    self._begin(Flight(run))
                elif status["state"] in ENDED:
                    del self._known[name]
            except (RunError, FileNotFoundError, ValueError):  # deleted, or damaged
                del self._known[name]

    def _begin(self, flight: Flight) -> None:
        takes: dict[str, Any] = {"num_gpus": self._share} if self._gpus else {}
        task = self._work.options(name=flight.run.id, num_cpus=1, **takes)
        images = self._images_of(flight.run.data_name())
        flight.task = task.remote(flight.id, self._box, flight.given(), images)
        self.flights[flight.id] = flight

    def _images_of(self, name: str) -> Any:
        """The set, put once where every node gets it from."""
        if name not in self._images:
            opened = library.open_set(name, data_dir=self._data_dir)
            # Mapped files become plain arrays, which Ray shares between the processes of a node.
            train, test = (
                Split(np.asarray(part.images), np.asarray(part.labels))
                for part in (opened.train, opened.test)
            )
            self._images[name] = ray.put(replace(opened, train=train, test=test))
        return self._images[name]

    # ... and back

    def _listen(self) -> None:
        """Take what the box holds. What had ended before it was asked has said all that it had to say."""
        if self._collecting is not None:
            collected, ended = self._collecting
            if not ray.wait([collected], timeout=0)[0]:
                return
            for name, message in ray.get(collected):
                if name in self.flights:
                    self.flights[name].take(message)
            self._done |= {name for name in ended if name in self.flights}
            self._collecting = None
        if self.flights:
            names = {flight.task: name for name, flight in self.flights.items()}
            over, _ = ray.wait(list(names), num_returns=len(names), timeout=0)
            asks = {name: flight.asked() for name, flight in self.flights.items()}
            self._collecting = self._box.collect.remote(asks, self._over), [names[task] for task in over]

    def _write(self) -> None:
        """Put what has come into the folders, and see to the flights that are over."""
        for name, flight in list(self.flights.items()):
            if flight.outdated():
                flight.refused = flight.over = True
            written = flight.write()
            if not flight.over and written and name in self._done:
                self._find_out(flight)
            if not flight.over and flight.asked() == "end" and flight.is_late(END_SECONDS):
                flight.bury("was ended")
                flight.refused = True
            if flight.over:
                self._done.discard(name)
                del self.flights[name]
                if flight.refused:
                    self._over.add(flight.id)
                    ray.cancel(flight.task, force=True)

    def _find_out(self, flight: Flight) -> None:
        """Its task has ended, and not by the end of the run."""
        error: Exception = RuntimeError("no end")
        try:
            ray.get(flight.task)
        except TROUBLE as raised:
            error = raised
        log.warning("the run %s lost its node", flight.run.id, exc_info=error)
        if words := connection.mistake(error):
            flight.fail(words)
        else:
            flight.bury(connection.ending(error, flight.node))
