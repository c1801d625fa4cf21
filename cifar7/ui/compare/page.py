"""Compare: did the toggle help?"""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7.errors import UserError
from cifar7.results import differences
from cifar7.ui.compare import curves, experiment, pictures
from cifar7.ui.compare import runs as compare_runs
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.example import invitation
from cifar7.ui.shell import choices, messages, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import percent, plain

VIEWS = {
    "runs": "Designs and curves",
    "pictures": "Confusions and pictures",
    "toggle": "Try a toggle",
}
SMALL = 3.0  # percentage points: about as much as seeds of short trainings differ


def page() -> None:
    """Choose runs, then see what differs; or try one toggle with several seeds."""
    runs = run_list.offered(keep=[state.run_id(), *state.compared()])
    if len(runs) < 2:
        missing = "One more run is needed" if runs else "Two runs are needed"
        invitation.invite(
            f"{missing} to compare",
            "This page shows what a change does: two examples, of which one sees too little of a picture; "
            "your own design before and after a change; or one toggle with several seeds, below.",
            "Train your own",
            key="compare_invite",
            sides=invitation.PAIR,
        )
        experiment.show()
        return
    chosen = choices.several_runs(
        "Runs",
        runs,
        state.compared(),
        _default(runs),
        most=state.MOST_COMPARED,
        key="compare_runs",
        on_change=state.set_compared,
        help="Up to four runs that came to their test. The first is A, the next B, and so on.",
    )
    if len(chosen) < 2:
        st.info("Choose at least two runs above to see what differs.", icon=":material/compare_arrows:")
    else:
        invitation.note(*(run.run for run in chosen))
        st.html(curves.legend([escape(run.label()) for run in chosen]))
        try:
            st.markdown(_answer(chosen))
        except UserError as error:
            messages.error(error)
            return
    view = choices.view(VIEWS, key="compare_view")
    if view == "toggle":
        experiment.show()
    elif len(chosen) >= 2:
        (pictures if view == "pictures" else compare_runs).show(chosen)


def _default(runs: list[Summary]) -> list[str]:
    """The newest run of another design, and after it the session's run or else the newest."""
    last = next((run for run in runs if run.id == state.run_id()), runs[0])
    others = [run for run in runs if run.id != last.id]
    same_data = [run for run in others if run.data == last.data]
    other_design = [run for run in same_data if run.name != last.name]
    return [(other_design or same_data or others)[0].id, last.id]


def _answer(chosen: list[Summary]) -> str:
    """Which run is best, by how much, and how far that can be trusted."""
    ranks = sorted(zip(LETTERS, chosen), key=lambda pair: -(pair[1].accuracy or 0.0))
    (letter, run), (other, second) = ranks[:2]
    best = run.accuracy or 0.0
    gap = 100 * (best - (second.accuracy or 0.0))
    more = f"{gap:.1f} points more than **{other}**" if gap >= 0.05 else f"as much as **{other}**"
    result = f"**{letter}** ({plain(run.name)}) recognises most: **{percent(best)}**, {more}."
    if len({run.data for run in chosen}) > 1:
        return f"{result} They were tested on different images, so that says little of the designs."
    differing = differences.recipe_differences([run.run.config() for run in chosen])
    settings = ", ".join(one.what for one in differing if one.what != "seed")
    if settings:
        return f"{result} They were trained differently too ({settings}): it is not the design alone."
    luck = "another seed alone may change as much" if gap < SMALL else "part of it may be the seed's luck"
    return f"{result} That is one run each, and {luck}: **{VIEWS['toggle']}** repeats a comparison."


page()
