"""Hand in: what do I give my teacher?"""

from __future__ import annotations

import re

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.export.readme import run_readme
from cifar7.export.record import read_record
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.runs.folder import RunFolder
from cifar7.ui.assignment import achievement
from cifar7.ui.assignment import card as assignment_card
from cifar7.ui.assignment.card_html import counted
from cifar7.ui.handin import zip_maker
from cifar7.ui.shell import pages, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import plain

MOST_RUNS = 50  # in the chooser
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*\.png)\)")


def page() -> None:
    """The card of a run, its README, and the zip."""
    runs = run_list.tested(MOST_RUNS)
    if not runs:
        _invite()
        return
    by_id = {summary.id: summary for summary in runs}
    shown = by_id.get(state.run_id() or "", runs[0])
    left, right = st.columns([5, 6], gap="large")
    with left:
        _chooser(by_id, shown)
        assignment_card.choose_profile()
        _card(shown)
        _download(shown)
    with right:
        _readme(shown)


def _chooser(by_id: dict[str, Summary], shown: Summary) -> None:
    names = run_list.labels(list(by_id.values()))
    key = state.control("handin_run", shown.id)
    st.selectbox(
        "Run to hand in",
        list(by_id),
        key=key,
        format_func=names.__getitem__,
        on_change=lambda: state.set_run(st.session_state[key]),
        help="Every run that came to its test, the newest first. The card is that of its own design.",
    )


def _card(shown: Summary) -> None:
    try:
        spec = shown.run.spec()
        standing = achievement.standing(paths.runs_dir(), shown.id, spec)
        found = card(analyse(spec), state.profile(), standing.achieved)
    except UserError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    missing = [v for v in found if v.passed is not True]
    st.markdown(
        f"##### {counted(found)} requirements fulfilled" if missing else "##### Everything is fulfilled"
    )
    assignment_card.draw(found)
    if spec != state.valid_design():
        st.caption(
            f"This run is of {plain(spec.name)} as it was trained. The design on the Design page is another "
            "by now; the line at the top shows its figures."
        )


def _download(shown: Summary) -> None:
    """The zip is made on demand: it takes seconds, and a run may be looked at without."""
    made = st.session_state.get("handin_made")
    asked = (shown.id, state.profile())
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Make the submission", type="primary", icon=":material/folder_zip:", key="handin_make"):
            made = _make(asked, shown.run)
        if made and made[0] == asked:
            name = f"{shown.id}.zip"
            st.download_button(
                f"Download ({len(made[1]) / 1e6:.1f} MB)", made[1], name, "application/zip",
                icon=":material/download:", key="handin_get", on_click="ignore",
            )  # fmt: skip
    st.caption(
        "A zip ready to push to a repository: README, model.py, train.py that repeats the run, weights, "
        "curves, confusion matrix, mistakes, requirements.txt and the design's spec.json."
    )


def _make(asked: tuple[str, object], run: RunFolder) -> tuple[tuple[str, object], bytes] | None:
    with st.spinner("Writing the files"):
        try:
            made = (asked, zip_maker.make(run, state.profile()))
        except UserError as error:
            st.error(
                f"{plain(str(error))}\n\nThe run itself is untouched.", title="That did not work",
                icon=":material/error:",
            )  # fmt: skip
            return None
    st.session_state["handin_made"] = made
    return made


def _readme(shown: Summary) -> None:
    st.markdown("##### README.md as it will look")
    with st.container(border=True, height=720, key="readme"):
        try:
            text = run_readme(read_record(shown.run), state.profile())
        except UserError as error:
            st.warning(plain(str(error)), icon=":material/error:")
            return
        st.markdown(_PICTURE.sub(r":material/image: *\1 (\2 in the zip)*", text))


def _invite() -> None:
    found, _ = assignment_card.verdicts()
    left, right = st.columns([5, 6], gap="large")
    with left:
        assignment_card.choose_profile()
        st.markdown(f"##### The design so far: {counted(found)} requirements fulfilled")
        assignment_card.draw(found)
    with right, st.container(border=True, horizontal_alignment="center", gap="medium"):
        st.space("small")
        st.markdown("#### There is nothing to hand in yet", text_alignment="center")
        st.markdown(
            "Train a network first: its run becomes a repository with README, weights and pictures.",
            text_alignment="center",
        )
        if st.button(
            "Train this network", type="primary", icon=":material/model_training:", key="handin_invite"
        ):
            st.switch_page(pages.TRAIN)
        st.space("small")


page()
