"""The address of the page: it carries the design, the recipe, the assignment, the run and those compared.

It is kept in step with the session, so that a refresh loses nothing and the address may be copied as it is.
Only a fresh session takes what it says, and one whose browser went back or forward: the address of a browser
that is at work may be older than what was last clicked.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network import profiles
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.shell import state
from cifar7.ui.shell.link import Link, decode, encode
from cifar7.ui.words.wording import plain

# Query parameters.
RUN, NET, PIN, PROFILE, COMPARED = "run", "net", "pin", "profile", "runs"
_PAGE = "cifar7_page"  # key of session state: the page that was last shown


def begin() -> None:
    """First thing in every run of the page: take what the address says, and write into it what it lacks."""
    fresh = not state.started()
    if fresh:
        state.start()
    asked = st.query_params.get(NET)
    _take_run(fresh and asked is None)
    if fresh:
        _take_profile()
        _take_pin()
        state.set_compared(filter(None, st.query_params.get(COMPARED, "").split(",")))
    if asked is not None and (fresh or (_went_back() and asked != _net())):
        _take_net(asked, fresh)
    state.fit_classes()
    _write()


def link_of(own: str, text: str, page_paths: tuple[str, ...]) -> str:
    """The whole link to a design; `own` is the address of the page that is open, whatever its path."""
    base = own.partition("?")[0].partition("#")[0].rstrip("/")
    head, _, last = base.rpartition("/")
    return f"{head if last in page_paths else base}/?{NET}={text}"


def _net() -> str | None:
    link = state.link()
    return None if link is None else encode(link)


def _write() -> None:
    """One message to the browser, and none where the address is right."""
    profile = state.profile()
    named = profile.name != profiles.DEFAULT_PROFILE and profiles.PROFILES.get(profile.name) == profile
    pinned = state.pinned()
    known = {
        RUN: state.run_id(),
        NET: _net(),
        PIN: None if pinned is None else encode(Link(pinned, TrainConfig())),
        PROFILE: profile.name if named else None,
        COMPARED: ",".join(state.compared()) or None,
    }
    wanted = {name: value for name, value in known.items() if value is not None}
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in known}
    if st.query_params.to_dict() != {**others, **wanted}:
        st.query_params.from_dict({**others, **wanted})


def _went_back() -> bool:
    """Whether the browser's own buttons led here, on the page that was open already."""
    context = get_script_run_ctx()
    page = getattr(context, "page_script_hash", "")
    same = st.session_state.get(_PAGE) == page
    st.session_state[_PAGE] = page
    return same and bool(getattr(context, "is_history_navigation", False))


def _take_net(asked: str, fresh: bool) -> None:
    try:
        link = decode(asked)
    except UserError as error:
        rest = "The usual design stands here instead." if fresh else "The design stays as it was."
        state.notify(f"Link not opened. {plain(str(error))} {rest}")
        return
    state.take_link(link, "" if fresh else "Back to another design of this session")
    if link.data and state.data_name() != link.data:
        state.notify(
            f"The link was made for the image set {plain(link.data)}, which is not on this machine; "
            f"{plain(state.data_info().title)} stands in for it."
        )


def _take_run(with_design: bool) -> None:
    """Follow `?run=`; in a fresh session without a design of its own, the run's comes with it."""
    asked = st.query_params.get(RUN)
    if asked is None or asked == state.run_id():
        return
    try:
        run = RunFolder.open(paths.runs_dir(), asked)
    except UserError:
        state.notify(
            "The address names a run that is not on this machine; the Train page lists those that are."
        )
        return
    state.set_run(run.id)
    if not with_design:
        return
    try:
        state.take_link(Link(run.spec(), run.config(), run.data_name()))
    except UserError as error:
        state.notify(f"The run of this address cannot be read: {error}")


def _take_pin() -> None:
    asked = st.query_params.get(PIN)
    if asked is None:
        return
    try:
        state.pin(decode(asked).spec)
    except UserError as error:
        state.notify(f"Pinned design not opened. {plain(str(error))}")


def _take_profile() -> None:
    name = st.query_params.get(PROFILE)
    if name is None:
        return
    try:
        state.set_profile(profiles.profile(name))
    except UserError as error:
        state.notify(f"The address names an assignment that is not known: {plain(str(error))}")
