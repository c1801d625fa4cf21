"""Compare: did the toggle help?"""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7.errors import UserError
from cifar7.results import differences
from cifar7.ui.compare import curves, experiment, pictures
from cifar7.ui.compare import runs as compare_runs
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.pictures import tested
from cifar7.ui.shell import pages, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import percent, plain

VIEWS = {
    "runs": "Designs and curves",
    "pictures": "Confusions and pictures",
    "toggle": "Try a toggle",
}
SMALL = 3.0  # percentage points: seeds of short trainings differ by about as much
_VIEW, _RUNS = "compare_view", "compare_runs"  # keys of session state


def page() -> None:
    """Choose runs, then see what differs; or try one toggle with several seeds."""
    runs = run_list.tested(tested.MOST_RUNS)
    by_id = {summary.id: summary for summary in runs}
    if len(runs) < 2:
        _invite(len(runs))
        experiment.show()
        return
    chosen = _choose(by_id)
    if len(chosen) < 2:
        st.info("Choose at least two runs above to see what differs.", icon=":material/compare_arrows:")
    else:
        st.html(curves.legend([escape(run.label()) for run in chosen]))
        try:
            st.markdown(_answer(chosen))
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
    view = _view()
    if view == "toggle":
        experiment.show()
    elif len(chosen) >= 2:
        (pictures if view == "pictures" else compare_runs).show(chosen)


def _choose(by_id: dict[str, Summary]) -> list[Summary]:
    kept = [run for run in state.compared() if run in by_id] or _usual(list(by_id.values()))
    names = run_list.labels(list(by_id.values()))
    chosen = st.multiselect(
        "Runs", list(by_id), key=state.control(_RUNS, kept), format_func=names.__getitem__,
        max_selections=state.MOST_COMPARED, on_change=lambda: state.set_compared(st.session_state[_RUNS]),
        help="Up to four runs that came to their test. The first is A, the next B, and so on.",
    )  # fmt: skip
    return [by_id[run] for run in chosen if run in by_id]


def _usual(runs: list[Summary]) -> list[str]:
    """The run that is looked at, or else the newest, and before it the newest of another design."""
    last = next((run for run in runs if run.id == state.run_id()), runs[0])
    others = [run for run in runs if run.id != last.id]
    alike = [run for run in others if run.status["data"] == last.status["data"]]
    differing = [run for run in alike if run.status["name"] != last.status["name"]]
    return [(differing or alike or others)[0].id, last.id]


def _view() -> str:
    kept = st.session_state.get("kept_compare_view")
    chosen = st.segmented_control(
        "View", list(VIEWS), key=state.control(_VIEW, kept if kept in VIEWS else "runs"), required=True,
        format_func=VIEWS.__getitem__, label_visibility="collapsed",
        on_change=lambda: st.session_state.update(kept_compare_view=st.session_state[_VIEW]),
    )  # fmt: skip
    return str(chosen)


def _answer(chosen: list[Summary]) -> str:
    """Which is best, by how much, and how far that can be trusted."""
    known = [(run.accuracy or 0.0, letter, run) for letter, run in zip(LETTERS, chosen)]
    (best, letter, run), (second, other, _) = sorted(known, key=lambda one: -one[0])[:2]
    gap = 100 * (best - second)
    more = f"{gap:.1f} points more than **{other}**" if gap >= 0.05 else f"as much as **{other}**"
    said = f"**{letter}** ({plain(run.status['name'])}) recognises most: **{percent(best)}**, {more}."
    if len({run.status["data"] for run in chosen}) > 1:
        return f"{said} They were tested on different images, so that says little of the designs."
    recipes = [one.what for one in differences.recipe_differences([run.run.config() for run in chosen])]
    others = [what for what in recipes if what != "seed"]
    if others:
        return f"{said} They were trained differently too ({', '.join(others)}): it is not the design alone."
    luck = "another seed alone may change as much" if gap < SMALL else "part of it may be the seed's luck"
    return f"{said} That is one run each, and {luck}: **{VIEWS['toggle']}** repeats a comparison."


def _invite(runs: int) -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        missing = "Two runs are needed" if not runs else "One more run is needed"
        st.markdown(f"#### {missing} to compare", text_alignment="center")
        st.markdown(
            "Train a design, change one toggle and train again; or let both be trained for you below.",
            text_alignment="center",
        )
        if st.button("Train one", icon=":material/model_training:", key="compare_invite"):
            st.switch_page(pages.TRAIN)


page()
