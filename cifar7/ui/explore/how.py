"""How it is tried: seeds, who proposes, epochs, when a run is given up, what is required, how long."""

from __future__ import annotations

import streamlit as st

from cifar7.network.profiles import Requirement
from cifar7.sweeps.definition import MOST_TRIALS, of_design
from cifar7.ui.explore import held
from cifar7.ui.shell import state
from cifar7.ui.words.wording import count, plain

SEEDS = 5  # at most on the page
HOW = {"grid": "every combination", "random": "by chance", "tpe": "a sampler that learns (TPE)"}
HOW_HELP = {
    "grid": "Grid: every combination of the values, one after the other.",
    "random": "Random: combinations drawn by chance, as many as you say. Good for ranges.",
    "tpe": "TPE: proposes what looks promising by what came before. Good where a grid would be too large.",
}
STOP = {"none": "none", "asha": "ASHA", "median": "median rule"}
STOP_HELP = {
    "none": "Every run is trained to its end.",
    "asha": "Successive halving: after a few epochs only the better part goes on, again and again.",
    "median": "A run that is below the median of the earlier ones at the same epoch stops.",
}


def show() -> None:
    """The choices, those that few need folded away."""
    draft, config = held.draft(), state.config()
    with st.grid(2, min_column_width=200, gap="small"):
        st.segmented_control(
            "Seeds", list(range(1, SEEDS + 1)), default=min(draft.seeds, SEEDS), required=True,
            help="Each design is trained once with each seed. Two show how much is luck; one claims nothing.",
            **held.field("explore_seeds", "seeds", held.whole(1, SEEDS)),
        )  # fmt: skip
        st.number_input(
            "Epochs a run", 1, 1000, draft.epochs or config.epochs,
            help=f"The Train page has {count(config.epochs, 'epoch')}; the other settings come from there.",
            **held.field("explore_epochs", "epochs", held.whole(1, 1000), none=config.epochs),
        )  # fmt: skip
        st.selectbox(
            "How", list(HOW), list(HOW).index(draft.sampler), format_func=HOW.__getitem__,
            help="\n\n".join(HOW_HELP.values()),
            **held.field("explore_sampler", "sampler", held.one_of(HOW)),
        )  # fmt: skip
        if draft.sampler == "grid":
            st.empty()
        else:
            st.number_input(
                "Designs to try", 1, MOST_TRIALS, draft.trials,
                help="As many designs are trained; those that cannot be do not count.",
                **held.field("explore_trials", "trials", held.whole(1, MOST_TRIALS)),
            )  # fmt: skip
    with st.expander("Early stopping, requirements, time", icon=":material/tune:"):
        _more()
    if rules := _rules():
        st.caption(rules)


def _rules() -> str:
    """What is set among the folded choices, so that nothing acts unseen."""
    draft = held.draft()
    said = [
        *([STOP[draft.stop]] if draft.stop != "none" else []),
        *([f"below {draft.parameters:,} parameters"] if draft.parameters else []),
        *([f"receptive field above {draft.field} px"] if draft.field else []),
        *(["the assignment"] if draft.assignment else []),
        *([f"{draft.minutes} min"] if draft.minutes else []),
    ]
    return f"Set there: {', '.join(said)}." if said else ""


def _more() -> None:
    draft = held.draft()
    st.segmented_control(
        "Early stopping of the hopeless", list(STOP), default=draft.stop, format_func=STOP.__getitem__,
        required=True, **held.field("explore_stop", "stop", held.one_of(STOP)),
    )  # fmt: skip
    st.caption(STOP_HELP[draft.stop])
    with st.grid(2, min_column_width=200, gap="small"):
        st.number_input(
            "Parameters below", 1, 10**9, draft.parameters or None, placeholder="any number",
            help="Larger networks are left out before anything is trained.",
            **held.field("explore_parameters", "parameters", held.whole(1, 10**9)),
        )  # fmt: skip
        st.number_input(
            "Receptive field above, pixels", 1, 10**6, draft.field or None, placeholder="any size",
            help="Before the pooling at the end. Networks that see less are left out.",
            **held.field("explore_field", "field", held.whole(1, 10**6)),
        )  # fmt: skip
        st.number_input(
            "Minutes at most", 1, 100_000, draft.minutes or None, placeholder="until all is tried",
            help="After so long nothing new begins; what goes on is finished.",
            **held.field("explore_minutes", "minutes", held.whole(1, 100_000)),
        )  # fmt: skip
    st.toggle(
        "Only what fulfils the chosen assignment", draft.assignment,
        help=_assignment(of_design(state.profile())),
        **held.field("explore_assignment", "assignment", bool),
    )  # fmt: skip


def _assignment(asked: tuple[Requirement, ...]) -> str:
    listed = "; ".join(f"{item.title} {item.words}" for item in asked)
    return plain(f"As far as it is decided before a training: {listed or 'nothing'}.")
