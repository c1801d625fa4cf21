"""Server: is everything all right, and who waits for whom? For the teacher alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.data.library import short
from cifar7.errors import UserError
from cifar7.runs.folder import RunFolder
from cifar7.runs.health import Health, health
from cifar7.runs.limits import OPTIONS, Limits
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.server.words import gigabytes, verdict, worker_words
from cifar7.ui.shell import messages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import waiting
from cifar7.ui.words.run_list import badge
from cifar7.ui.words.wording import plain

TICK = 3  # seconds
MOST_SHOWN = 40  # runs that go on or wait


def page() -> None:
    """The state of the server, drawn anew by itself."""
    if not person.person().teacher:  # the navigation does not offer it; an address may
        st.info("This page is the teacher's. It opens with the teacher's link.", icon=":material/school:")
        return
    st.markdown("#### The server")
    st.fragment(_now, run_every=TICK)()
    _limits()


@st.cache_data(ttl=1.0, show_spinner=False)
def _health(runs_dir: str) -> Health:
    return health(Path(runs_dir))


def _now() -> None:
    now = _health(str(paths.runs_dir()))
    good, words = verdict(now)
    (st.success if good else st.warning)(
        plain(words), icon=":material/check_circle:" if good else ":material/warning:"
    )
    figures = {
        "Memory free": (gigabytes(now.memory_free), "Of the whole machine."),
        "The pages use": (gigabytes(now.memory_page), "Memory of the process that serves all browsers."),
        "Disk free": (gigabytes(now.disk_free), "Where the runs are kept."),
        "Runs kept": (f"{now.runs:,}", "Trainings of all people."),
    }
    with st.container(horizontal=True, gap="large", key="server_figures"):
        for label, (value, tip) in figures.items():
            st.metric(label, value, help=tip, width="content")
    _queue(now)
    for worker in now.workers:
        st.markdown(f"##### {plain(worker_words(worker))}")
        if worker.told.why_not:
            st.warning(plain(worker.told.why_not), icon=":material/memory:")
        with st.expander("Its last lines", icon=":material/notes:"):
            st.code("\n".join(worker.log) or "It has said nothing yet.", language=None, height=260)


def _queue(now: Health) -> None:
    runs = [*now.running, *now.waiting]
    if not runs:
        return
    st.markdown("##### Trained now, and waiting in this order")
    for run in runs[:MOST_SHOWN]:
        with suppress(UserError):  # it was removed this moment
            _line(run)
    if len(runs) > MOST_SHOWN:
        st.caption(f"And {len(runs) - MOST_SHOWN:,} more.")


def _line(run: RunFolder) -> None:
    status = run.status()
    who = waiting.owner(status) or "without a name"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"server_{run.id}"):
        st.markdown(
            f"{badge(status['state'])} **{plain(status['name'])}** on {plain(short(status['data']))}, "
            f"{plain(who)}{_begins(run, status['state'])}",
            width="stretch",
        )
        st.button("Look", key=f"server_look_{run.id}", type="tertiary", on_click=callback(_look), args=(run,))
        st.button("Stop", key=f"server_stop_{run.id}", type="tertiary", on_click=callback(_stop), args=(run,))


def _begins(run: RunFolder, run_state: str) -> str:
    return f" · {waiting.place_words(waiting.place(run.id))}" if run_state == "queued" else ""


def _look(run: RunFolder) -> None:
    try:
        state.set_run(run.id)
        state.notify("Train, Mistakes and Hand in show this run now.")
    except UserError as error:
        state.notify(str(error))


def _stop(run: RunFolder) -> None:
    try:
        run.request_stop(by=person.person())
    except UserError as error:
        state.notify(str(error))


def _limits() -> None:
    st.markdown("##### Limits in force")
    try:
        limits = Limits.load().to_dict()
    except UserError as error:
        messages.error(error)
        return
    columns = (
        Column("Limit", text=True),
        Column("Value"),
        Column("Of", text=True),
        Column("Meaning", text=True),
    )
    rows = tuple(
        (option.title, _value(limits[name]), option.unit, option.help) for name, option in OPTIONS.items()
    )
    st.html(Table("Limits in force", columns, rows).html())
    st.caption("They stand in a file that is read anew at every start of a run; see serve --limits.")


def _value(value: float) -> str:
    return f"{value:,.10g}" if value else "none"


page()
