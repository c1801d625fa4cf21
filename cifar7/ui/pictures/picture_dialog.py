"""One test picture, opened: its probabilities, where the network looked, and what other runs said."""

from __future__ import annotations

import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.pictures import attention_panel, probabilities, tested
from cifar7.ui.pictures.attention_html import picture_html
from cifar7.ui.shell import style
from cifar7.ui.words.run_list import Summary, labels
from cifar7.ui.words.wording import plain, probability

MOST_OTHERS = 12  # runs
_OPEN = "mistakes_open"  # key of session state: the index of the opened picture


def open_picture(index: int) -> None:
    """Open this test picture when the page is drawn next."""
    st.session_state[_OPEN] = index


def close() -> None:
    """Open none."""
    st.session_state.pop(_OPEN, None)


def show(summary: Summary, predictions: Predictions, images: ImageSet, found: list[int]) -> None:
    """The opened picture, if there is one. `found`: the pictures that one can leaf through."""
    index = st.session_state.get(_OPEN)
    if not isinstance(index, int) or not 0 <= index < len(predictions):
        close()
        return
    st.dialog("A picture", width="large", on_dismiss=close)(_content)(summary, predictions, images, found)


def _content(summary: Summary, predictions: Predictions, images: ImageSet, found: list[int]) -> None:
    index = int(st.session_state.get(_OPEN, 0))
    st.html(style.dialog("dark" if st.context.theme.type == "dark" else "light"))
    _leaf(index, found)
    picture = images.test.images[index]
    classes, said = predictions.classes, int(predictions.predicted[index])
    true, shares = int(predictions.labels[index]), predictions.probabilities[index]
    st.markdown(_headline(classes, true, said, float(shares[true]), float(shares[said])))
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        st.html(picture_html(picture, f"Test picture {index}: {classes[true]}", f"Test picture {index:,}"))
    with right:
        rows = probabilities.rows(classes, shares.tolist(), true)
        drawing = probabilities.bars(rows)
        alt = f"Probabilities: {probabilities.words(rows, len(rows))}"
        st.vega_lite_chart(None, drawing, key="picture_bars", alt=alt)
        take_away.rows(f"picture-{index}-probabilities", drawing, rows, ("class", "probability"))
    with middle:
        targets = {at: classes[at] for at in dict.fromkeys((said, true))}
        attention_panel.show(summary.id, summary.run.spec(), picture, targets, "picture")
    _others(summary, index, true)


def _leaf(index: int, found: list[int]) -> None:
    """To the picture before and after, in the gallery's order."""
    at = found.index(index) if index in found else -1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, to in (("Previous", "chevron_left", at - 1), ("Next", "chevron_right", at + 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"picture_{label.lower()}",
                disabled=at < 0 or not 0 <= to < len(found),
                on_click=open_picture,
                args=(found[to] if 0 <= to < len(found) else index,),
            )
        if at >= 0:
            st.caption(f"{at + 1:,} of {len(found):,}", width="content")


def _headline(classes: tuple[str, ...], true: int, said: int, of_true: float, of_said: float) -> str:
    if true == said:
        return f"**{plain(classes[true])}**, recognised with a probability of **{probability(of_said)}**."
    return (
        f"**{plain(classes[true])}**, taken for **{plain(classes[said])}** with a probability of "
        f"{probability(of_said)}; {plain(classes[true])} itself got {probability(of_true)}."
    )


def _others(summary: Summary, index: int, true: int) -> None:
    others = tested.on_the_same(summary)[:MOST_OTHERS]
    st.markdown("##### What other runs said of it")
    if not others:
        st.caption(
            "No other run was tested on these pictures yet. Train a second one to see whether it agrees."
        )
        return
    names, shown, values, right = labels(others), [], [], 0
    for other in others:
        try:
            predictions = tested.predictions(other)
        except (UserError, OSError):
            continue
        said = int(predictions.predicted[index])
        shares = predictions.probabilities[index]
        right += said == true
        name, mark = predictions.classes[said], "✓ right" if said == true else "✗ mistaken"
        shown.append((names[other.id], name, probability(float(shares[said])),
                      probability(float(shares[true])), mark))  # fmt: skip
        values.append((other.id, name, float(shares[said]), float(shares[true]), int(said == true)))
    st.markdown(f"{right} of {len(shown)} recognised it.")
    columns = (
        Column("Run", text=True),
        Column("Says", "The class it gave the highest probability.", text=True),
        Column("Its probability", "What it gave to the class it named."),
        Column("Of the true class", "What it gave to the true class."),
        Column("Verdict", text=True),
    )
    table = Table(f"What runs said of picture {index}", columns, tuple(shown), tuple(values))
    take_away.table(table, f"picture-{index}-runs")
