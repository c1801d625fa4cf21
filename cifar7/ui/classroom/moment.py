"""What goes on in the class at this moment, as HTML for the projector. No streamlit.

Names are other people's text and are escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from cifar7.runs.listing.index import Entry
from cifar7.runs.status import Status
from cifar7.tutorials.progress import Progress
from cifar7.ui.classroom import learners
from cifar7.ui.classroom.standings import Line, on_front
from cifar7.ui.words.progress import progress_words, share_done
from cifar7.ui.words.wording import ago, count, percent

MOST_TRAINED, MOST_NEW = 4, 6  # lines


def title(images: str, lines: Sequence[Line]) -> str:
    """The heading: which images, and how many runs of how many people."""
    if not lines:
        return '<div class="c7-hall"><h1>No result yet</h1></div>'
    people = len({line.by or line.person for line in lines} - {""})
    of = f" of {people} people" if people > 1 else ""
    told = f"{count(len(lines), 'run')}{of}"
    return f'<div class="c7-hall"><h1>{escape(images)}<small>{told}</small></h1></div>'


def alt(lines: Sequence[Line]) -> str:
    """The drawing for those who do not see it."""
    front = "; ".join(
        f"{line.who}: {line.parameters:,} parameters, {percent(line.accuracy)}" for line in on_front(lines)
    )
    return f"Parameters against test accuracy of {count(len(lines), 'run')}. Pareto front: {front or 'none'}."


@dataclass(frozen=True, slots=True)
class Moment:
    """What the sections tell of: all runs, the tested ones on the images shown, and the names by ids."""

    entries: Sequence[Entry]
    lines: Sequence[Line]
    names: Mapping[str, str]
    now: float  # seconds since 1970
    learners: Sequence[Progress] = ()  # who is in the lesson

    def who(self, entry: Entry) -> str:
        """Person and design of a run, escaped."""
        status = entry.status
        person = self.names.get(status["by"], status["by_name"])
        return escape(f"{person} · {status['name']}" if person else status["name"])


def html(moment: Moment) -> str:
    """Every section that has something to say."""
    return f'<div class="c7-hall">{"".join(section(moment) for section in SECTIONS)}</div>'


def _training(moment: Moment) -> str:
    """The runs that go on, with bars."""
    running = [entry for entry in moment.entries if entry.status["state"] == "running"]
    bars = "".join(_bar(moment.who(entry), entry.status) for entry in running[:MOST_TRAINED])
    more = len(running) - MOST_TRAINED
    rest = f'<p class="more">and {more} more</p>' if more > 0 else ""
    return _section("Training now", bars + rest if running else '<p class="more">nobody</p>')


def _bar(who: str, status: Status) -> str:
    part = 100 * share_done(status)
    return (
        f'<p><b>{who}</b></p><p class="more">{progress_words(status)}</p>'
        f'<div class="track" role="progressbar" aria-label="Progress of {who}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{part:.0f}"><div style="width: {part:.1f}%"></div></div>'
    )


def _waiting(moment: Moment) -> str:
    waiting = sum(entry.status["state"] == "queued" for entry in moment.entries)
    return _section("Waiting", f"<p><b>{count(waiting, 'run')}</b></p>") if waiting else ""


def _newest(moment: Moment) -> str:
    newest = sorted(moment.lines, key=lambda line: -line.ended)[:MOST_NEW]
    lines = "".join(
        f"<li><span><b>{percent(line.accuracy)}</b> {escape(line.who)}</span>"
        f'<span class="more">{ago(moment.now - line.ended)}</span></li>'
        for line in newest
    )
    return _section("Newest results", f"<ul>{lines}</ul>") if lines else ""


def _lesson(moment: Moment) -> str:
    """Who is where in the lesson."""
    if not moment.learners:
        return ""
    title = escape(moment.learners[0].title)
    return _section(f"Lesson: {title}", learners.lines_html(moment.learners, moment.names))


# In the order in which they are drawn; one that has nothing to say is "".
SECTIONS: tuple[Callable[[Moment], str], ...] = (_training, _waiting, _lesson, _newest)


def _section(heading: str, body: str) -> str:
    return f"<section><h2>{heading}</h2>{body}</section>"
