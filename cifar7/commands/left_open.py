"""What the text of a network leaves open, for `import`: questions with numbers, and the answers given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cifar7.imports.graph import IMAGE, Graph
from cifar7.imports.networks import Imported, imported
from cifar7.imports.reading import choices, chosen
from cifar7.imports.wiring import call_name, fork_words, forks, rewired, setting_words, summed, sums

Pairs = Sequence[tuple[int, int]]
SHOWN = 4  # answers to a question before the rest is only counted


def answered(graph: Graph, choose: Pairs) -> Graph:
    """The graph with those answers: number of a call and of an answer, both from 1.

    Raises UnreadableError for numbers that there are not.
    """
    answers = {call - 1: number - 1 for call, number in choose}
    parted = {at: pick for at, pick in answers.items() if at in forks(graph)}
    return chosen(rewired(graph, parted), {at: n for at, n in answers.items() if at not in parted})


def settled(reading: Imported, choose: Pairs, added: Pairs) -> Imported:
    """The reading with answers and sums: numbers of an earlier call, 0 for the image, and of a later one.

    Raises UnreadableError for numbers that there are not, or a network that cannot be said.
    """
    graph = answered(reading.graph, choose)
    graph = summed(graph, {end - 1: start - 1 if start else IMAGE for start, end in added})
    return imported(graph) if choose or added else reading


def questions(graph: Graph) -> dict[int, tuple[str, ...]]:
    """Of each call that is left open: its answers in words, as it is read first."""
    found: dict[int, tuple[str, ...]] = {}
    for at, options in forks(graph).items():
        found[at] = tuple(fork_words(graph, at, fork) for fork in options)
    for at, fitting in choices(graph).items():
        found[at] = tuple(setting_words(settings, fitting) for settings in fitting)
    return dict(sorted(found.items()))


def question_data(graph: Graph) -> list[dict[str, Any]]:
    """The questions as plain data; `call` is the number that --choose takes."""
    return [
        {"call": at + 1, "name": call_name(graph, at), "line": graph.nodes[at].line or None, "answers": words}
        for at, words in questions(graph).items()
    ]


def open_lines(graph: Graph, everything: bool) -> Iterator[str]:
    """The questions for people; with `everything` all answers, and the sums that there may be."""
    found = questions(graph)
    if found:
        yield "\nOpen, and read as the first of each; --choose CALL=N takes another" + (
            ":" if everything else ", --open lists them all:"
        )
    for at, words in found.items():
        yield f" {at + 1:>3}  {call_name(graph, at)}: {len(words)} fit"
        if everything or at in forks(graph):
            shown = words if everything else words[:SHOWN]
            yield from (f"      {number:>3}  {word}" for number, word in enumerate(shown, 1))
    if everything and (possible := sums(graph)):
        yield "\nA sum such as x + f(x) has no row; --sum FROM:TO adds it, where both are of one size:"
        for end, starts in possible.items():
            calls = ", ".join(f"{start + 1} {call_name(graph, start)}" for start in starts[:SHOWN])
            more = f", {len(starts) - SHOWN} more" if len(starts) > SHOWN else ""
            yield f" {end + 1:>3}  {call_name(graph, end)}: from {calls}{more}"
