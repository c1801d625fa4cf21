"""The designs of a sweep as a table: the best first, some hundreds shown, all of them to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cifar7.sweeps.learned.phrases import Named
from cifar7.sweeps.outcome import Judged, Trial, score
from cifar7.ui.explore.points import Point, points
from cifar7.ui.files.tables import Column, Table, Value
from cifar7.ui.words.wording import duration, percent
from cifar7.wording import capital

MOST_SHOWN = 500
ON_PAPER = 40  # rows of the picture


def table(
    trials: Sequence[Trial], axes: Mapping[str, Named], judged: Judged, title: str, most: int | None = None
) -> Table:
    """A row a design: the trained ones by accuracy, then those stopped early, then those left out."""
    by_number = {point.trial.number: point for point in points(trials, judged)}
    ranked = sorted(trials, key=lambda trial: _rank(trial, by_number.get(trial.number)))[:most]
    columns = (
        Column("Trial", "As in the names of its runs."),
        *(Column(capital(named.words), text=True) for named in axes.values()),
        Column("Held-out accuracy", "Mean over its seeds; of one stopped early, what it had by then."),
        Column("Spread", "Standard deviation between its seeds, in points."),
        Column("Parameters"),
        Column("MACs"),
        Column("Receptive field", "Pixels, before the pooling at the end."),
        Column("A training"),
        Column("What came of it", text=True),
    )
    shown = tuple(_cells(trial, axes, by_number.get(trial.number)) for trial in ranked)
    values = tuple(_values(trial, axes, judged, by_number.get(trial.number)) for trial in ranked)
    return Table(title, columns, shown, values)


def _rank(trial: Trial, point: Point | None) -> tuple[int, float, int]:
    if point is None:
        return (3 if trial.obstacle else 2, 0.0, trial.number)
    return (int(point.early), -point.accuracy, trial.number)


def _cells(trial: Trial, axes: Mapping[str, Named], point: Point | None) -> tuple[str, ...]:
    spread = point.spread if point else None
    return (
        str(trial.number + 1),
        *(named.value(trial.values.get(name)) for name, named in axes.items()),
        percent(point.accuracy if point else None),
        "–" if spread is None else f"{100 * spread:.1f}",
        f"{trial.parameters:,}",
        f"{trial.macs:,}",
        f"{trial.receptive_field} px",
        duration(trial.seconds, tenths_below=60),
        outcome(trial),
    )


def _values(
    trial: Trial, axes: Mapping[str, Named], judged: Judged, point: Point | None
) -> tuple[Value, ...]:
    """The same, exact."""
    scores = [score(repeat, judged) for repeat in trial.complete]
    spread = point.spread if point and any(scores) else None
    return (
        trial.number + 1,
        *(_exact(trial.values.get(name), named) for name, named in axes.items()),
        point.accuracy if point else None,
        None if spread is None else 100 * spread,
        trial.parameters,
        trial.macs,
        trial.receptive_field,
        trial.seconds,
        outcome(trial),
    )


def _exact(value: object, named: Named) -> Value:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return named.value(value)  # type: ignore[arg-type]


def outcome(trial: Trial) -> str:
    """What came of it, in few words."""
    if trial.obstacle:
        return f"left out: {trial.obstacle}"
    if trial.early:
        return f"stopped early at epoch {max(repeat.epochs for repeat in trial.repeats)}"
    if trial.complete:
        return "trained" if len(trial.complete) == len(trial.repeats) else "trained, not with all seeds"
    return trial.state
