"""Hand in: what do I give my teacher?"""

from __future__ import annotations

import re
from contextlib import ExitStack

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.export import turns
from cifar7.export.readme import run_readme
from cifar7.export.record import read_record
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.profiles import Profile
from cifar7.ui.assignment import achievement
from cifar7.ui.assignment import card as assignment_card
from cifar7.ui.assignment.card_html import counted
from cifar7.ui.example import invitation
from cifar7.ui.handin import zip_maker
from cifar7.ui.shell import choices, messages, presence, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import plain

Source = tuple[str, Profile]  # the id of the run and the version of the assignment
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*\.png)\)")


def page() -> None:
    """The card of a run, its README, and the zip."""
    runs = run_list.offered(keep=[state.run_id()])
    left, right = st.columns([5, 6], gap="large")
    if not runs:
        with left:
            verdicts, _ = assignment_card.verdicts()
            assignment_card.choose_profile()
            st.markdown(f"##### The design so far: {counted(verdicts)} requirements fulfilled")
            assignment_card.draw(verdicts)
        with right:
            invitation.invite(
                "There is nothing to hand in yet",
                "This page makes a repository of a run: README, code, weights and pictures.",
                "Train this network",
                key="handin_invite",
            )
        return
    with left:
        summary = choices.one_run(
            "Run to hand in",
            runs,
            key="handin_run",
            help="Every run that came to its test, the newest first. The card is that of its own design.",
        )
        invitation.note(summary.run)
        assignment_card.choose_profile()
        _card(summary)
        _download(summary)
    with right:
        _readme(summary)


def _card(summary: Summary) -> None:
    try:
        spec = summary.run.spec()
        standing = achievement.standing(paths.runs_dir(), summary.id, spec)
        verdicts = card(analyse(spec), state.profile(), standing.achieved)
    except UserError as error:
        messages.error(error)
        return
    complete = all(verdict.passed for verdict in verdicts)
    st.markdown(
        "##### Everything is fulfilled" if complete else f"##### {counted(verdicts)} requirements fulfilled"
    )
    assignment_card.draw(verdicts)
    if spec != state.valid_design():
        st.caption(
            f"This run is of {plain(spec.name)} as it was trained. The design on the Design page is another "
            "by now; the line at the top shows its figures."
        )


def _download(summary: Summary) -> None:
    """The zip takes seconds, so it is made on demand. It is offered for the run and card it was made for."""
    source = (summary.id, state.profile())
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Make the submission", type="primary", icon=":material/folder_zip:", key="handin_make"):
            try:
                st.session_state["handin_made"] = (source, _made(summary, source[1]))
            except UserError as error:
                messages.did_not_work(error, "\n\nThe run itself is untouched.")
        zip_file: tuple[Source, bytes] | None = st.session_state.get("handin_made")
        if zip_file and zip_file[0] == source:
            content = zip_file[1]
            st.download_button(
                f"Download ({len(content) / 1e6:.1f} MB)", content, f"{summary.id}.zip", "application/zip",
                icon=":material/download:", key="handin_get", on_click="ignore",
            )  # fmt: skip
    st.caption(
        "A zip ready to push to a repository: README, model.py, train.py that repeats the run, weights, "
        "curves, confusion matrix, mistakes, requirements.txt and the design's spec.json."
    )


def _made(summary: Summary, profile: Profile) -> bytes:
    """The zip, in its turn. A newer click, or a browser that leaves, gives the turn back."""
    look = presence.watched()
    with ExitStack() as held:
        with st.spinner(f"{turns.WAITS}; any click here gives the place up", show_time=True):
            held.enter_context(turns.turn(look))
        with st.spinner("Writing the files"):
            return zip_maker.make(summary.run, profile, look)


def _readme(summary: Summary) -> None:
    st.markdown("##### README.md as it will look")
    with st.container(border=True, height=720, key="readme"):
        try:
            text = run_readme(read_record(summary.run), state.profile())
        except UserError as error:
            messages.warning(error)
            return
        st.markdown(_PICTURE.sub(r":material/image: *\1 (\2 in the zip)*", text))


page()
