"""A lesson's texts and ticks as HTML. No streamlit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from cifar7.tutorials.deciding import Tick
from cifar7.tutorials.tutorial import Tutorial

_SIGNS = {True: ("yes", "✓", "done"), False: ("no", "✗", "not yet"), None: ("open", "·", "open")}
# All of Markdown that a lesson's text may use, after it was escaped.
_MARKS = (
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*\n]+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w*])\*(\w(?:[^*\n<]*\w)?)\*(?![\w*])"), r"<i>\1</i>"),
)


def text_html(text: str) -> str:
    """Paragraphs; `**bold**`, `*emphasis*` and code between backticks are not shown as they are written."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{_marked(part)}</p>" for part in paragraphs)


def _marked(text: str) -> str:
    marked = escape(text, quote=False).replace("\n", "<br>")
    for pattern, html in _MARKS:
        marked = pattern.sub(html, marked)
    return marked


def heading_html(tutorial: Tutorial, at: int, done: Sequence[bool]) -> str:
    """The lesson's name and a mark for each step: which are done, and at which one is."""
    dots = "".join(_dot(tutorial, number, is_done, number == at) for number, is_done in enumerate(done, 1))
    words = f"Step {at} of {len(done)}, {sum(done)} done"
    return (
        f'<div class="c7-lesson-head"><span class="of">{escape(tutorial.title)}</span>'
        f'<span class="dots" role="img" aria-label="{words}">{dots}</span></div>'
    )


def _dot(tutorial: Tutorial, number: int, is_done: bool, here: bool) -> str:
    style = " ".join(filter(None, ("dot", "done" * is_done, "here" * here)))
    tip = f"{number}. {tutorial.steps[number - 1].title}{' – done' if is_done else ''}"
    return f'<span class="{style}" title="{escape(tip, quote=True)}">{"✓" if is_done else number}</span>'


def step_html(tutorial: Tutorial, at: int) -> str:
    """Title and text of a step."""
    step = tutorial.steps[at - 1]
    return f'<div class="c7-lesson-step"><b>{at}. {escape(step.title)}</b>{text_html(step.text)}</div>'


def tick_html(tick: Tick) -> str:
    """One condition: its mark, what is asked, and how far one is."""
    parts = "".join(f"<li>{_line(part)}</li>" for part in tick.parts)
    return f'<div class="c7-tick">{_line(tick)}{f"<ul>{parts}</ul>" if parts else ""}</div>'


def _line(tick: Tick) -> str:
    style, sign, word = _SIGNS[tick.passed]
    has = f'<span class="has">{escape(tick.has)}</span>' if tick.has else ""
    return (
        f'<span class="c7-mark {style}" role="img" aria-label="{word}">{sign}</span>'
        f'<span class="asked">{escape(tick.asked)}</span>{has}'
    )


def line_html(at: int, steps: int, ticks: Sequence[Tick]) -> str:
    """The task in a line, for a narrow window, where the lesson itself has scrolled away."""
    shown = "".join(f"<span>{_line(Tick(tick.asked, tick.has, tick.passed))}</span>" for tick in ticks)
    return f'<div class="c7-lesson-line"><span class="at">Step {at} of {steps}</span>{shown}</div>'
