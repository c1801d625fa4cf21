"""How much each axis matters for being among the best, and which designs no other one beats."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from random import Random

from cifar7.results.front import front as front_of
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import SweepError
from cifar7.sweeps.learned.figures import FIGURES
from cifar7.sweeps.outcome import ALL_CLASSES, Judged, Trial, score

PRICES = ("parameters", "macs", "seconds")
FEWEST = 5  # trials; of fewer the best few say nothing
BEST = 5  # trials at least that count as the best, where there are enough; else half of all
LARGEST = 0.5
MOST = 2000  # trials; of more, so many are drawn: a study copies each


def importances(
    definition: Definition, trials: Sequence[Trial], judged: Judged = ALL_CLASSES
) -> dict[str, float]:
    """The importance of each axis, together 1, the largest first; empty with fewer than FEWEST trials.

    PED-ANOVA of optuna: how differently an axis is set in the best tenth of the trials than in all (Watanabe,
    Bansal and Hutter, IJCAI 2023). A share, without an error: whether an axis matters at all is for `words`.
    """
    known = [
        (trial, accuracy)
        for trial in trials
        if (accuracy := _accuracy(trial, judged)) is not None
        and all(axis.name in trial.values for axis in definition.axes)
    ]
    if len(known) < FEWEST or len({accuracy for _, accuracy in known}) == 1:
        return {}
    if len(known) > MOST:
        known = Random(0).sample(known, MOST)
    import optuna

    from cifar7.sweeps.study import distribution

    distributions = {axis.name: distribution(axis) for axis in definition.axes}
    names = tuple(distributions)
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        optuna.trial.create_trial(
            params={name: trial.values[name] for name in names}, distributions=distributions, value=accuracy
        )
        for trial, accuracy in known
    )
    best = min(LARGEST, max(0.1, BEST / len(known)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few trials: it says so, and the page does
        return dict(
            optuna.importance.get_param_importances(
                study, evaluator=optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best)
            )
        )


def front(trials: Sequence[Trial], price: str = "parameters", judged: Judged = ALL_CLASSES) -> list[int]:
    """The numbers of the trials that no other one beats in accuracy and in `price`, the cheapest first.

    Raises SweepError for a price that is none of PRICES.
    """
    if price not in PRICES:
        raise SweepError(f"{price!r:.40} is no price; there are {', '.join(PRICES)}")
    points, numbers = [], []
    for trial in trials:
        cost, accuracy = FIGURES[price](trial), _accuracy(trial, judged)
        if cost is not None and accuracy is not None:
            points.append((cost, accuracy))
            numbers.append(trial.number)
    return [numbers[place] for place in front_of(points)]


def _accuracy(trial: Trial, judged: Judged) -> float | None:
    """Mean accuracy 0..1 over the complete repeats; None without any."""
    scores = [value for repeat in trial.complete if (value := score(repeat, judged)) is not None]
    return math.fsum(scores) / len(scores) if scores and not trial.obstacle else None
