"""What a sweep says: findings in plain English, the best design, and what must not be read out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Value
from cifar7.sweeps.learned.effects import Effect, effects, shares
from cifar7.sweeps.learned.figures import Association, associations
from cifar7.sweeps.learned.inference import holm
from cifar7.sweeps.learned.notes import FIGURE_LEVEL, LEVEL, method, notes
from cifar7.sweeps.learned.phrases import FIGURE_NOUNS, Named, figure_value, lower, named, signed, with_figure
from cifar7.sweeps.learned.winner import Winner, winner
from cifar7.sweeps.measured import Measured, measured
from cifar7.sweeps.outcome import ALL_CLASSES, Judged, Trial
from cifar7.wording import capital, count, percent

NEAR = 0.97  # of the largest share of variance, from which on one is as good as equal


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison, and whether the spread allows a claim."""

    text: str
    judged: str  # the title of what was judged
    axis: str  # the name of an axis, or of a figure
    choice: Value  # of an axis; None for a range and for a figure
    cut: float | None  # of a range: above it; of a figure: it or more
    points: float | None  # percentage points of accuracy
    margin: float | None  # half the 95 % interval in points; None for a figure and without a spread
    p: float | None  # of this comparison alone
    adjusted: float | None  # by Holm, over all choices of the sweep or over all figures
    share: float  # of the variance between designs that the axis or the cut accounts for, 0..1
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All that a sweep says. Findings: the claimed first, then by size."""

    findings: tuple[Finding, ...]
    explained: tuple[str, ...]  # what matters most, one sentence for each thing that is judged
    winner: Winner | None
    notes: tuple[str, ...]  # what was not trained or not counted, and what therefore is not claimed
    method: str
    comparisons: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it says in few lines: what matters, every claim, the best design, then the notes."""
        claims = tuple(finding.text for finding in self.findings if finding.claimed)
        best = (self.winner.text,) if self.winner else ()
        return (*self.explained, *claims, *best, *self.notes)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "sentences": list(self.sentences)}


def report(
    definition: Definition, trials: Sequence[Trial], judged: Sequence[Judged] = (ALL_CLASSES,)
) -> Report:
    """What the trials of a sweep say about each of `judged`; at any time, also before all have ended."""
    axes = named([axis.name for axis in definition.axes], definition.spec)
    every = measured(definition, trials, ALL_CLASSES)
    views = [(each, every if each == ALL_CLASSES else measured(definition, trials, each)) for each in judged]
    findings: list[Finding] = []
    cuts: dict[tuple[str, str], Association] = {}
    for each, view in views:
        parts = shares(view) if view.trials else {}
        findings += [_choice(effect, each, axes[effect.axis], parts[effect.axis]) for effect in effects(view)]
        for association in associations(view):
            cuts[each.title, association.figure] = association
            findings.append(_figure(association, each))
    findings = _judge(findings)
    best = winner(trials, every, axes)
    comparisons = sum(finding.p is not None for finding in findings)
    explained = [
        sentence
        for each, view in views
        if (sentence := _explained(each, view, [f for f in findings if f.judged == each.title], cuts, axes))
    ]
    return Report(
        findings=tuple(findings),
        explained=tuple(explained),
        winner=best,
        notes=tuple(
            notes(definition, trials, every, comparisons > 0, any(finding.claimed for finding in findings))
        ),
        method=method(every, comparisons),
        comparisons=comparisons,
    )


def _choice(effect: Effect, judged: Judged, axis: Named, share: float) -> Finding:
    if effect.cut is None:
        subject = f"{axis.choice(effect.choice)} instead of {axis.value(effect.reference)}"
    else:
        subject = axis.above(effect.cut)
    if judged.classes:
        subject = f"on {lower(judged)}, {subject}"
    if effect.points is None:
        text = f"{capital(subject)}: always came with another choice, so nobody can tell"
    else:
        margin = "" if effect.margin is None else f" ± {effect.margin:.1f}"
        those = (
            f"over {count(effect.pairs, 'pair')}"
            if effect.pairs
            else f"({effect.designs[0]:,} and {count(effect.designs[1], 'design')})"
        )
        text = f"{capital(subject)}: {signed(effect.points)}{margin} points {those}"
    return Finding(
        text, judged.title, effect.axis, effect.choice, effect.cut,
        effect.points, effect.margin, effect.p, None, share,
    )  # fmt: skip


