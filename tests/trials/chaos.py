"""kill -9 at random moments: of the worker, of the server that started it, or of both, round after round.

    PYTHONPATH=.:tests python tests/trials/chaos.py [--rounds 50] [--seed 1]

A stand-in for the server does what a page's tick does, and some small runs on `shapes` wait in the queue at
any time. In each round processes are killed at a moment that chance chooses, and a killed server is started
again; nothing else is done. Afterwards all runs have to end by themselves. Meanwhile a reader looks at them
without a pause. Printed are the figures; the exit status is 1 if anything was lost, half-written, trained
twice at the same time, or did not end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cifar7.data import library
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs.folder import ENDED, RunError, RunFolder, list_runs
from cifar7.runs.queue import enqueue
from cifar7.training import checkpoint
from cifar7.training.config import TrainConfig
from cifar7.training.events import EpochEnd, Started

TICK_SECONDS = 0.1
WAITING = 3  # runs, at any time
EPOCHS = 2
LONGEST = 1800.0  # seconds that the runs may take to their ends

# What a page does once a second, in a process of its own; its workers outlive it.
SERVER = """
import sys, time
from pathlib import Path
from cifar7.errors import UserError
from cifar7.runs.queue import ensure_worker
while True:
    try:
        pid = ensure_worker(Path(sys.argv[1]), "cpu", data_dir=Path(sys.argv[2]))
        if pid:
            print(pid, flush=True)
    except UserError as error:
        print("refused:", error, file=sys.stderr, flush=True)
    time.sleep(0.1)
