"""Reads what a step asks for: of the design, of a run, of two runs, or an answer.

    {"id": "parameters", "is": "below", "limit": 100000}                            of the design
    {"run": [{"id": "class_accuracy", "classes": ["cat", "dog"], "is": "at least", "limit": 0.9},
             {"setting": "protocol", "is": "exactly", "value": "holdout"}, {"data": "shapes"}]}
    {"runs": {"first": {"called": "without", "with": [{"id": "dropouts", "is": "exactly", "limit": 0}]},
              "second": {"called": "with dropout", "with": [{"id": "dropouts", "is": "above", "limit": 0}]},
              "same": ["data", "settings"], "differ": ["seed"], "higher": {"id": "gap", "by": 0.03}}}
    {"ask": "How wide is it?", "answer": 5, "within": 0, "unit": "pixels", "hint": "…", "because": "…"}
    {"ask": "Which one?", "choices": ["this", "that"], "answer": "that"}

`id` and `is` are those of an assignment; of a run, RUN_MEASURES as well.
"""

from __future__ import annotations

import re
from typing import Any

from cifar7.errors import UserError
from cifar7.fields import show
from cifar7.network.profiles import MEASURES, RELATIONS, RUN_MEASURES, read_requirement
from cifar7.training.config import OPTIONS
from cifar7.tutorials.alike import SAME
from cifar7.tutorials.shape import TutorialError, fields_of, items, text
from cifar7.tutorials.tutorial import (
    Asked,
    Condition,
    DesignTask,
    OnData,
    PairTask,
    Question,
    RunTask,
    Setting,
    Side,
    Want,
)

OF_A_DESIGN = {name: about for name, about in MEASURES.items() if name not in ("gpu", "accuracy")}
OF_A_RUN = {**MEASURES, **RUN_MEASURES}
MOST_WANTS, MOST_CLASSES, MOST_CHOICES = 8, 20, 6
_DATA = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_LARGEST_ANSWER = 1e12
_FORMS = ('"id" (of the design)', '"run"', '"runs"', '"ask"')


def read_condition(data: Any, where: str) -> Condition:
    """One condition of a task. Raises TutorialError."""
    if not isinstance(data, dict):
        raise TutorialError(f"{where} is {show(data)}", f"it takes an object with {' or '.join(_FORMS)}.")
    if "id" in data:
        if data["id"] in ("accuracy", "gpu", *RUN_MEASURES):
            raise TutorialError(
                f"{where}: {show(data['id'])} is of a run", 'put it in a list, as in {"run": [{"id": …}]}.'
            )
        return DesignTask(Asked(_requirement(data, where, OF_A_DESIGN)))
    if "run" in data:
        return RunTask(_wants(fields_of(data, where, ("run",))["run"], f"{where}: run"))
    if "runs" in data:
        return _pair(fields_of(data, where, ("runs",))["runs"], f"{where}: runs")
    if "ask" in data:
        return _question(data, where)
    raise TutorialError(f"{where} is of no known form", f"it takes an object with {' or '.join(_FORMS)}.")


def read_data(data: Any, where: str) -> str:
    """The name of an image set, which need not be on this machine."""
    if not isinstance(data, str) or not _DATA.fullmatch(data):
        raise TutorialError(
            f"{where}: data is {show(data)}", "it takes the name of an image set, as in shapes."
        )
    return data


def _wants(data: Any, where: str) -> tuple[Want, ...]:
    return tuple(
        _want(item, f"{where}, entry {n}") for n, item in enumerate(items(data, where, MOST_WANTS), 1)
    )


def _want(data: Any, where: str) -> Want:
    if isinstance(data, dict) and "setting" in data:
        return _setting(data, where)
    if isinstance(data, dict) and "data" in data:
        return OnData(read_data(fields_of(data, where, ("data",))["data"], where))
    if isinstance(data, dict) and "id" in data:
        rest = {name: value for name, value in data.items() if name != "classes"}
        requirement = _requirement(rest, where, OF_A_RUN)
        return Asked(requirement, _classes(data, where, requirement.id))
    raise TutorialError(f"{where} is {show(data)}", 'it takes an object with "id", "setting" or "data".')


def _requirement(data: dict[str, Any], where: str, among: dict[str, tuple[str, str]]) -> Any:
    try:
        return read_requirement(data, where, among)
    except UserError as error:
        raise TutorialError(str(error)) from None


def _classes(data: dict[str, Any], where: str, measure: str) -> tuple[str, ...]:
    if measure != "class_accuracy":
        if "classes" in data:
            raise TutorialError(f"{where} has classes", "only class_accuracy takes them.")
        return ()
    names = items(data.get("classes"), f"{where}: classes", MOST_CLASSES)
    return tuple(text(name, f"{where}: classes", 60) for name in names)


