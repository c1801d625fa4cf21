"""Whether a step's task is done, by live figures; and in words what is asked and how far one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from cifar7.data.library import short
from cifar7.network.arithmetic import Analysis
from cifar7.network.assignment import Achieved, measure
from cifar7.network.profiles import MEASURES, RELATIONS, RUN_MEASURES, SHARE, Requirement, quantity
from cifar7.training.config import OPTIONS
from cifar7.tutorials.alike import SAME, alike
from cifar7.tutorials.figures import Figures
from cifar7.tutorials.tutorial import (
    Asked,
    Condition,
    DesignTask,
    PairTask,
    Question,
    RunTask,
    Setting,
    Side,
    Step,
    Want,
)


@dataclass(frozen=True, slots=True)
class Situation:
    """The figures that decide. `answers`: given ones, by the question's place in the task, from 0."""

    analysis: Analysis  # of the last design that could be built
    runs: tuple[Figures, ...] = ()  # the person's own that came to their test, newest first
    under_way: bool = False  # whether one of them waits or is trained
    answers: Mapping[int, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """One condition as it stands. `passed` is None where there is nothing to measure yet."""

    asked: str
    has: str
    passed: bool | None
    parts: tuple[Tick, ...] = ()  # what makes it up, if it is more than one figure


def decide(step: Step, situation: Situation) -> tuple[Tick, ...]:
    """A tick for each condition of the step's task, in its order."""
    return tuple(_tick(condition, at, situation) for at, condition in enumerate(step.task))


def done(ticks: Sequence[Tick]) -> bool:
    """Whether the task is fulfilled."""
    return all(tick.passed is True for tick in ticks)


def _tick(condition: Condition, at: int, situation: Situation) -> Tick:
    if isinstance(condition, DesignTask):
        requirement = condition.asked.requirement
        value = measure(requirement.id, situation.analysis, Achieved())
        return _measured(condition.asked, value, "")
    if isinstance(condition, Question):
        return _answered(condition, situation.answers.get(at))
    look = _run if isinstance(condition, RunTask) else _pair
    return look(condition, situation.runs, situation.under_way)


def _measured(asked: Asked, value: float | None, missing: str) -> Tick:
    requirement = asked.requirement
    words = f"{_title(requirement, asked.classes)} {requirement.words}"
    if value is None:
        return Tick(words, missing, None)
    return Tick(words, _amount(requirement.id, value), requirement.holds(value))


def _title(requirement: Requirement, classes: Sequence[str]) -> str:
    return f"{requirement.title} {_listed(classes)}" if classes else requirement.title


def _amount(name: str, value: float) -> str:
    """A measured figure; a share below 0, as a gap may be, with its sign."""
    text = quantity(name, abs(value))
    return f"−{text}" if value < 0 and not text.startswith("0 ") else text


def _answered(question: Question, given: object) -> Tick:
    if given is None:
        return Tick(question.ask, "", None)
    right = question.right(given)
    return Tick(question.ask, (question.because or "Right.") if right else question.hint or "Not yet.", right)


@lru_cache(maxsize=512)  # the page asks with every click, and runs that have ended stay as they are
def _run(task: RunTask, runs: tuple[Figures, ...], under_way: bool) -> Tick:
    if not runs:
        has = "Your run is under way: its end decides." if under_way else "Needs a run: train it."
        return Tick("One run of yours", has, None, tuple(_want(want, None) for want in task.wants))
    ticks = [_wanted(task.wants, run) for run in runs]
    nearest = max(range(len(runs)), key=lambda at: (sum(t.passed is True for t in ticks[at]), -at))
    passed = all(tick.passed is True for tick in ticks[nearest])
    has = f"{runs[nearest].spec.name}, {'which has it all' if passed else 'the nearest so far'}"
    if under_way and not passed:
        has += "; another one is under way"
    return Tick("One run of yours", has, passed, ticks[nearest])


def _wanted(wants: Sequence[Want], run: Figures) -> tuple[Tick, ...]:
    return tuple(_want(want, run) for want in wants)


def _want(want: Want, run: Figures | None) -> Tick:
    if isinstance(want, Asked):
        value = run.value(want.requirement.id, want.classes) if run else None
        return _measured(want, value, "this run has no such figure" if run else "")
    if isinstance(want, Setting):
        option = OPTIONS[want.name]
        sign = "" if want.relation == "exactly" else f"{RELATIONS[want.relation][0]} "
        asked = f"{option.title}: {sign}{option.label(want.value)}"
        if run is None:
            return Tick(asked, "", None)
        value = getattr(run.config, want.name)
        return Tick(asked, option.label(value), RELATIONS[want.relation][1](value, want.value))  # type: ignore[arg-type]
    asked = f"Data set: {short(want.name)}"
    return Tick(asked, short(run.data), run.data == want.name) if run else Tick(asked, "", None)


@lru_cache(maxsize=512)
def _pair(task: PairTask, runs: tuple[Figures, ...], under_way: bool) -> Tick:
    fitting = [[run for run in runs if _fits(side, run)] for side in (task.first, task.second)]
    sides = tuple(
        Tick(f"One {side.called}", found[0].spec.name if found else "", True if found else None)
        for side, found in zip((task.first, task.second), fitting, strict=True)
    )
    pairs = [(a, b) for a, b in product(*fitting) if a is not b and _are_alike(task, a, b)]
    has = "" if pairs else _lacking(sides, under_way)
    asked = f"Two runs of yours{_likeness(task)}"
    if not task.measure:
        return Tick(asked, has, True if pairs else None, sides)
    higher = _higher(task, pairs)
    return Tick(asked, has, higher.passed if pairs else None, (*sides, higher))


def _likeness(task: PairTask) -> str:
    """As ": the same network, the same settings but for another seed"."""
    alike_in = ", ".join(SAME[name] for name in task.same)
    differ = " and ".join(f"another {OPTIONS[name].noun}" for name in task.differ)
    words = " but for ".join(filter(None, (alike_in, differ)))
    return f": {words}" if words else ""


def _higher(task: PairTask, pairs: Sequence[tuple[Figures, Figures]]) -> Tick:
    """The comparison, of the pair that does best in it."""
    name = task.measure
    title, unit = MEASURES.get(name) or RUN_MEASURES[name]
    by = quantity("gap" if unit == SHARE else name, task.by)
    title = f"{title} {_listed(task.classes)}" if task.classes else title
    asked = f"{title}: {task.first.called} at least {by} above {task.second.called}"
    if not task.by:
        asked = f"{title}: {task.first.called} no lower than {task.second.called}"
    values = [(a.value(name, task.classes), b.value(name, task.classes)) for a, b in pairs]
    known = [(a - b, a, b) for a, b in values if a is not None and b is not None]
    if not known:
        return Tick(asked, "", None)
    difference, a, b = max(known)
    return Tick(asked, f"{_amount(name, a)} and {_amount(name, b)}", difference >= task.by - 1e-9)


def _lacking(sides: Sequence[Tick], under_way: bool) -> str:
    if under_way:
        return "A run is under way: its end decides."
    if all(side.passed for side in sides):
        return "There is a run of each, but not otherwise alike."
    return "Needs both runs."


def _fits(side: Side, run: Figures) -> bool:
    return all(tick.passed is True for tick in _wanted(side.wants, run))


def _are_alike(task: PairTask, a: Figures, b: Figures) -> bool:
    if any(getattr(a.config, name) == getattr(b.config, name) for name in task.differ):
        return False
    specs, configs, data = (a.spec, b.spec), (a.config, b.config), (a.data, b.data)
    return all(alike(name, task.differ, specs, configs, data) for name in task.same)


def _listed(names: Sequence[str]) -> str:
    """As "cat, dog and frog"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