def _figure(association: Association, judged: Judged) -> Finding:
    who = f"{lower(judged)} come" if judged.classes else "the accuracy comes"
    upper, under = association.designs
    text = (
        f"{capital(with_figure(association.figure, association.cut))} {who} to "
        f"{percent(association.above, 1)}, with less to {percent(association.below, 1)} "
        f"({upper:,} and {count(under, 'design')})"
    )
    return Finding(
        text, judged.title, association.figure, None, association.cut,
        100 * (association.above - association.below), None, association.p, None, association.share,
    )  # fmt: skip


def _judge(findings: list[Finding]) -> list[Finding]:
    """The findings with the verdict of Holm's step-down, the claimed first.

    Choices and figures are two families of claims, each at a level of its own: a figure may matter where no
    single choice does, as a receptive field that either of two dilations makes large enough.
    """
    choices = _adjusted([finding for finding in findings if finding.axis not in FIGURE_NOUNS], LEVEL)
    figures = _adjusted([finding for finding in findings if finding.axis in FIGURE_NOUNS], FIGURE_LEVEL)
    return sorted(
        (*figures, *choices),
        key=lambda f: (not f.claimed, -round(abs(f.points or 0.0), 1), f.axis not in FIGURE_NOUNS),
    )


def _adjusted(findings: Sequence[Finding], level: float) -> list[Finding]:
    known = [place for place, finding in enumerate(findings) if finding.p is not None]
    chances = dict(zip(known, holm([findings[place].p or 0.0 for place in known]), strict=True))
    judged = []
    for place, finding in enumerate(findings):
        chance = chances.get(place)
        claimed = chance is not None and chance <= level
        end = "." if claimed or finding.points is None else ", may be luck."
        judged.append(replace(finding, adjusted=chance, claimed=claimed, text=finding.text + end))
    return judged


def _explained(
    judged: Judged,
    view: Measured,
    findings: Sequence[Finding],
    cuts: Mapping[tuple[str, str], Association],
    axes: Mapping[str, Named],
) -> str:
    """What accounts for most of the variance between designs, among what is claimed; empty if nothing is.

    Of figures and axes that are as good as equal the figure goes first: it is what the axes have in common.
    """
    found = {finding.axis: finding.share for finding in findings if finding.claimed}
    if not found:
        return ""
    most = max(found.values())
    equal = [name for name, share in found.items() if share >= NEAR * most]
    first = next((name for name in FIGURE_NOUNS if name in equal), max(equal, key=found.__getitem__))
    words = {**{name: axis.words for name, axis in axes.items()}, **FIGURE_NOUNS}
    rest = sorted((name for name in found if name != first), key=lambda name: -found[name])
    what = f"{lower(judged)} depend" if judged.classes else "the accuracy depends"
    by, twins = "its choices account", []
    if first in FIGURE_NOUNS:
        association = cuts[judged.title, first]
        by = f"a cut at {figure_value(first, association.cut)} accounts"
        twins = _twins(association, view, axes)
    after = f" (next, {words[rest[0]]}: {percent(found[rest[0]], 0)})" if rest else ""
    text = f"What {what} on most is {words[first]}: {by} for {percent(found[first], 0)} of the variance "
    text += f"between designs{after}."
    if twins:
        text += f" In this sweep that is the same cut as one between choices of {' and of '.join(twins)}."
    return text


def _twins(association: Association, view: Measured, axes: Mapping[str, Named]) -> list[str]:
    """The axes whose choices part the designs just as the cut of a figure does."""
    upper = set(association.upper)
    found = []
    for level in view.levels:
        sides: dict[int, set[bool]] = {}
        for trial, place in zip(view.trials, level.of.tolist()):
            sides.setdefault(place, set()).add(trial.number in upper)
        if all(len(side) == 1 for side in sides.values()):
            found.append(axes[level.axis.name].words)
    return found
