"""`sweep` and `sweeps`: many trainings that differ in what was chosen to vary."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any

from cifar7.commands.networks import read_network, read_profile
from cifar7.commands.output import Progress, duration, percent, put_json, say, table, with_progress
from cifar7.commands.recipes import read_config
from cifar7.commands.training import fitted, interrupts
from cifar7.data import library
from cifar7.errors import UserError
from cifar7.network.profiles import Requirement
from cifar7.runs.directory import RunError
from cifar7.runs.folder import RunFolder
from cifar7.runs.people import owner
from cifar7.sweeps import driver
from cifar7.sweeps.ahead.forecast import Forecast
from cifar7.sweeps.axes import axis
from cifar7.sweeps.cluster.setting import configured
from cifar7.sweeps.definition import MOST_TRIALS, Definition, of_design, requirement
from cifar7.sweeps.folder import ENDED, Standing, SweepFolder, list_sweeps
from cifar7.sweeps.knobs import SweepError
from cifar7.sweeps.outcome import Trial
from cifar7.sweeps.removal import remove
from cifar7.sweeps.results import results, summary, to_json
from cifar7.training.events import Beat
from cifar7.wording import count

LOOK_SECONDS = 0.5
LOOKED_SECONDS = 5.0  # at most, at what the combinations come to
MOST_ROWS = 40  # of the table; --json has them all
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)")
_MINUTES = {"s": 1 / 60, "m": 1.0, "min": 1.0, "h": 60.0}


def sweep(arguments: argparse.Namespace) -> int:
    """Start a sweep and follow it; or, with `show`, `stop` and the like and an id, tell or ask that."""
    actions: dict[str, Callable[[SweepFolder], None]] = {
        "show": lambda one: None,
        "pause": lambda one: one.request("pause"),
        "stop": lambda one: one.request("stop"),
        "resume": SweepFolder.request_resume,
        "delete": remove,
    }
    if arguments.network in actions:
        if not arguments.id:
            raise SweepError(f"say which sweep, as in `sweep {arguments.network} ID`; `sweeps` lists them")
        found = find(arguments)
        actions[arguments.network](found)
        if arguments.network == "delete":
            print(f"{found.id} is removed; its runs are still there")
            return 0
        if arguments.network == "resume":
            return _follow(found, arguments)
        if arguments.network != "show":
            _answered(found)
        return _tell(found, arguments.json)
    if arguments.id:
        raise SweepError(f"{arguments.id!r:.40} is one word too many; `sweep --help` shows what can be said")
    definition = _define(arguments)
    forecast = Forecast(arguments.runs, definition)
    forecast.look(LOOKED_SECONDS)
    if not forecast.designs:
        why = f": {forecast.reasons.most_common(1)[0][0]}" if forecast.reasons else ""
        raise SweepError(f"no combination can be trained as is required{why}")
    made = SweepFolder.create(arguments.runs, definition, expected=forecast.seconds)
    say(f"sweep {made.id}: {_plan(definition, forecast)}")
    return _follow(made, arguments)


def sweeps(arguments: argparse.Namespace) -> None:
    """List the sweeps, the newest first; a driver that died is replaced before."""
    with suppress(RunError):  # what is there can be listed all the same
        driver.ensure(arguments.runs)
    entries = [_entry(one) for one in list_sweeps(arguments.runs)]
    if arguments.json:
        put_json({"runs_dir": str(arguments.runs.absolute()), "sweeps": entries})
        return
    if not entries:
        print(
            f"No sweeps in {arguments.runs} yet; `python -m cifar7 sweep starter --vary c3.dilation=1,2,3 "
            "--data shapes` makes one."
        )
        return
    rows = [
        (
            entry["sweep"],
            entry["title"],
            entry["state"],
            f"{entry['tried']}/{entry['planned']}" if entry["planned"] else str(entry["tried"]),
            percent(entry["best"]),
            duration(entry["worked"]),
            entry["by"],
        )
        for entry in entries
    ]
    print(table(("sweep", "title", "state", "trials", "best", "time", "by"), rows, left=(0, 1, 2, 6)))


def find(arguments: argparse.Namespace) -> SweepFolder:
    """The sweep whose id begins so. Raises SweepError for none, or several."""
    named = [one for one in list_sweeps(arguments.runs) if one.id.startswith(arguments.id)]
    if len(named) > 1 and arguments.id not in [one.id for one in named]:
        raise SweepError(f"{len(named)} sweeps begin with {arguments.id}; give more of the id")
    return named[0] if named else SweepFolder.open(arguments.runs, arguments.id)


def _define(arguments: argparse.Namespace) -> Definition:
    """What the arguments describe."""
    if not arguments.vary:
        raise SweepError("say what varies, as in --vary c3.dilation=1,2,3")
    if not arguments.data:
        raise SweepError("say what to learn from, as in --data shapes")
    images = with_progress(library.open_data, arguments.data)
    spec = fitted(read_network(arguments.network), images)
    required: list[Requirement] = []
    for text in arguments.require:
        assignment = text.strip() == "assignment"
        required += of_design(read_profile(arguments.profile)) if assignment else [requirement(text)]
    runs, minutes = budget(arguments.budget)
    trials = ceil(runs / arguments.seeds) if runs else 0
    if arguments.sampler != "grid" and not trials and minutes:
        trials = MOST_TRIALS
    return Definition(
        spec=spec,
        config=read_config(arguments),
        data=images.name,
        axes=tuple(axis(text, spec) for text in arguments.vary),
        title=arguments.title or "; ".join(arguments.vary)[:100],
        requirements=tuple(required),
        seeds=arguments.seeds,
        sampler=arguments.sampler,
        stop=arguments.stop,
        trials=trials,
        minutes=minutes,
        at_once=arguments.at_once,
        cluster=_cluster(arguments.cluster),
    )


def _cluster(named: str) -> str:
    """The address of the cluster that --cluster names, or means. Raises SweepError for none."""
    if named != "configured":
        return named
    setting = configured()
    if setting is None:
        raise SweepError("no cluster is configured; give an address, as in --cluster auto")
    return setting.address


def budget(texts: list[str]) -> tuple[int, float]:
    """Runs and minutes of `40`, `30m` or `2h`; 0 for what is not limited. Raises SweepError."""
    runs, minutes = 0, 0.0
    for text in texts:
        if text.strip().isdecimal() and 0 < int(text) <= 1_000_000:
            runs = int(text)
        elif match := _TIME.fullmatch(text.strip().lower()):
            minutes = float(match[1]) * _MINUTES[match[2]]
        else:
            raise SweepError(f"{text!r:.40} is no budget; give runs, as in 40, or a time, as in 30m or 2h")
    return runs, minutes


def _plan(definition: Definition, forecast: Forecast) -> str:
    about = "" if forecast.exact and forecast.complete else "about "
    left_out = f", {percent(forecast.share_left_out)} of the combinations left out" * bool(forecast.left_out)
    takes = (
        f"{duration(forecast.seconds)} at most" if forecast.seconds else "the first run will tell the time"
    )
    return f"{about}{count(forecast.runs, 'run')} on {definition.data}{left_out}; {takes}"


def _answered(sweep: SweepFolder, patience: float = 60.0) -> None:
    """Wait until a request to pause or stop was followed."""
    deadline = time.monotonic() + patience
    while sweep.status()["state"] == "running" and time.monotonic() < deadline:
        driver.ensure(sweep.runs_dir)
        time.sleep(LOOK_SECONDS)


def _follow(sweep: SweepFolder, arguments: argparse.Namespace) -> int:
    """Show how it goes until it has ended. Ctrl-C pauses it."""
    driver.ensure(sweep.runs_dir)
    if arguments.detach:
        if arguments.json:
            put_json({"sweep": sweep.id})
        else:
            print(f"sweep {sweep.id} goes on by itself; `python -m cifar7 sweep show {sweep.id}` tells how")
        return 0
    line, read = Progress(), 0
    with interrupts("pausing; `sweep resume` goes on (once more: leave it to itself)") as signals:
        while (status := sweep.status())["state"] == "running":
            driver.ensure(sweep.runs_dir)
            read = _keep_ended(sweep, line, read)
            line.update(_going_on(sweep, status))
            if signals and sweep.asked() is None:
                sweep.request("pause")
            time.sleep(LOOK_SECONDS)
        _keep_ended(sweep, line, read)
    line.close()
    _tell(sweep, arguments.json)
    return 130 if signals else 2 if status["state"] == "failed" else 0


def _keep_ended(sweep: SweepFolder, line: Progress, read: int) -> int:
    """A line for each trial that has ended since byte `read` of the record; where to read on."""
    trials, read = sweep.trials(read)
    for trial in trials:
        line.keep(_ended(trial))
    return read


def _ended(trial: Trial) -> str:
    values = ", ".join(f"{name}={value}" for name, value in trial.values.items())
    if trial.obstacle:
        return f"trial {trial.number + 1}: {values}: left out ({trial.obstacle})"
    if trial.early:
        last = max(trial.repeats, key=lambda repeat: repeat.epochs)
        end = f"stopped early, at epoch {last.epochs}, {percent(last.heldout)}"
        return f"trial {trial.number + 1}: {values}: {end}"
    spread = f" (spread {100 * trial.spread:.1f} points)" if trial.spread is not None else ""
    return f"trial {trial.number + 1}: {values}: held out {percent(trial.heldout)}{spread}"


def _going_on(sweep: SweepFolder, status: Standing) -> str:
    parts = []
    for one in status["active"]:
        for name in one["runs"]:
            with suppress(UserError):
                run = RunFolder(sweep.runs_dir / name).status()
                if run["state"] == "running" and (beat := Beat.from_dict(run["progress"])):
                    parts.append(f"trial {one['trial'] + 1}, epoch {beat.epoch}/{beat.epochs}")
    waits = f"; {status['reason']}" if status["reason"] else ""
    return f"{count(status['tried'], 'trial')} done; {' and '.join(parts) or 'waiting'}{waits}"


def _tell(sweep: SweepFolder, json: bool) -> int:
    """Say what there is of it."""
    if json:
        put_json(to_json(sweep))
        return 0
    status, definition, trials = sweep.status(), sweep.definition(), results(sweep)
    reason = f": {status['reason']}" if status["reason"] else ""
    print(f"sweep {sweep.id} ({definition.title}), {status['state']}{reason}")
    ranked = sorted(trials, key=lambda trial: (trial.heldout is None, -(trial.heldout or 0.0), trial.number))
    if ranked:
        head = ("trial", *ranked[0].values, "parameters", "field", "held out", "spread", "test", "time")
        print(table(head, [_row(trial) for trial in ranked[:MOST_ROWS]], left=()))
    if len(ranked) > MOST_ROWS:
        print(f"... and {len(ranked) - MOST_ROWS:,} more, with --json")
    said = summary(definition, trials)
    for sentence in (*said.sentences, said.method):
        print(sentence)
    if status["state"] not in ENDED and status["state"] != "running":
        print(f"`python -m cifar7 sweep resume {sweep.id}` goes on")
    return 0


def _row(trial: Trial) -> tuple[Any, ...]:
    held = percent(trial.heldout)
    if trial.obstacle or trial.early:
        held = "left out" if trial.obstacle else "stopped early"
    return (
        trial.number + 1,
        *trial.values.values(),
        f"{trial.parameters:,}",
        trial.receptive_field,
        held,
        "-" if trial.spread is None else f"{100 * trial.spread:.1f}",
        percent(trial.test),
        duration(trial.seconds),
    )


def _entry(sweep: SweepFolder) -> dict[str, Any]:
    """A line of the list, also for one that cannot be read."""
    try:
        definition, status, trials = sweep.definition(), sweep.status(), results(sweep)
    except UserError as error:
        return {"sweep": sweep.id, "title": "", "state": "damaged", "tried": 0, "planned": 0,
                "best": None, "worked": None, "by": "", "reason": str(error)}  # fmt: skip
    best = max((trial.heldout for trial in trials if trial.heldout is not None), default=None)
    return {
        "sweep": sweep.id,
        "title": definition.title,
        "state": status["state"],
        "tried": status["tried"],
        "planned": definition.planned,
        "best": best,
        "worked": status["worked"],
        "by": owner(sweep.runs_dir, status),
        "reason": status["reason"],
    }
