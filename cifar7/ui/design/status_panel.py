"""What the last toggle did to the figures; or what keeps the design from being built."""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7.network.arithmetic import analyse
from cifar7.network.problems import Problem
from cifar7.network.spec import NetSpec
from cifar7.ui.shell import pages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.summary import millions
from cifar7.wording import capital


def panel(problems: list[Problem]) -> None:
    """Draw it, with the way back and the way on."""
    with st.container(border=True, key="said", gap="small"):
        st.html(f'<div class="c7-said" role="status">{_status(problems)}</div>')
        with st.container(horizontal=True, gap="small"):
            if st.button(
                "Train this network",
                type="primary",
                icon=":material/model_training:",
                key="to_train",
                disabled=bool(problems),
            ):
                st.switch_page(pages.TRAIN)
            st.button(
                "Undo",
                icon=":material/undo:",
                key="undo",
                on_click=callback(state.undo),
                disabled=not state.can_undo(),
            )
            if state.pinned():
                label, icon, change = "Unpin", ":material/keep_off:", state.unpin
                tip = "Every figure and the table compare with where the design came from again."
            else:
                label, icon, change = "Pin", ":material/keep:", state.pin
                tip = (
                    "Keeps this design to compare with: every figure and the table then show the difference "
                )
                tip += "to it."
            st.button(label, icon=icon, key="pin", on_click=callback(change), help=tip)


def _status(problems: list[Problem]) -> str:
    """The last edit, or the first problem with its cure; the cards of the stages tell all of them."""
    if problems:
        first, more = problems[0], len(problems) - 1
        where = f"<b>{first.stage}</b> " if first.stage else ""
        rest = f' <span class="muted">And {more} more, said in the cards.</span>' if more else ""
        return (
            '<span class="c7-wrong">This design cannot be built.</span> '
            '<span class="muted">The figures are those of the last one that could.</span>'
            f"<br>{where}{escape(first.message)} {escape(first.cure)}{rest}"
        )
    if change := state.last_change():
        return change_html(change.label, change.before, state.valid_design())
    return (
        '<b>Toggle a stage.</b> <span class="muted">What the toggle does to the figures is said here, '
        "and every figure above shows its change. Pin a design to compare with it from then on.</span>"
    )


def change_html(edit: str, before: NetSpec, after: NetSpec) -> str:
    """An edit as a sentence, and each figure before and after it."""
    then, now = analyse(before), analyse(after)
    field = _from_to(then.receptive_field_before, now.receptive_field_before, "\u202fpx before pooling")
    if then.receptive_field_before == now.receptive_field_before:
        field = _from_to(then.receptive_field_total, now.receptive_field_total, "\u202fpx with pooling")
    figures = [
        ("receptive field", field),
        ("parameters", _from_to(then.parameters, now.parameters)),
        ("MACs", "" if then.macs == now.macs else f"{millions(then.macs)} → {millions(now.macs)}"),
    ]
    changed = [f"{what} {how}" for what, how in figures if how]
    same = [what for what, how in figures if not how]
    text = "; ".join(changed) if changed else "None of the figures changes"
    rest = f"; {' and '.join(same)} unchanged" if changed and same else ""
    return f"<b>{escape(capital(edit))}.</b> {capital(text)}{rest}."


def _from_to(then: int, now: int, unit: str = "") -> str:
    """The two values; nothing where they are the same."""
    return "" if then == now else f"{then:,} → {now:,}{unit}"
