"""The layer table: every step of the network with its map, its cost and its receptive field."""

from __future__ import annotations

from html import escape
from itertools import groupby

from cifar7.network import steps
from cifar7.network.arithmetic import Analysis
from cifar7.ui import terms
from cifar7.ui.lines import Line, lines
from cifar7.ui.summary import millions, shape_words

_COLUMNS = (
    ("Output", "Channels × height × width of the map."),
    ("Receptive field", terms.RECEPTIVE_FIELD),
    ("r + d·(k−1)·jump", terms.WORKING),
    ("Jump", terms.JUMP),
    ("Parameters", terms.PARAMETERS),
    ("MACs", terms.MACS),
)


def table_html(found: Analysis, image_size: int, every: bool) -> str:
    """The table as HTML: one line a convolution or pool, with `every` one a layer."""
    body, widest = "", max(found.receptive_field_total, image_size)
    for stage, group in groupby(lines(found.rows, every), key=lambda line: line.stage):
        own = list(group)
        head = f'<th class="stage" scope="rowgroup" rowspan="{len(own)}">{stage}</th>'
        for at, line in enumerate(own):
            body += f"<tr{' class=first' if at == 0 else ''}>{head if at == 0 else ''}"
            body += _cells(line, widest, image_size) + "</tr>"
    titles = "".join(f'<th scope="col" title="{escape(tip)}">{name}</th>' for name, tip in _COLUMNS)
    return (
        '<div class="c7-scroll" tabindex="0" role="region" aria-label="Layer table"><table class="c7-table">'
        f'<thead><tr><th></th><th class="text" scope="col">Layer</th>{titles}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot><tr><th></th><th class=text>Total</th><td></td>"
        f"<td>{found.receptive_field_before} / {found.receptive_field_total}</td>"
        "<td class=words>before pooling / with it</td><td></td>"
        f'<td>{found.parameters:,}</td><td title="{found.macs:,}">{millions(found.macs)}</td></tr>'
        "</tfoot></table></div>"
    )


def _cells(line: Line, widest: int, image_size: int) -> str:
    row = line.row
    note = f"<br><small>{escape(line.settings)}</small>" if line.settings else ""
    beyond = row.receptive_field > image_size
    tip = f"Wider than the image of {image_size} pixels." if beyond else ""
    return (
        f'<td class="text">{escape(line.name)}{note}</td>'
        f'<td title="{escape(steps.side(row))}">{shape_words(row.output)}</td>'
        f'<td class="field{" beyond" if beyond else ""}" title="{tip}" '
        f'style="--part: {100 * row.receptive_field / widest:.1f}%">{row.receptive_field}</td>'
        f"<td>{line.working or '<small>stays</small>'}</td>"
        f'<td title="{escape(steps.jump(row))}">{row.jump}</td>'
        f'<td title="{escape(line.parameters_words)}">{_count(line.parameters)}</td>'
        f'<td title="{escape(steps.macs(row))}">{_short(row.macs)}</td>'
    )


def _short(number: int) -> str:
    return millions(number) if number else _count(number)


def _count(number: int) -> str:
    return f"{number:,}" if number else '<small title="none">–</small>'
