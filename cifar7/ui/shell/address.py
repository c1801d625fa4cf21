"""The address of the page: it carries design, recipe, assignment, run, those compared, a sweep, and a lesson.

Every run of the page writes it anew, so a refresh loses nothing and the address can be copied at any time.
It is read by a new session, and after the browser went back or forward. At any other time it may be older
than the last click.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network import profiles
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.shell import controls, person, state, tutorial
from cifar7.ui.shell.link import FORMAT, Link, decode, decode_profile, encode, encode_profile
from cifar7.ui.words.wording import plain

# Query parameters.
RUN, NET, PIN, PROFILE, COMPARED = "run", "net", "pin", "profile", "runs"
_PAGE = "cifar7_page"  # key of session state: the page shown last


def begin() -> None:
    """Read the address and write it anew. Call this first in every run of the page."""
    controls.begin()
    fresh = state.start()
    person.begin()
    text = st.query_params.get(NET)
    _take_run(with_design=fresh and text is None)
    if fresh:
        _take(state.SWEEP, state.set_sweep, "The sweep of the address was not opened:")
        own = st.query_params.get(PROFILE, "").startswith(f"{FORMAT}.")
        _take(
            PROFILE,
            lambda text: state.set_profile(decode_profile(text) if own else profiles.profile(text)),
            "The assignment of the address was not opened."
            if own
            else "The address names an assignment that is not known:",
        )
        _take(PIN, lambda text: state.pin(decode(text).spec), "Pinned design not opened.")
        state.set_compared(filter(None, st.query_params.get(COMPARED, "").split(",")))
        tutorial.take_address(st.query_params.to_dict())
    if text is not None and (fresh or (_went_back() and text != _net())):
        _take_net(text, fresh)
    state.fit_classes()
    _write()


def link_of(page_url: str, text: str, page_paths: tuple[str, ...], assignment: str | None = None) -> str:
    """The full link to a design on the first page; `page_url` is the address of any page of this site.

    `assignment`: the text of a teacher's own one, which goes with the design.
    """
    more = f"&{PROFILE}={assignment}" if assignment else ""
    return f"{page_of(page_url, page_paths)}/?{NET}={text}{more}"


def page_of(page_url: str, page_paths: tuple[str, ...]) -> str:
    """The address of the first page, without parameters; `page_url` is that of any page of this site."""
    base = page_url.partition("?")[0].partition("#")[0].rstrip("/")
    head, _, last = base.rpartition("/")
    return head if last in page_paths else base


def lesson_link(page_url: str, text: str, page_paths: tuple[str, ...]) -> str:
    """The full link to a lesson at its beginning; `text` as `tutorial.text_of` gives it."""
    return f"{page_of(page_url, page_paths)}/?{tutorial.LESSON}={text}"


def own_profile() -> str | None:
    """The text of the assignment where it is none of the built-in ones; None where it is, or is too long."""
    version = state.profile()
    return None if profiles.PROFILES.get(version.name) == version else encode_profile(version)


def _net() -> str | None:
    link = state.link()
    return None if link is None else encode(link)


def _write() -> None:
    """Write the address, in one message to the browser; in none if it is right already."""
    profile = state.profile()
    built_in = profiles.PROFILES.get(profile.name) == profile
    named = profile.name if built_in and profile.name != profiles.DEFAULT_PROFILE else None
    pinned = state.pinned()
    values = {
        RUN: state.run_id(),
        state.SWEEP: state.sweep_id(),
        NET: _net(),
        PIN: None if pinned is None else encode(Link(pinned, TrainConfig())),
        PROFILE: named or own_profile(),
        COMPARED: ",".join(state.compared()) or None,
        person.ME: person.in_address(),
        **tutorial.parameters(),
    }
    before = st.query_params.to_dict()
    foreign = {name: value for name, value in before.items() if name not in values}
    after = {**foreign, **{name: value for name, value in values.items() if value is not None}}
    if before != after:
        st.query_params.from_dict(after)


def _went_back() -> bool:
    """Whether the browser's Back or Forward led here, on the page that was open already."""
    context = get_script_run_ctx()
    page = getattr(context, "page_script_hash", "")
    same = st.session_state.get(_PAGE) == page
    st.session_state[_PAGE] = page
    return same and bool(getattr(context, "is_history_navigation", False))


def _take_net(text: str, fresh: bool) -> None:
    try:
        link = decode(text)
    except UserError as error:
        rest = "The usual design stands here instead." if fresh else "The design stays as it was."
        state.notify(f"Link not opened. {plain(str(error))} {rest}")
        return
    state.take_link(link, "" if fresh else "Back to another design of this session")
    if link.data and state.data_info().name != link.data:
        state.notify(
            f"The link was made for the image set {plain(link.data)}, which is not on this machine; "
            f"{plain(state.data_info().title)} stands in for it."
        )


def _take_run(with_design: bool) -> None:
    """Look at the run of `?run=`; with_design: take its design, recipe and data too."""
    run_id = st.query_params.get(RUN)
    if run_id is None or run_id == state.run_id():
        return
    try:
        run = RunFolder.open(paths.runs_dir(), run_id)
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


def _take(parameter: str, use: Callable[[str], None], failure: str) -> None:
    """Call `use` with the value of a query parameter, if there is one; its error is shown after `failure`."""
    text = st.query_params.get(parameter)
    if text is None:
        return
    try:
        use(text)
    except UserError as error:
        state.notify(f"{failure} {plain(str(error))}")