def _setting(data: dict[str, Any], where: str) -> Setting:
    values = fields_of(data, where, ("setting", "value"), ("is",))
    name, relation, value = values["setting"], values.get("is", "exactly"), values["value"]
    if not isinstance(name, str) or name not in OPTIONS:
        raise TutorialError(f"{where}: setting is {show(name)}", f"it takes {', '.join(OPTIONS)}.")
    option = OPTIONS[name]
    numeric = option.kind in ("whole", "decimal")
    relations = tuple(RELATIONS) if numeric else ("exactly",)
    if not isinstance(relation, str) or relation not in relations:
        raise TutorialError(f"{where}: is is {show(relation)}", f"{name} takes {', '.join(relations)}.")
    if numeric:
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        right, takes = right and option.low <= value <= option.high, f"a number {option.span}"
    elif option.kind == "flag":
        right, takes = isinstance(value, bool), "true or false"
    else:
        right, takes = isinstance(value, str) and value in option.choices, ", ".join(option.choices)
    if not right:
        raise TutorialError(f"{where}: value is {show(value)}", f"{name} takes {takes}.")
    return Setting(name, relation, value)


def _pair(data: Any, where: str) -> PairTask:
    values = fields_of(data, where, ("first", "second"), ("same", "differ", "higher"))
    same = _names(values.get("same", []), f"{where}: same", SAME)
    differ = _names(values.get("differ", []), f"{where}: differ", OPTIONS)
    if sum(name.startswith("network") for name in same) > 1:
        raise TutorialError(f"{where}: same speaks of the network twice", "name one of them.")
    sides = [_side(values[name], f"{where}: {name}") for name in ("first", "second")]
    if "higher" not in values:
        return PairTask(sides[0], sides[1], same, differ)
    at = f"{where}: higher"
    higher = fields_of(values["higher"], at, ("id", "by"), ("classes",))
    name, by = higher["id"], higher["by"]
    if not isinstance(name, str) or name not in OF_A_RUN:
        raise TutorialError(f"{at}: id is {show(name)}", f"it takes {', '.join(OF_A_RUN)}.")
    if not isinstance(by, (int, float)) or isinstance(by, bool) or not 0 <= by <= _LARGEST_ANSWER:
        raise TutorialError(
            f"{at}: by is {show(by)}", "it takes a number from 0 up, as in 0.02 for 2 points."
        )
    return PairTask(sides[0], sides[1], same, differ, name, _classes(higher, at, name), float(by))


def _side(data: Any, where: str) -> Side:
    values = fields_of(data, where, ("called", "with"))
    wants = tuple(
        _want(item, f"{where}, entry {n}")
        for n, item in enumerate(items(values["with"], f"{where}: with", MOST_WANTS, 0), 1)
    )
    return Side(text(values["called"], f"{where}: called", 60), wants)


def _names(data: Any, where: str, among: Any) -> tuple[str, ...]:
    for name in items(data, where, len(among), 0):
        if not isinstance(name, str) or name not in among:
            raise TutorialError(f"{where} names {show(name)}", f"it takes {', '.join(among)}.")
    return tuple(dict.fromkeys(data))


def _question(data: dict[str, Any], where: str) -> Question:
    values = fields_of(data, where, ("ask", "answer"), ("choices", "within", "unit", "hint", "because"))
    ask = text(values["ask"], f"{where}: ask", 300)
    hint, because = (text(values.get(name, ""), f"{where}: {name}", 300, 0) for name in ("hint", "because"))
    answer = values["answer"]
    if "choices" in values:
        if "within" in values or "unit" in values:
            raise TutorialError(f"{where} has choices and within or unit", "only a number takes these.")
        listed = items(values["choices"], f"{where}: choices", MOST_CHOICES, 2)
        choices = tuple(text(choice, f"{where}: choices", 120) for choice in listed)
        if len(set(choices)) < len(choices):
            raise TutorialError(f"{where}: choices has the same one twice", "each must be another one.")
        if not isinstance(answer, str) or answer not in choices:
            raise TutorialError(
                f"{where}: answer is {show(answer)}", "it takes one of choices, word for word."
            )
        return Question(ask, answer, choices, hint=hint, because=because)
    within = values.get("within", 0)
    for name, value in (("answer", answer), ("within", within)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not abs(value) <= _LARGEST_ANSWER or (name == "within" and value < 0):
            raise TutorialError(f"{where}: {name} is {show(value)}", "it takes a number; or give choices.")
    unit = text(values.get("unit", ""), f"{where}: unit", 20, 0)
    return Question(ask, float(answer), (), float(within), unit, hint, because)