"""


@dataclass
class Figures:
    """What is printed."""

    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    taken_up: int = 0
    readings: int = 0
    faults: list[str] = field(default_factory=list)


class Reader(threading.Thread):
    """Looks at all runs without a pause; what it cannot read, or finds going backwards, is a fault."""

    def __init__(self, runs_dir: Path, figures: Figures) -> None:
        super().__init__(daemon=True)
        self.runs_dir, self.figures, self.done = runs_dir, figures, threading.Event()
        self.ended: set[str] = set()
        self.pids: dict[str, list[int]] = {}  # of each run, who executed it, in order

    def run(self) -> None:
        while not self.done.is_set():
            for run in list_runs(self.runs_dir):
                if run.id in self.ended:
                    continue
                try:
                    self._look(run)
                except Exception as error:
                    self.figures.faults.append(f"{run.id} could not be read: {type(error).__name__}: {error}")
                self.figures.readings += 1
            time.sleep(0.02)

    def _look(self, run: RunFolder) -> None:
        status = run.status()
        run.story(), run.spec(), run.config(), run.environment()
        if run.has_predictions():
            run.predictions()
        for path, load in (
            (run.weights_path(), checkpoint.load_weights),
            (run.checkpoint_path(), checkpoint.load),
        ):
            if path:
                load(path)
        if status["state"] in ENDED:
            self.ended.add(run.id)
        pids = self.pids.setdefault(run.id, [])
        pid = status["pid"]
        if status["state"] != "running" or pid is None or pid in pids:
            return
        if any(map(_trains, pids)):
            time.sleep(1.0)  # one that was killed lets go of its locks a moment before it has ended
        if alive := [other for other in pids if _trains(other)]:
            self.figures.faults.append(f"{run.id} is executed by {pid}, and {alive} live on")
        pids.append(pid)


def _trains(pid: int) -> bool:
    """Whether the process lives and is no remainder that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Servers:
    """The stand-in for the server, and the workers that it and those before it started."""

    def __init__(self, runs_dir: Path, data_dir: Path) -> None:
        self.arguments = [sys.executable, "-c", SERVER, str(runs_dir), str(data_dir)]
        self.runs_dir = runs_dir
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.process is None or self.process.poll() is not None:
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            self.process = subprocess.Popen(self.arguments, env=environment, stdout=subprocess.DEVNULL)

    def worker(self) -> int | None:
        try:
            pid = int((self.runs_dir / "workers" / "cpu.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if _trains(pid) else None

    def kill(self, what: str) -> bool:
        """kill -9; whether there was something to kill."""
        worker, hit = self.worker(), False
        if what != "worker" and self.process is not None:
            self.process.kill()
            self.process.wait()
            hit = True
        if what != "server" and worker is not None:
            os.kill(worker, signal.SIGKILL)
            hit = True
        return hit


SPEC = NetSpec(
    name="Chaos",
    stages=(Stage((Unit(4, stride=2),), pool=4), Stage((Unit(8),), pool=2), Stage(), Stage()),
    output=Head(classifier="linear"),
)


def lay(runs_dir: Path, seed: int) -> RunFolder:
    config = TrainConfig(epochs=EPOCHS, batch_size=128, device="cpu", holdout=100, seed=seed)
    return enqueue(runs_dir, SPEC, config, "shapes")


def one_round(servers: Servers, runs: list[RunFolder], dice: random.Random, figures: Figures) -> None:
    """See that some runs wait, and kill at a moment of chance: at any, or in the midst of a training."""
    while sum(state_of(run) == "queued" for run in runs) < WAITING:
        runs.append(lay(servers.runs_dir, len(runs)))
    if dice.random() < 0.7:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not any(map(is_trained, runs)):
            time.sleep(TICK_SECONDS)
    time.sleep(dice.uniform(0.0, 12.0))
    what = dice.choice(["worker", "server", "both"])
    figures.kills[what if servers.kill(what) else "nothing there"] += 1
    time.sleep(dice.choice([0.0, 0.3]))
    servers.start()


def is_trained(run: RunFolder) -> bool:
    """Whether a living process executes it, and has come to its steps."""
    status = run.status()
    return status["state"] == "running" and status["phase"] == "training" and _trains(status["pid"] or 0)


def state_of(run: RunFolder) -> str:
    return run.status()["state"]


def trial(place: Path, rounds: int, dice: random.Random, figures: Figures) -> None:
    """All rounds, the wait for the ends, and the judgement."""
    runs_dir, data_dir = place / "runs", place / "data"
    library.open_set("shapes", data_dir=data_dir)
    servers, reader = Servers(runs_dir, data_dir), Reader(runs_dir, figures)
    runs = [lay(runs_dir, 0)]
    reader.start()
    servers.start()
    for number in range(1, rounds + 1):
        one_round(servers, runs, dice, figures)
        print(f"round {number}: {dict(figures.kills)}, {len(runs)} runs, {len(figures.faults)} faults",
              file=sys.stderr, flush=True)  # fmt: skip
    deadline = time.monotonic() + LONGEST
    while any(state_of(run) not in ENDED for run in runs) and time.monotonic() < deadline:
        time.sleep(TICK_SECONDS)
    reader.done.set()
    reader.join(60)
    servers.kill("both")
    for run in runs:
        judge(run, figures)
    if {run.id for run in runs} != {run.id for run in list_runs(runs_dir)}:
        figures.faults.append("a run was lost")


def judge(run: RunFolder, figures: Figures) -> None:
    """What has become of a run, and whether its record is whole."""
    try:
        status = run.status()
    except RunError as error:
        figures.faults.append(str(error))
        return
    figures.ends[status["state"]] += 1
    figures.taken_up += status["deaths"] == 1 and status["state"] == "finished"
    if status["state"] not in ENDED or (status["state"] == "failed" and status["deaths"] < 2):
        figures.faults.append(
            f"{run.id} is {status['state']} after {status['deaths']} deaths: {status['reason']}"
        )
    if status["state"] == "failed" and not status["reason"]:
        figures.faults.append(f"{run.id} failed without a reason")
    if status["state"] == "finished":
        epochs = [event.epoch for event in run.story() if isinstance(event, EpochEnd)]
        if epochs != list(range(1, EPOCHS + 1)) or not run.has_predictions():
            figures.faults.append(f"{run.id} is finished with the epochs {epochs}")
    starts = [event for event in run.events()[0] if isinstance(event, Started)]
    if len(starts) > status["deaths"] + 1:
        figures.faults.append(f"{run.id} was begun {len(starts)} times after {status['deaths']} deaths")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice, figures, began = random.Random(options.seed), Figures(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        trial(Path(folder), options.rounds, dice, figures)
    print(json.dumps({
        "rounds": options.rounds, "seed": options.seed, "kills": dict(figures.kills),
        "runs": dict(figures.ends), "taken up and finished": figures.taken_up, "readings": figures.readings,
        "minutes": round((time.monotonic() - began) / 60, 1), "faults": figures.faults,
    }, indent=1))  # fmt: skip
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
