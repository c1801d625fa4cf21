"""One opened test picture: its probabilities, where the network looked, and what other runs predict."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table, Value
from cifar7.ui.pictures import attention_html, attention_panel, probabilities, tested
from cifar7.ui.shell import sheets
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.run_list import Summary, labels
from cifar7.ui.words.wording import plain, probability

MOST_OTHERS = 12  # runs
_OPEN = "mistakes_open"  # key of session state: the index of the open picture


def open_picture(index: int) -> None:
    """Open this test picture when the page is drawn next."""
    st.session_state[_OPEN] = index


def close() -> None:
    """Close the dialog."""
    st.session_state.pop(_OPEN, None)


def show(summary: Summary, predictions: Predictions, images: ImageSet, gallery: list[int]) -> None:
    """The open picture, if there is one. `gallery`: the indices of the pictures before and after it."""
    index = st.session_state.get(_OPEN)
    if not isinstance(index, int) or not 0 <= index < len(predictions):
        close()
        return
    st.dialog("A picture", width="large", on_dismiss=close)(_content)(summary, predictions, images, gallery)


def _content(summary: Summary, predictions: Predictions, images: ImageSet, gallery: list[int]) -> None:
    index = int(st.session_state.get(_OPEN, 0))
    st.html(sheets.dialog("dark" if st.context.theme.type == "dark" else "light"))
    _leaf(index, gallery)
    picture = images.test.images[index]
    classes, shares = predictions.classes, predictions.probabilities[index]
    true, predicted = int(predictions.labels[index]), int(predictions.predicted[index])
    of_true, of_predicted = float(shares[true]), float(shares[predicted])
    name = plain(classes[true])
    if true == predicted:
        st.markdown(f"**{name}**, recognised with a probability of **{probability(of_predicted)}**.")
    else:
        st.markdown(
            f"**{name}**, taken for **{plain(classes[predicted])}** with a probability of "
            f"{probability(of_predicted)}; {name} itself got {probability(of_true)}."
        )
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        alt = f"Test picture {index}: {classes[true]}"
        st.html(attention_html.figure(np.moveaxis(picture, 0, -1), alt, f"Test picture {index:,}"))
    with right:
        rows = probabilities.rows(classes, shares.tolist(), true)
        probabilities.show(f"picture-{index}-probabilities", rows, key="picture_bars")
    with middle:
        targets = {predicted: classes[predicted], true: classes[true]}
        attention_panel.show(summary.run, picture, targets, "picture")
    _others(summary, index, true)


def _leaf(index: int, gallery: list[int]) -> None:
    """Buttons to the picture before and after, in the gallery's order."""
    at = gallery.index(index) if index in gallery else -1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, to in (("Previous", "chevron_left", at - 1), ("Next", "chevron_right", at + 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"picture_{label.lower()}",
                disabled=at < 0 or not 0 <= to < len(gallery),
                on_click=callback(open_picture),
                args=(gallery[to] if 0 <= to < len(gallery) else index,),
            )
        if at >= 0:
            st.caption(f"{at + 1:,} of {len(gallery):,}", width="content")


def _others(summary: Summary, index: int, true: int) -> None:
    others = tested.on_the_same(summary)[:MOST_OTHERS]
    st.markdown("##### What other runs said of it")
    if not others:
        st.caption(
            "No other run was tested on these pictures yet. Train a second one to see whether it agrees."
        )
        return
    names = labels(others)
    cells: list[tuple[str, ...]] = []
    values: list[tuple[Value, ...]] = []
    for other in others:
        try:
            predictions = tested.predictions(other)
        except (UserError, OSError):
            continue
        predicted = int(predictions.predicted[index])
        name, right = predictions.classes[predicted], predicted == true
        shares = [float(predictions.probabilities[index, at]) for at in (predicted, true)]
        verdict = "✓ right" if right else "✗ mistaken"
        cells.append((names[other.id], name, *map(probability, shares), verdict))
        values.append((other.id, name, *shares, int(right)))
    st.markdown(f"{sum(row[-1] == 1 for row in values)} of {len(cells)} recognised it.")
    columns = (
        Column("Run", text=True),
        Column("Says", "The class it gave the highest probability.", text=True),
        Column("Its probability", "What it gave to the class it named."),
        Column("Of the true class", "What it gave to the true class."),
        Column("Verdict", text=True),
    )
    table = Table(f"What runs said of picture {index}", columns, tuple(cells), tuple(values))
    take_away.table(table, f"picture-{index}-runs")
