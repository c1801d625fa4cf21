"""The assignment card as HTML: the marks in a line, and the whole card. No streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cifar7.network.assignment import Verdict
from cifar7.ui.files.tables import Column, Table

SIGNS = {True: ("yes", "✓", "fulfilled"), False: ("no", "✗", "not fulfilled"), None: ("open", "·", "open")}


def counted(verdicts: Sequence[Verdict]) -> str:
    """How many are fulfilled, as "6 of 8"."""
    return f"{sum(v.passed is True for v in verdicts)} of {len(verdicts)}"


def sentence(verdicts: Sequence[Verdict]) -> str:
    """As "Assignment: 6 of 8 fulfilled. Not fulfilled: Max-pools. Open until a run: Test accuracy." """
    parts = [f"Assignment: {counted(verdicts)} fulfilled."]
    for passed, label in ((False, "Not fulfilled"), (None, "Open until a run")):
        titles = [verdict.requirement.title for verdict in verdicts if verdict.passed is passed]
        if titles:
            parts.append(f"{label}: {', '.join(titles)}.")
    return " ".join(parts)


def marks_html(verdicts: Sequence[Verdict]) -> str:
    """One small mark for each requirement, with the sentence as text alternative."""
    marks = "".join(_mark(v.passed, f"{v.requirement.title}: {v.words}") for v in verdicts)
    alt = escape(sentence(verdicts), quote=True)
    return f'<span class="c7-marks" role="img" aria-label="{alt}">{marks}</span>'


def card_html(verdicts: Sequence[Verdict]) -> str:
    """The card: each requirement with its limit, the measured value, the verdict, and what to change."""
    body = "".join(_line(v) for v in verdicts)
    return (
        '<table class="c7-verdicts"><thead><tr><th scope="col">Requirement</th>'
        '<th scope="col" class="limit">Asked</th><th scope="col">Measured</th><th scope="col">Verdict</th>'
        f"</tr></thead><tbody>{body}</tbody></table>"
    )


def card_table(verdicts: Sequence[Verdict], title: str) -> Table:
    """The card as a table for downloads, with a column of advice if there is any."""
    advised = any(v.advice for v in verdicts)
    heads = ("Requirement", "Asked", "Measured", "Verdict", *(["What to change"] if advised else []))
    return Table(
        f"{title}: {counted(verdicts)} fulfilled",
        tuple(Column(head, text=True) for head in heads),
        tuple(
            (v.requirement.title, v.requirement.words, v.words, SIGNS[v.passed][2])
            + ((v.advice,) if advised else ())
            for v in verdicts
        ),
    )


def _line(verdict: Verdict) -> str:
    requirement = verdict.requirement
    title, limit = escape(requirement.title), escape(requirement.words)
    value, _, aside = verdict.words.partition(" (")
    note = f"<small>{escape(aside.removesuffix(')'))}</small>" if aside else ""
    advice = f'<small class="advice">{escape(verdict.advice)}</small>' if verdict.advice else ""
    return (
        f'<tr><th scope="row">{title}<small class="asked">{limit} asked</small>{advice}</th>'
        f'<td class="limit">{limit}</td><td class="has">{escape(value)}{note}</td>'
        f'<td class="c7-word">{_mark(verdict.passed)}{SIGNS[verdict.passed][2]}</td></tr>'
    )


def _mark(passed: bool | None, tip: str = "") -> str:
    style, sign, word = SIGNS[passed]
    title = f' title="{escape(f"{tip} – {word}", quote=True)}"' if tip else ""
    return f'<span class="c7-mark {style}" aria-hidden="true"{title}>{sign}</span>'
