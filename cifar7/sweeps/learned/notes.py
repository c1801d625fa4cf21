"""What must be said beside the findings of a sweep: what was left out, and how claims were decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cifar7.sweeps.definition import STOPS, Definition
from cifar7.sweeps.measured import Measured
from cifar7.sweeps.outcome import LEFT_OUT, Trial
from cifar7.wording import count, percent

# The chance of a false claim about any choice, and about any figure that follows from them. Where nothing
# matters both together are at most their sum (Bonferroni), below the 5 % that are promised.
LEVEL, FIGURE_LEVEL = 0.02, 0.02
WAITING = ("queued", "running", "paused")


def notes(
    definition: Definition, trials: Sequence[Trial], every: Measured, tested: bool, claimed: bool
) -> list[str]:
    """What limits what a sweep says. `tested`: anything was compared against luck; `claimed`: and passed."""
    said = []
    if not every.trials:
        said.append("No run has been trained to its end, so there is nothing to compare yet.")
    elif len(every.trials) == 1:
        said.append("One design alone has been trained to its end, so there is nothing to compare yet.")
    elif not every.repeated:
        said.append(
            "Each design was trained to its end with one seed: how far seeds alone spread is not known, and "
            "nothing is claimed. Repeat with two seeds or more to know."
        )
    elif not tested:
        said.append("There are too few designs to tell any choice from luck.")
    elif not claimed:
        said.append("Nothing that varied made a difference that luck does not explain.")
    runs = Counter(repeat.state for trial in trials for repeat in trial.repeats)
    if waiting := sum(runs[state] for state in WAITING):
        said.append(f"{count(waiting, 'run')} still to come: all of this may change.")
    if early := sum(trial.early for trial in trials):
        rule = STOPS[definition.stop].split(":")[0]
        said.append(
            f"{count(early, 'design')} of {len(trials)} stopped early ({rule}) and left out: an unfinished "
            "training does not compare with a finished one. Among those that stayed, differences are smaller "
            "than among all."
        )
    if runs["failed"]:
        said.append(f"{count(runs['failed'], 'run')} failed and left out.")
    if left_out := [trial for trial in trials if trial.state == LEFT_OUT]:
        said.append(
            f"{count(len(left_out), 'design')} not trained, the first for this: {left_out[0].obstacle}"
        )
    if definition.sampler == "tpe" and every.trials:
        said.append(
            "The sampler chose designs by what it had seen, and tried less often what looked bad: the least "
            "is known about what was tried seldom."
        )
    return said


def method(every: Measured, comparisons: int) -> str:
    """The tests, their level, and over how much it holds."""
    rows = (
        f"the {count(len(every.trial), 'run')} of a full grid, seeds as blocks"
        if every.crossed
        else f"{count(len(every.trials), 'design')}, each the mean over its seeds"
    )
    return (
        f"Held-out accuracy. Choices: least squares over {rows}, and Student's t (Montgomery, Design and "
        "Analysis of Experiments); ± is the 95 % interval of one comparison. Figures: the best cut between "
        "designs, by a permutation test that seeks the cut anew each time. Claimed is what passes Holm's "
        f"step-down (1979) over all {count(comparisons, 'comparison')}: choices at {percent(LEVEL, 0)} and "
        f"figures at {percent(FIGURE_LEVEL, 0)}. Where nothing matters, one sweep in "
        f"{1 / (LEVEL + FIGURE_LEVEL):.0f} at most claims anything."
    )
