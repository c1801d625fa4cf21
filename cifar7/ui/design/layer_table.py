"""The layer table: every step of the network with its map, its cost, its receptive field, and how they come.

Beside each number stands its difference to the design that is compared with; lines that came or went say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import groupby

from cifar7.network import working
from cifar7.network.arithmetic import Analysis
from cifar7.ui.design.line_pairs import Pair, pairs
from cifar7.ui.design.marks import SIGNS, Mark, marks
from cifar7.ui.words import terms
from cifar7.ui.words.lines import Line, lines
from cifar7.ui.words.summary import millions, shape_words

_COLUMNS = (
    ("Output", "Channels × height × width of the map."),
    ("Receptive field", terms.RECEPTIVE_FIELD),
    ("r + d·(k−1)·jump", terms.WORKING),
    ("Jump", terms.JUMP),
    ("Parameters", terms.PARAMETERS),
    ("MACs", terms.MACS),
)


def table_html(
    found: Analysis, image_size: int, every: bool, then: Analysis | None = None, written: bool = False
) -> str:
    """The table as HTML: one line a convolution or pool, with `every` one a layer.

    `then`: what it is compared with. `written`: every number with the arithmetic that leads to it.
    """
    now = lines(found.rows, every)
    both = pairs(now, now if then is None else lines(then.rows, every))
    said = _marks_of(now, found, image_size)
    body, widest = "", max(found.receptive_field_total, image_size)
    for stage, group in groupby(both, key=lambda pair: pair.line.stage):
        own = list(group)
        head = f'<th class="stage" scope="rowgroup" rowspan="{len(own)}">{stage}</th>'
        for at, pair in enumerate(own):
            style = " ".join(filter(None, ["first" if at == 0 else "", "removed" * (pair.now is None)]))
            body += f'<tr class="{style}">{head if at == 0 else ""}'
            body += _cells(pair, widest, image_size, said.get(id(pair.now), []), written) + "</tr>"
    titles = "".join(f'<th scope="col" title="{escape(tip)}">{name}</th>' for name, tip in _COLUMNS)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Layer table"><table class="c7-table">'
        f'<thead><tr><th></th><th class="text" scope="col">Layer</th>{titles}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot><tr>{_totals(found, then)}</tr></tfoot></table></div>"
    )


def _totals(found: Analysis, then: Analysis | None) -> str:
    then = then or found
    before, total = found.receptive_field_before, found.receptive_field_total
    return (
        '<th></th><th class="text">Total</th><td></td>'
        f"<td>{before}{_diff(before, then.receptive_field_before)} / {total}"
        f"{_diff(total, then.receptive_field_total)}</td>"
        '<td class="words">before pooling / with it</td><td></td>'
        f"<td>{found.parameters:,}{_diff(found.parameters, then.parameters)}</td>"
        f'<td title="{found.macs:,}">{millions(found.macs)}{_diff(found.macs, then.macs, millions)}</td>'
    )


def _marks_of(now: list[Line], found: Analysis, image_size: int) -> Mapping[int, list[Mark]]:
    """The marks of each line, those of the layers that ride with it included."""
    by_row = {id(found.rows[at]): own for at, own in marks(found.rows, image_size).items()}
    return {
        id(line): [mark for row in (line.row, *line.followers) for mark in by_row.get(id(row), [])]
        for line in now
    }


def _cells(pair: Pair, widest: int, image_size: int, said: list[Mark], written: bool) -> str:
    line, row = pair.line, pair.line.row
    then = pair.then if pair.now and pair.then else line
    beyond = row.receptive_field > image_size and pair.now is not None
    part = 0.0 if pair.now is None else 100 * row.receptive_field / widest
    tip = f"Wider than the image of {image_size} pixels." if beyond else ""
    sides = [working.side(row), working.jump(row), line.parameters_words, working.macs(row)]
    side, jump, parameters, macs = [_step(text) if written else "" for text in sides]
    return (
        f'<td class="text">{_name(pair, said)}</td>'
        f'<td title="{escape(sides[0])}">{shape_words(row.output)}{_shape_diff(line, then)}{side}</td>'
        f'<td class="field{" beyond" if beyond else ""}" title="{tip}" '
        f'style="--part: {part:.1f}%">{row.receptive_field}'
        f"{_diff(row.receptive_field, then.row.receptive_field)}</td>"
        f"<td>{line.working or '<small>stays</small>'}</td>"
        f'<td title="{escape(sides[1])}">{row.jump}{_diff(row.jump, then.row.jump)}{jump}</td>'
        f'<td title="{escape(sides[2])}">{_count(line.parameters)}'
        f"{_diff(line.parameters, then.parameters)}{parameters}</td>"
        f'<td title="{escape(sides[3])}">{_short(row.macs)}'
        f"{_diff(row.macs, then.row.macs, millions)}{macs}</td>"
    )


def _name(pair: Pair, said: list[Mark]) -> str:
    line = pair.line
    tag = "" if pair.fate == "kept" else f'<span class="tag">{pair.fate}</span>'
    note = f"<br><small>{escape(line.settings)}</small>" if line.settings else ""
    told = "".join(
        f'<br><span class="mark {mark.kind}" title="{escape(mark.why, quote=True)}">'
        f"{SIGNS[mark.kind]}\u202f{escape(mark.words)}</span>"
        for mark in said
    )
    return f"{escape(line.name)}{tag}{note}{told}"


def _shape_diff(line: Line, then: Line) -> str:
    """A map that was another one before: what it was."""
    was, now = then.row.output, line.row.output
    return "" if was == now else f'<span class="diff">was {shape_words(was)}</span>'


def _diff(now: int, then: int, words: object = None) -> str:
    """A difference with its sign; the colour only repeats it."""
    if now == then:
        return ""
    amount = millions(abs(now - then)) if words is millions else f"{abs(now - then):,}"
    sign, colour = ("▲", "c7-more") if now > then else ("▼", "c7-less")
    return f'<span class="diff {colour}">{sign}\u202f{amount}</span>'


def _step(text: str) -> str:
    return "".join(f'<span class="step">{escape(part)}</span>' for part in text.split("; ")) if text else ""


def _short(number: int) -> str:
    return millions(number) if number else _count(number)


def _count(number: int) -> str:
    return f"{number:,}" if number else '<small title="none">–</small>'
