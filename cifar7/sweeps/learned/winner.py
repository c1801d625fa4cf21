"""The best design of a sweep, its price, and which others nobody can tell from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar7.sweeps.learned.inference import student_quantile
from cifar7.sweeps.learned.phrases import Named, price, together
from cifar7.sweeps.measured import Measured
from cifar7.sweeps.outcome import Trial, ranked
from cifar7.wording import count, percent

CHANCE = 0.05  # of telling any design from an equal best one


@dataclass(frozen=True, slots=True)
class Winner:
    """The trial with the highest mean held-out accuracy among those with the most seeds."""

    number: int
    heldout: float  # 0..1
    spread: float | None  # standard deviation between its seeds, 0..1; None for one
    seeds: int
    test: float | None  # test accuracy 0..1, if it was read
    parameters: int
    macs: int
    seconds: float | None  # a training
    fulfilled: bool | None  # the assignment
    second: int | None  # the number of the next best trial
    alike: tuple[int, ...]  # trials that cannot be told from it, best first; all of them with one seed
    smallest: int  # among it and those: the number of the trial with the fewest parameters
    text: str


def winner(trials: Sequence[Trial], measured: Measured, axes: Mapping[str, Named]) -> Winner | None:
    """None where no trial was trained to its end. `measured`: the same trials, on all classes.

    Others are alike if the difference stays within Student's t with the spread between seeds pooled over all
    trials, at CHANCE over all of them (Bonferroni).
    """
    rank = [(trial, trial.heldout or 0.0) for trial in ranked(trials)]
    if not rank:
        return None
    (best, heldout), others = rank[0], rank[1:]
    seeds = len(best.complete)
    reach = _reach(measured, seeds, len(others))
    alike = [trial for trial, other in others if heldout - other <= reach]
    smallest = min([best, *alike], key=lambda trial: trial.parameters)
    return Winner(
        number=best.number,
        heldout=heldout,
        spread=best.spread,
        seeds=seeds,
        test=best.test,
        parameters=best.parameters,
        macs=best.macs,
        seconds=best.seconds,
        fulfilled=best.fulfilled,
        second=others[0][0].number if others else None,
        alike=tuple(trial.number for trial in alike),
        smallest=smallest.number,
        text=" ".join(_sentences(best, rank, alike, smallest, seeds, axes)),
    )


def _reach(measured: Measured, seeds: int, others: int) -> float:
    """By how much two equal designs may differ; infinite where no spread is known."""
    variance, freedom = measured.within(seeds)
    if not freedom or not others:
        return math.inf
    return student_quantile(freedom, CHANCE / others) * math.sqrt(2 * variance)


def _sentences(
    best: Trial,
    rank: Sequence[tuple[Trial, float]],
    alike: Sequence[Trial],
    smallest: Trial,
    seeds: int,
    axes: Mapping[str, Named],
) -> list[str]:
    spread = "" if best.spread is None else f", spread {100 * best.spread:.1f}"
    said = [
        f"Best by held-out accuracy: trial {best.number + 1} ({together(best.values, axes)}) with "
        f"{percent(best.heldout, 1)} over {count(seeds, 'seed')}{spread}, "
        f"{price(best.parameters, best.macs, best.seconds)}."
    ]
    if best.test is not None:
        said.append(f"On the test images, which did not choose it: {percent(best.test, 1)}.")
    if best.fulfilled is False:
        kept = next((trial for trial, _ in rank if trial.fulfilled), None)
        better = (
            f"; the best that does is trial {kept.number + 1}, {percent(kept.heldout, 1)}" if kept else ""
        )
        said.append(f"It does not fulfil the assignment{better}.")
    if len(rank) > 1:
        second, heldout = rank[1]
        behind = 100 * (rank[0][1] - heldout)
        said.append(
            f"Next is trial {second.number + 1}, {behind:.1f} points behind, with "
            f"{price(second.parameters, second.macs, second.seconds)}."
        )
    if seeds == 1 and len(rank) > 1:
        said.append("With one seed each, another seed may put another design first.")
    elif alike:
        said.append(
            f"{count(len(alike), 'other design')} cannot be told from it by {count(seeds, 'seed')}; "
            + (
                "of all these it has the fewest parameters."
                if smallest is best
                else f"of all these trial {smallest.number + 1} has the fewest parameters: "
                f"{smallest.parameters:,}, at {percent(smallest.heldout, 1)}."
            )
        )
    return said
