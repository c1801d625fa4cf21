"""How a sweep stands: all its runs in one bar, what goes on now, the best so far, the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from html import escape

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import people, queue
from cifar7.runs.folder import ENDED as RUN_ENDED
from cifar7.runs.folder import RunFolder, Status
from cifar7.sweeps import driver
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import ENDED, Ask, Standing, SweepFolder
from cifar7.sweeps.learned.phrases import named, together
from cifar7.sweeps.outcome import Trial
from cifar7.training.events import Beat
from cifar7.ui.explore import opened, reading
from cifar7.ui.shell import messages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import waiting
from cifar7.ui.words.progress import progress_words, share_done
from cifar7.ui.words.wording import count, duration, percent, plain

TICK_SECONDS = 1.0
PAUSED_TICK_SECONDS = 10.0
MOST_SHOWN = 4  # runs that go on
_PROBLEM = "explore_ask_problem"  # key of session state

SHEET = """<style>
.c7-sweep { font-size: .9rem; line-height: 1.5; font-variant-numeric: tabular-nums; }
.c7-sweep .track { display: flex; height: .7rem; border-radius: .35rem; overflow: hidden;
  background: var(--c7-line); margin: .35rem 0 .45rem; }
.c7-sweep .done { background: var(--c7-accent); }
.c7-sweep .early { background: light-dark(#9CC9E6, #3F6E8F); }
.c7-sweep .out { background: repeating-linear-gradient(45deg, var(--c7-muted) 0 2px, transparent 2px 5px); }
.c7-sweep .now { background: light-dark(#CFE3F1, #1D4560); }
.c7-sweep .keys { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; color: var(--c7-muted);
  font-size: .82rem; }
.c7-sweep .keys i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px;
  margin-right: .35rem; vertical-align: -.05rem; }
.c7-sweep ul { list-style: none; margin: .5rem 0 0; padding: 0; }
.c7-sweep li { margin: 0; padding: .1rem 0; }
.c7-sweep li small { color: var(--c7-muted); font-size: .85rem; }
</style>"""


def show(sweep: SweepFolder, definition: Definition, status: Standing) -> None:
    """The bar, which ticks while it goes on, and the buttons, which no tick exchanges."""
    st.html(SHEET)
    ticks = {"running": TICK_SECONDS, "paused": PAUSED_TICK_SECONDS}.get(status["state"])
    st.fragment(_watch, run_every=ticks)(sweep, definition, status["state"])
    _buttons(sweep, status)
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.did_not_work(problem)


def _watch(sweep: SweepFolder, definition: Definition, before: str) -> None:
    opened.go_on()
    try:
        status = sweep.status()
    except UserError as error:
        messages.error(error)
        return
    if status["state"] != before:
        st.rerun()  # heading, buttons and findings change too
    if status["state"] == "running":
        carry_on()
    found = reading.trials(sweep, status)
    st.html(html(sweep, definition, status, found))
    if status["state"] == "failed":
        st.error(plain(status["reason"]), title="This sweep failed", icon=messages.ERROR)
    elif status["reason"]:
        st.caption(plain(status["reason"]))


def carry_on() -> None:
    """See to it that a driver and a worker are there; say so where they cannot be."""
    try:
        driver.ensure(paths.runs_dir())
        queue.ensure_worker(paths.runs_dir())
    except UserError as error:
        messages.warning(error)


def html(sweep: SweepFolder, definition: Definition, status: Standing, found: Sequence[Trial]) -> str:
    """The bar, its figures, and what goes on."""
    early = sum(trial.early for trial in found)
    tried, left_out, planned = status["tried"], status["left_out"], max(1, definition.planned)
    in_plan = left_out if definition.sampler == "grid" else 0  # a sampler tries another one instead
    going = _going(sweep, definition, status) if status["state"] not in ENDED else []
    shares = sum(share for share, _ in going)
    parts = (("done", tried - early), ("early", early), ("out", in_plan), ("now", shares))
    bar = "".join(
        f'<div class="{name}" style="width:{min(100.0, 100 * part / planned):.2f}%"></div>'
        for name, part in parts
    )
    done = tried + in_plan
    words = [f"<b>{done:,} of {count(planned, 'design')}</b>"]
    left = seconds_left(definition, status, shares)
    if status["state"] == "running" and left is not None:
        words.append(f"about {duration(left)} left")
    best = max((t for t in found if t.heldout is not None), key=lambda t: t.heldout or 0, default=None)
    axes = named([axis.name for axis in definition.axes], definition.spec)
    if best is not None and status["state"] not in ENDED:
        words.append(f"best so far {percent(best.heldout)}: {escape(together(best.values, axes))}")
    keys = [("done", f"trained {tried - early:,}")]
    keys += [("early", f"stopped early {early:,}")] if early else []
    keys += [("out", f"left out {left_out:,}")] if left_out else []
    keys += [("now", f"going on {len(status['active']):,}")] if going else []
    legend = "".join(f'<span><i class="{name}"></i>{text}</span>' for name, text in keys)
    lines = "".join(f"<li>{line}</li>" for _, line in going[:MOST_SHOWN])
    return (
        f'<div class="c7-sweep"><div>{" · ".join(words)}</div>'
        f'<div class="track" role="progressbar" aria-label="Progress of the sweep" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{min(100, 100 * (done + shares) / planned):.0f}">{bar}</div>'
        f'<div class="keys">{legend}</div><ul>{lines}</ul></div>'
    )


def _going(sweep: SweepFolder, definition: Definition, status: Standing) -> list[tuple[float, str]]:
    """Of each design that goes on: how far it is, 0..1, and a line of HTML."""
    axes = named([axis.name for axis in definition.axes], definition.spec)
    found = []
    for item in status["active"]:
        share, said = 0.0, []
        for number, run_id in enumerate(item["runs"], 1):
            with suppress(UserError):
                run = RunFolder.open(sweep.runs_dir, run_id)
                now = run.status()
                ended = now["state"] in RUN_ENDED
                share += (1.0 if ended else share_done(now)) / definition.seeds
                if not ended:
                    seed = f"seed {number}: " if definition.seeds > 1 else ""
                    said.append(f"{seed}{escape(_run_words(now, run_id))}")
        values = {name: value for name, value in item["values"].items() if name in axes}
        line = f"Trial {item['trial'] + 1}: {escape(together(values, axes))}"
        found.append((share, f"{line} <small>{' · '.join(said) or 'next'}</small>"))
    return found


def _run_words(status: Status, run_id: str) -> str:
    if status["state"] == "queued":
        place = waiting.place(run_id)
        return f"waiting: {waiting.place_words(place)}" if place else "waiting"
    beat = Beat.from_dict(status["progress"])
    return f"epoch {beat.epoch} of {beat.epochs}" if beat else progress_words(status)


def seconds_left(definition: Definition, status: Standing, shares: float) -> float | None:
    """How long it still takes, going by what it has taken, or before that by what was expected."""
    tried = status["tried"] + shares
    in_plan = status["left_out"] if definition.sampler == "grid" else 0
    ahead = max(0.0, definition.planned - in_plan - tried)
    if status["tried"]:
        left: float | None = status["worked"] / tried * ahead
    elif status["expected"] is not None:
        left = max(0.0, status["expected"] - status["worked"])
    else:
        left = None
    if definition.minutes:
        limit = max(0.0, 60 * definition.minutes - status["worked"])
        return limit if left is None else min(left, limit)
    return left


def _buttons(sweep: SweepFolder, status: Standing) -> None:
    """Pause, stop and go on, for those who may."""
    me, now = person.person(), status["state"]
    whose = _whose(status, me)
    if whose:
        st.caption(plain(whose))
    if now in ENDED or not people.may_touch(me, status["by"]):
        return
    asked = sweep.asked()
    with st.container(horizontal=True, gap="small", key="explore_buttons"):
        if now == "running":
            _button(
                "pause", "Pausing…" if asked == "pause" else "Pause", "pause_circle", asked is not None, sweep
            )
        else:
            st.button(
                "Go on", icon=":material/resume:", type="primary", key="explore_resume",
                on_click=callback(_resume), args=(sweep,),
                help="Goes on where it was left. Nothing is repeated.",
            )  # fmt: skip
        if now != "stopped":
            _button("stop", "Stopping…" if asked == "stop" else "Stop", "stop_circle", asked == "stop", sweep)


def _whose(status: Standing, me: people.Person) -> str:
    """As for a run: whose it is where it is another's, and what one may do with it."""
    if people.may_touch(me, status["by"]) and status["by"] in (me.id, ""):
        return ""
    name = people.names(paths.runs_dir()).get(status["by"]) or status["by_name"]
    said = [f"{name}’s sweep" if name else "Somebody else’s sweep"]
    if not people.may_touch(me, status["by"]):
        other = "the teacher" if people.has_teacher() else "the command line"
        said.append(f"You can look at everything; only {name or 'who started it'} or {other} can stop it")
    return ". ".join(said) + "."


def _button(ask: Ask, label: str, icon: str, pending: bool, sweep: SweepFolder) -> None:
    explanation = {
        "pause": "Leaves it where it is. Nothing is lost, and the machine is free meanwhile.",
        "stop": "Ends it. What has been tried stays, and it can go on later.",
    }[ask]
    st.button(
        label, icon=f":material/{icon}:", key=f"explore_{ask}", disabled=pending, help=explanation,
        on_click=callback(_request), args=(sweep, ask),
    )  # fmt: skip


def _request(sweep: SweepFolder, ask: Ask) -> None:
    try:
        sweep.request(ask, person.person())
        driver.ensure(paths.runs_dir())
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _resume(sweep: SweepFolder) -> None:
    try:
        sweep.request_resume(by=person.person())
        driver.ensure(paths.runs_dir())
        queue.ensure_worker(paths.runs_dir())
        state.set_sweep(sweep.id)
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)
