"""The projector view of the class: large, few words, and it updates by itself."""

from __future__ import annotations

import time

import streamlit as st

from cifar7 import paths
from cifar7.runs import people, queue
from cifar7.ui.classroom import chart, moment, reading
from cifar7.ui.classroom.moment import Moment
from cifar7.ui.classroom.standings import Line, drawn, image_sets
from cifar7.ui.shell import choices, pages, state

TICK_SECONDS = 2.0
MOST_DRAWN = 300  # runs
SHEET = """<style>
[data-testid="stHeader"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1.25rem 2.5rem .5rem; max-width: none; }
.c7-hall { color: var(--c7-ink); line-height: 1.35; font-variant-numeric: tabular-nums; }
.c7-hall h1 { font-size: clamp(1.5rem, 2.6vw, 3rem); font-weight: 700; padding: 0; margin: 0; }
.c7-hall h1 small { font-size: .55em; font-weight: 400; color: var(--c7-muted); margin-left: .6em; }
.c7-hall h2 { font-size: clamp(1rem, 1.25vw, 1.5rem); font-weight: 600; color: var(--c7-muted);
  padding: 0; margin: 0 0 .5rem; }
.c7-hall section { padding-bottom: clamp(1rem, 3vh, 2.2rem); }
.c7-hall p, .c7-hall li { font-size: clamp(1.05rem, 1.45vw, 1.75rem); margin: 0; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.c7-hall ul { list-style: none; padding: 0; margin: 0; } .c7-hall li { padding: .12rem 0; margin: 0; }
.c7-hall li { display: flex; gap: 1rem; justify-content: space-between; }
.c7-hall li > :first-child { overflow: hidden; text-overflow: ellipsis; }
.c7-hall b { font-weight: 700; } .c7-hall .more { color: var(--c7-muted); font-size: .8em; }
.c7-hall .track { height: .55rem; border-radius: .3rem; background: var(--c7-line); overflow: hidden;
  margin: .3rem 0 .7rem; }
.c7-hall .track div { height: 100%; background: var(--c7-accent); }
.c7-hall p.more { font-size: clamp(.95rem, 1.15vw, 1.4rem); }
.c7-class-marks b { font-size: 1.35em; line-height: 1; }
.c7-class-marks { display: flex; align-items: baseline; flex-wrap: wrap; gap: .2rem 2rem;
  color: var(--c7-ink);
  font-size: clamp(.95rem, 1.05vw, 1.3rem); }
@media (min-width: 900px) and (min-height: 500px) {
  .st-key-hall_chart, .st-key-hall_chart > div, .st-key-hall_chart [data-testid="stElementContainer"],
  .st-key-hall_chart [data-testid="stVegaLiteChart"] { height: calc(100vh - 14.5rem); }
}
</style>"""


def page() -> None:
    """The drawing, beside it what goes on."""
    st.html(SHEET)
    standings = reading.standings()
    seen = standings.listing().ended
    lines, _ = standings.lines(state.profile())
    sets = image_sets(lines)
    kept = st.session_state.get("kept_class_data")
    images = kept if kept in sets else next(iter(sets), None)
    shown = [line for line in lines if line.images == images]
    references = chart.references(images is None or images.official)
    st.html(moment.title(sets[images] if images else "", shown))
    left, right = st.columns([7, 3], gap="large")
    with left, st.container(key="hall_chart"):
        drawing = chart.drawing(
            chart.rows(drawn(shown, None, MOST_DRAWN)), state.profile(), references, large=True
        )
        st.vega_lite_chart(None, drawing, key="hall", height="stretch", alt=moment.alt(shown))
    with right:
        st.fragment(_tick, run_every=TICK_SECONDS)(seen, shown)
    st.html(chart.legend(bool(references)))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="hall_foot"):
        if len(sets) > 1:
            choices.box(
                "Data set", sets, next(iter(sets)), key="class_data", width=260, label_visibility="collapsed"
            )
        st.page_link(pages.CLASS, label="Back to the Class page", icon=":material/arrow_back:")


def _tick(seen: int, shown: list[Line]) -> None:
    """What goes on now; the whole page anew when a run has come to its end."""
    listing = reading.standings().listing()
    if listing.ended != seen:
        st.rerun()
    _serve(str(paths.runs_dir()))
    names = people.names(paths.runs_dir())
    now = Moment(listing.entries, shown, names, time.time(), reading.learners())
    st.html(moment.html(now))


@st.cache_data(ttl=5.0, show_spinner=False)
def _serve(runs_dir: str) -> None:
    """See to it that the queue is served, also while nobody but the projector looks."""
    queue.ensure_worker(paths.runs_dir())


page()
