"""The layer table: every step of the network with its map, its cost, its receptive field, and how they come.

Beside each number stands its difference to the design that is compared with; lines that came or went say so.
The figures of a line are made once, for the page and for paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from itertools import groupby

from cifar7.network import working
from cifar7.network.arithmetic import Analysis
from cifar7.ui.design.line_pairs import Pair, pairs
from cifar7.ui.design.marks import SIGNS, Mark, marks
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.words import terms
from cifar7.ui.words.summary import millions, shape_words

_COLUMNS = (
    Column("Output", "Channels × height × width of the map."),
    Column("Receptive field", terms.RECEPTIVE_FIELD),
    Column("r + d·(k−1)·jump", terms.WORKING),
    Column("Jump", terms.JUMP),
    Column("Parameters", terms.PARAMETERS),
    Column("MACs", terms.MACS),
)
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell: its text, its difference to the other design, and the arithmetic that leads to it."""

    text: str
    difference: str = ""
    working: str = ""
    long: bool = False  # the arithmetic may stand for the text where there is room for one of them

    def html(self, written: bool) -> str:
        """With `written`, the arithmetic stands below the text."""
        text = f'<small title="none">{_NONE}</small>' if self.text == _NONE else self.text
        steps = self.working.split("; ") if written and self.working else []
        colour = {"▲": " c7-more", "▼": " c7-less"}.get(self.difference[:1], "")  # only repeats the sign
        difference = f'<span class="diff{colour}">{self.difference}</span>' if self.difference else ""
        return text + difference + "".join(f'<span class="step">{escape(step)}</span>' for step in steps)

    def plain(self, written: bool) -> str:
        """With `written`, the arithmetic where there is one."""
        if written and self.long and self.working:
            return self.working
        was = self.difference.startswith("was")
        return f"{self.text} ({self.difference})" if was else f"{self.text} {self.difference}".rstrip()


def _figures(pair: Pair) -> tuple[Figure, ...]:
    """The figures of a line, a column each."""
    line, row = pair.line, pair.line.row
    then = pair.then if pair.now and pair.then else line
    other = then.row
    was = "" if other.output == row.output else f"was {shape_words(other.output)}"
    macs = millions(row.macs) if row.macs else _NONE
    parameters = f"{line.parameters:,}" if line.parameters else _NONE
    return (
        Figure(shape_words(row.output), was, working.side(row)),
        Figure(f"{row.receptive_field}", _difference(row.receptive_field, other.receptive_field)),
        Figure(line.working),
        Figure(f"{row.jump}", _difference(row.jump, other.jump), working.jump(row), long=True),
        Figure(parameters, _difference(line.parameters, then.parameters), line.parameters_words, long=True),
        Figure(macs, _difference(row.macs, other.macs, millions), working.macs(row), long=True),
    )


def _totals(analysis: Analysis, then: Analysis) -> tuple[Figure, ...]:
    """Receptive field before the pooling and with it, parameters, MACs."""
    before, total = analysis.receptive_field_before, analysis.receptive_field_total
    return (
        Figure(f"{before}", _difference(before, then.receptive_field_before)),
        Figure(f"{total}", _difference(total, then.receptive_field_total)),
        Figure(f"{analysis.parameters:,}", _difference(analysis.parameters, then.parameters)),
        Figure(millions(analysis.macs), _difference(analysis.macs, then.macs, millions)),
    )


def _difference(now: int, then: int, form: Callable[[int], str] = "{:,}".format) -> str:
    """A difference with its sign."""
    return "" if now == then else f"{'▲' if now > then else '▼'}\u202f{form(abs(now - then))}"


def layers_table(
    title: str, analysis: Analysis, every: bool, then: Analysis | None = None, written: bool = False
) -> Table:
    """The table as it stands on the page, for a picture of it."""
    body, stage = [], ""
    for pair in pairs(analysis, then, every):
        line = pair.line
        name = ", ".join(filter(None, [line.name, line.settings.replace(" · ", ", ")]))
        tag = "" if pair.fate == "kept" else f" ({pair.fate})"
        figures = [figure.plain(written) for figure in _figures(pair)]
        figures[2] = figures[2] or "stays"
        body.append((line.stage if line.stage != stage else "", name + tag, *figures))
        stage = line.stage
    before, total, parameters, macs = (figure.plain(False) for figure in _totals(analysis, then or analysis))
    body.append(("", "Total", "", f"{before} / {total}", "before pooling / with it", "", parameters, macs))
    return Table(title, (Column("Stage", text=True), Column("Layer", text=True), *_COLUMNS), tuple(body))


def table_html(
    analysis: Analysis, image_size: int, every: bool, then: Analysis | None = None, written: bool = False
) -> str:
    """The table as HTML: one line a convolution or pool, with `every` one a layer.

    `then`: what it is compared with. `written`: every number with the arithmetic that leads to it.
    """
    remarks = {id(analysis.rows[at]): here for at, here in marks(analysis.rows, image_size).items()}
    body, widest = "", max(analysis.receptive_field_total, image_size)
    both = pairs(analysis, then, every)
    for stage, group in groupby(both, key=lambda pair: pair.line.stage):
        members = list(group)
        head = f'<th class="stage" scope="rowgroup" rowspan="{len(members)}">{stage}</th>'
        for pair in members:
            style = " ".join(filter(None, ["first" * bool(head), "removed" * (pair.now is None)]))
            here = [mark for row in pair.now.rows for mark in remarks.get(id(row), [])] if pair.now else []
            name = f'<td class="text">{_name(pair, here)}</td>'
            body += f'<tr class="{style}">{head}{name}{_cells(pair, widest, image_size, written)}</tr>'
            head = ""
    before, total, parameters, macs = (figure.html(False) for figure in _totals(analysis, then or analysis))
    titles = "".join(f'<th scope="col" title="{escape(c.tip)}">{c.title}</th>' for c in _COLUMNS)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Layer table"><table class="c7-table">'
        f'<thead><tr><th></th><th class="text" scope="col">Layer</th>{titles}</tr></thead>'
        f'<tbody>{body}</tbody><tfoot><tr><th></th><th class="text">Total</th><td></td>'
        f'<td>{before} / {total}</td><td class="words">before pooling / with it</td><td></td>'
        f'<td>{parameters}</td><td title="{analysis.macs:,}">{macs}</td></tr></tfoot></table></div>'
    )


def _cells(pair: Pair, widest: int, image_size: int, written: bool) -> str:
    size, figures = pair.line.row.receptive_field, _figures(pair)
    cells = [f'<td title="{escape(figure.working)}">{figure.html(written)}</td>' for figure in figures]
    beyond = size > image_size and pair.now is not None
    part = 0.0 if pair.now is None else 100 * size / widest
    cells[1] = (
        f'<td class="field{" beyond" * beyond}" '
        f'title="{f"Wider than the image of {image_size} pixels." * beyond}" '
        f'style="--part: {part:.1f}%">{figures[1].html(written)}</td>'
    )
    cells[2] = f"<td>{figures[2].text or '<small>stays</small>'}</td>"
    return "".join(cells)


def _name(pair: Pair, remarks: list[Mark]) -> str:
    line = pair.line
    tag = "" if pair.fate == "kept" else f'<span class="tag">{pair.fate}</span>'
    note = f"<br><small>{escape(line.settings)}</small>" if line.settings else ""
    signs = "".join(
        f'<br><span class="mark {mark.kind}" title="{escape(mark.why)}">'
        f"{SIGNS[mark.kind]}\u202f{escape(mark.words)}</span>"
        for mark in remarks
    )
    return f"{escape(line.name)}{tag}{note}{signs}"
