"""The layer table: every step of the network with its map, its cost, its receptive field, and how they come.

Beside each number stands its difference to the design that is compared with; lines that came or went say so.
The figures of a line are made once, for the page and for paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from cifar7.network import working
from cifar7.network.arithmetic import Analysis
from cifar7.ui.design.line_pairs import Pair, pairs
from cifar7.ui.design.marks import SIGNS, Mark, marks
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.words import terms
from cifar7.ui.words.lines import Line, lines
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
        return (
            text
            + _difference_html(self.difference)
            + "".join(f'<span class="step">{escape(step)}</span>' for step in steps)
        )

    def plain(self, written: bool) -> str:
        """With `written`, the arithmetic where there is one."""
        if written and self.long and self.working:
            return self.working
        was = self.difference.startswith("was")
        return self.text + (f" ({self.difference})" if was else f" {self.difference}" * bool(self.difference))


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


def _difference_html(difference: str) -> str:
    """A colour only repeats the sign."""
    colour = {"▲": " c7-more", "▼": " c7-less"}.get(difference[:1], "")
    return f'<span class="diff{colour}">{difference}</span>' if difference else ""


def layers_table(
    title: str, analysis: Analysis, every: bool, then: Analysis | None = None, written: bool = False
) -> Table:
    """The table as it stands on the page, for a picture of it."""
    body, stage = [], ""
    for pair in _pairs(analysis, every, then):
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


def _pairs(analysis: Analysis, every: bool, then: Analysis | None) -> list[Pair]:
    now = lines(analysis.rows, every)
    return pairs(now, now if then is None else lines(then.rows, every))


def table_html(
    analysis: Analysis, image_size: int, every: bool, then: Analysis | None = None, written: bool = False
) -> str:
    """The table as HTML: one line a convolution or pool, with `every` one a layer.

    `then`: what it is compared with. `written`: every number with the arithmetic that leads to it.
    """
    both = _pairs(analysis, every, then)
    marks_of = _marks_of([pair.now for pair in both if pair.now], analysis, image_size)
    body, widest = "", max(analysis.receptive_field_total, image_size)
    for stage, group in groupby(both, key=lambda pair: pair.line.stage):
        members = list(group)
        head = f'<th class="stage" scope="rowgroup" rowspan="{len(members)}">{stage}</th>'
        for at, pair in enumerate(members):
            style = " ".join(filter(None, ["first" if at == 0 else "", "removed" * (pair.now is None)]))
            body += f'<tr class="{style}">{head if at == 0 else ""}'
            body += _cells(pair, widest, image_size, marks_of.get(id(pair.now), []), written) + "</tr>"
    titles = "".join(f'<th scope="col" title="{escape(c.tip)}">{c.title}</th>' for c in _COLUMNS)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Layer table"><table class="c7-table">'
        f'<thead><tr><th></th><th class="text" scope="col">Layer</th>{titles}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot><tr>{_foot(analysis, then or analysis)}</tr></tfoot></table></div>"
    )


def _foot(analysis: Analysis, then: Analysis) -> str:
    before, total, parameters, macs = (figure.html(False) for figure in _totals(analysis, then))
    return (
        f'<th></th><th class="text">Total</th><td></td><td>{before} / {total}</td>'
        '<td class="words">before pooling / with it</td><td></td>'
        f'<td>{parameters}</td><td title="{analysis.macs:,}">{macs}</td>'
    )


def _marks_of(now: Sequence[Line], analysis: Analysis, image_size: int) -> Mapping[int, list[Mark]]:
    """The marks of each line, those of the layers that ride with it included."""
    by_row = {id(analysis.rows[at]): own for at, own in marks(analysis.rows, image_size).items()}
    return {
        id(line): [mark for row in (line.row, *line.followers) for mark in by_row.get(id(row), [])]
        for line in now
    }


def _cells(pair: Pair, widest: int, image_size: int, remarks: list[Mark], written: bool) -> str:
    size = pair.line.row.receptive_field
    beyond = size > image_size and pair.now is not None
    part = 0.0 if pair.now is None else 100 * size / widest
    tip = f"Wider than the image of {image_size} pixels." if beyond else ""
    output, field, how, *others = _figures(pair)
    return (
        f'<td class="text">{_name(pair, remarks)}</td>{_cell(output, written)}'
        f'<td class="field{" beyond" if beyond else ""}" title="{tip}" '
        f'style="--part: {part:.1f}%">{field.html(written)}</td>'
        f"<td>{how.text or '<small>stays</small>'}</td>{''.join(_cell(other, written) for other in others)}"
    )


def _cell(figure: Figure, written: bool) -> str:
    return f'<td title="{escape(figure.working)}">{figure.html(written)}</td>'


def _name(pair: Pair, remarks: list[Mark]) -> str:
    line = pair.line
    tag = "" if pair.fate == "kept" else f'<span class="tag">{pair.fate}</span>'
    note = f"<br><small>{escape(line.settings)}</small>" if line.settings else ""
    signs = "".join(
        f'<br><span class="mark {mark.kind}" title="{escape(mark.why, quote=True)}">'
        f"{SIGNS[mark.kind]}\u202f{escape(mark.words)}</span>"
        for mark in remarks
    )
    return f"{escape(line.name)}{tag}{note}{signs}"
