"""Mistakes: what does it get wrong, and why?"""

from __future__ import annotations

import streamlit as st

from cifar7.data import library
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.ui.example import invitation
from cifar7.ui.mistakes import classes, confused, own_picture
from cifar7.ui.pictures import tested
from cifar7.ui.shell import choices, messages, pages, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import percent, plain

VIEWS = {
    "pictures": "Confused pictures",
    "classes": "Class by class",
    "own": "Your own picture",
}


def page() -> None:
    """Choose a run, then look at its mistakes."""
    runs = run_list.offered(keep=[state.run_id()])
    if not runs:
        invitation.invite(
            "There are no mistakes to look at yet",
            "This page shows which classes a trained network confuses, and on which pictures.",
            "Train your own",
            key="mistakes_invite",
        )
        return
    if state.run_id() not in (None, *(summary.id for summary in runs)):
        st.info(
            f"The run you look at has no result yet or ended before its test. Shown here: {runs[0].label()}.",
            icon=":material/hourglass_top:",
        )
    summary = choices.one_run(
        "Run", runs, key="mistakes_run", help="Every run that came to its test, the newest first."
    )
    invitation.note(summary.run)
    try:
        predictions = tested.predictions(summary)
    except (UserError, OSError) as error:
        messages.error(error)
        return
    st.markdown(_sentence(summary, predictions))
    st.fragment(_views)(summary, predictions)  # a filter changes what is below, and nothing above


def _views(summary: Summary, predictions: Predictions) -> None:
    """Only the chosen view is made."""
    view = choices.view(VIEWS, key="mistakes_view")
    if view == "classes":
        classes.show(predictions)
    elif view == "own":
        own_picture.show(summary)
    else:
        confused.show(summary, predictions)
    st.page_link(
        pages.COMPARE,
        label="Would a change help? Compare two runs",
        icon=":material/compare_arrows:",
    )


def _sentence(summary: Summary, predictions: Predictions) -> str:
    wrong = int((~predictions.correct).sum())
    return (
        f"**{plain(summary.name)}** recognises **{percent(predictions.accuracy)}** of the "
        f"{len(predictions):,} test images of {plain(library.title(summary.data))}; "
        f"on **{wrong:,}** it is mistaken."
    )


page()
