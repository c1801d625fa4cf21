"""The strip on every page: the design, its figures and their change, the data set, the device, the run."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.assignment import Verdict
from cifar7.network.problems import problems
from cifar7.network.spec import NetSpec
from cifar7.ui.assignment import card
from cifar7.ui.assignment.card_html import counted, marks_html
from cifar7.ui.shell import state
from cifar7.ui.strip import run_line, sweep_line
from cifar7.ui.tutorial import panel
from cifar7.ui.words import device, terms
from cifar7.ui.words.summary import millions


@dataclass(frozen=True, slots=True)
class Against:
    """What the figures are compared with, and where the design came from."""

    baseline: NetSpec
    origin: NetSpec
    pinned: bool = False


def strip(page: str = "") -> None:
    """Draw it, and keep it in view; `page`: the path of the page that is open."""
    with st.container(key="strip", gap="xsmall"):
        info = state.data_info()
        place = (info.title, device.words(state.run_id()))
        against = Against(state.baseline(), state.origin(), state.pinned() is not None)
        verdicts, _ = card.verdicts()
        st.html(strip_html(state.design(), state.valid_design(), against, place, verdicts))
        run_line.draw()
        sweep_line.draw(page)
        panel.line()


def strip_html(
    spec: NetSpec, valid: NetSpec, against: Against, place: tuple[str, str], verdicts: list[Verdict]
) -> str:
    """The figures of `valid`, greyed where `spec` is another that cannot be built; `place`: data, device."""
    now, then = analyse(valid), analyse(against.baseline)
    broken = valid is not spec and bool(problems(spec))
    changed = spec != against.baseline
    star = '<abbr title="Changed since the start.">*</abbr>' if spec != against.origin else ""
    if broken:
        about = '<span class="c7-wrong">cannot be built</span>'
    elif against.pinned:
        about = "compared with the pinned design" if changed else "the pinned design"
    else:
        about = f"compared with {escape(against.baseline.name)}" if changed else "not changed yet"
    macs = difference(now.macs, then.macs, "more", "fewer", as_share=True)
    state_class = " stale" if broken else "" if changed else " same"
    return (
        f'<div class="c7-strip{state_class}" role="group" aria-label="Figures of the design">'
        f'<div class="title"><div class="name">{escape(spec.name)}{star}</div>'
        f'<div class="delta">{about}</div></div>'
        + _parameters(now, then)
        + _field(now, then)
        + _figure("MACs for one image", terms.MACS, millions(now.macs), "", macs)
        + '<div class="marks"><div class="label">Assignment</div>'
        f'<div class="value">{marks_html(verdicts)}</div>'
        f'<div class="delta">{counted(verdicts)} fulfilled</div></div>'
        + '<div class="place"><div class="label">Data set and device</div>'
        f'<div class="value">{escape(place[0])}</div><div class="delta">{escape(place[1])}</div></div></div>'
    )


def _parameters(now: Analysis, then: Analysis) -> str:
    budget = state.required("parameters")
    share = (
        f"{100 * now.parameters / budget.limit:.1f}\u202f% of {millions(int(budget.limit))}" if budget else ""
    )
    delta = difference(now.parameters, then.parameters, "more", "fewer")
    return _figure("Parameters", terms.PARAMETERS, f"{now.parameters:,}", share, delta)


def _field(now: Analysis, then: Analysis) -> str:
    pooled = any(row.layer.head for row in now.rows)
    total = f"px, {now.receptive_field_total} with pooling" if pooled else "px, no pooling at its end"
    before = difference(now.receptive_field_before, then.receptive_field_before, "px wider", "px narrower")
    if now.receptive_field_before == then.receptive_field_before:
        more, less = "px wider with pooling", "px narrower with pooling"
        before = difference(now.receptive_field_total, then.receptive_field_total, more, less)
    return _figure("Receptive field", terms.RECEPTIVE_FIELD, str(now.receptive_field_before), total, before)


def _figure(label: str, tip: str, value: str, aside: str, delta: str) -> str:
    small = f' <small class="share">{aside}</small>' if aside else ""
    return (
        f'<div class="figure"><div class="label"><abbr title="{escape(tip)}">{label}</abbr></div>'
        f'<div class="value">{value}{small}</div><div class="delta">{delta}</div></div>'
    )


def difference(now: int, then: int, more: str, less: str, *, as_share: bool = False) -> str:
    """A change in sign, number and words; the colour only repeats them. `as_share`: of what it was, in %."""
    if now == then:
        return "unchanged"
    sign, word, colour = ("▲", more, "c7-more") if now > then else ("▼", less, "c7-less")
    amount = f"{abs(now - then):,}"
    if as_share:
        share = 100 * abs(now - then) / then
        amount = f"{share:.0f}\u202f%" if share >= 1 else f"{share:.1g}\u202f%"
    return f'<span class="{colour}">{sign}\u202f{amount} {word}</span>'
