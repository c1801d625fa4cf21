"""Who this browser is: a secret token in a cookie, given on the first visit.

Streamlit reads the cookies that came with the connection and cannot set one, so a line of JavaScript does. A
browser that takes no cookies has the token in its address instead, as `?me=`; such a link also makes another
browser the same person. Nothing that this session knows goes into links that are shared.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import people
from cifar7.runs.people import Person
from cifar7.ui.shell import state

ME, TEACHER = "me", "teacher"  # query parameters
COOKIE = "cifar7_me"
_TOKEN, _FORCED, _IN_ADDRESS, _OFFERED = (
    f"cifar7_{name}" for name in ("token", "token_forced", "token_in_address", "token_offered")
)  # keys of session state
_SCRIPT = Template(Path(__file__).with_name("person.js").read_text(encoding="utf-8"))


def begin() -> None:
    """Know who this is. Call this in every run of the page, after the session has begun."""
    held, given = st.session_state, st.query_params.get(ME)
    if _TOKEN not in held:
        _recognise(given)
    if given is not None and given != held[_TOKEN]:
        if people.is_token(given):
            held[_OFFERED] = given
        del st.query_params[ME]
    _take_teacher()


def _recognise(given: str | None) -> None:
    """Take the token of the cookie, else that of the address, else a new one. Once in a session."""
    held, cookie = st.session_state, st.context.cookies.get(COOKIE)
    known = cookie if people.is_token(cookie) else None
    held[_TOKEN] = known or (given if people.is_token(given) else people.new_token())
    held[_FORCED] = cookie is not None and known is None  # what stands there is none of ours
    held[_IN_ADDRESS] = given == held[_TOKEN] and known is None


def person() -> Person:
    """Who this browser is, with the present name and rights."""
    return people.load(paths.runs_dir(), token())


def token() -> str:
    """The secret. It may go to this browser alone."""
    held: str = st.session_state.setdefault(_TOKEN, people.new_token())
    return held


def in_address() -> str | None:
    """What the address has to carry for this browser to be known again; None where the cookie does."""
    return token() if st.session_state.get(_IN_ADDRESS) else None


def keep() -> None:
    """Have the browser keep the token. Draws nothing that can be seen."""
    forced = "true" if st.session_state.get(_FORCED) else "false"
    script = _SCRIPT.substitute(cookie=COOKIE, parameter=ME, token=token(), forced=forced)
    with st.container(key="cifar7_person_cookie"):
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def offered() -> Person | None:
    """The person of a link that was opened by a browser which is somebody else already."""
    other = st.session_state.get(_OFFERED)
    return people.load(paths.runs_dir(), other) if other else None


def accept() -> None:
    """Be the person of that link from now on."""
    if _OFFERED in st.session_state:
        _become(st.session_state[_OFFERED])


def decline() -> None:
    """Stay who one is."""
    st.session_state.pop(_OFFERED, None)


def begin_anew() -> None:
    """Be somebody new from now on, as on a machine that others use too."""
    _become(people.new_token())


def _become(new: str) -> None:
    held = st.session_state
    held[_TOKEN], held[_FORCED] = new, True
    held.pop(_OFFERED, None)


def _take_teacher() -> None:
    """The teacher's link: its secret leaves the address at once, right or wrong."""
    secret = st.query_params.get(TEACHER)
    if secret is None:
        return
    del st.query_params[TEACHER]
    try:
        if people.is_teachers(secret):
            people.make_teacher(paths.runs_dir(), token())
            state.notify("You are the teacher here, in this browser, from now on.")
        else:
            state.notify("This is not the teacher's link of this server; ask for the present one.")
    except UserError as error:
        state.notify(str(error))
