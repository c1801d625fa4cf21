"""A lesson's file: what it may say, and what is said of one that is wrong."""

import json
import random

import pytest
from tutorials.written import lesson

from cifar7.errors import UserError
from cifar7.network.presets import preset
from cifar7.training.recipes import recipe
from cifar7.tutorials.reading import LARGEST, read_tutorial
from cifar7.tutorials.shape import TutorialError
from cifar7.tutorials.tutorial import Asked, OnData, PairTask, Question, RunTask, Setting


def test_every_field_is_read():
    found = read_tutorial(lesson())
    assert (found.name, found.title, found.about) == ("mine", "My lesson", "What it is about.")
    start = found.steps[0].start
    assert start.design == preset("starter")
    assert start.data == "shapes"
    # The recipe's settings, and of them one other: sprint has 3 epochs and mirrors alternately.
    assert (start.config.epochs, start.config.flip) == (2, recipe("sprint").config.flip)
    assert (found.steps[0].task[0].asked.requirement.id, found.steps[1].start) == ("receptive_field", None)
    (run,) = found.steps[1].task
    assert isinstance(run, RunTask)
    asked, protocol, epochs, data = run.wants
    assert isinstance(asked, Asked)
    assert asked.classes == ("blue", "red")
    assert protocol == Setting("protocol", "exactly", "holdout")
    assert epochs == Setting("epochs", "at most", 8)
    assert data == OnData("tiny")
    (pair,) = found.steps[2].task
    assert isinstance(pair, PairTask)
    assert (pair.measure, pair.by) == ("gap", 0.05)
    number, choice = found.steps[3].task
    assert isinstance(number, Question)
    assert number.right(0.7)
    assert number.right(0.63)
    assert not number.right(0.72)
    assert choice.right("that")
    assert not choice.right("this")
    assert not choice.right(1)


def test_the_file_that_is_given_out_is_the_one_that_was_read():
    found = read_tutorial(lesson())
    assert found.to_dict() == lesson()
    assert read_tutorial(json.loads(found.file())) == found


def test_a_steps_key_goes_with_its_task_alone():
    before, changed = lesson(), lesson()
    changed["steps"][0]["text"] = "Mended."
    changed["steps"][1]["task"][0]["run"][0]["limit"] = 0.6
    keys = [[step.key for step in read_tutorial(each).steps] for each in (before, changed)]
    assert [a == b for a, b in zip(*keys)] == [True, False, True, True]


RUN = {"id": "accuracy", "is": "at least", "limit": 0.8}
WRONG = {
    "version": (("version",), 2, "version is 2; this cifar7 reads 1"),
    "name": (("name",), "../x", "small letters, digits and hyphens"),
    "unknown": (("steps", 0, "colour"), "red", "step 1 has no field 'colour'; it takes title, text, task"),
    "no steps": (("steps",), [], "steps has 0; it takes a list of 1 to 12"),
    "long text": (("steps", 0, "text"), "x" * 801, "step 1: text has 801 characters; it takes"),
    "control": (("steps", 0, "title"), "a\x07", "step 1: title is"),
    "blank": (("steps", 0, "title"), "  ", "step 1: title is empty"),
    "no task": (("steps", 0, "task"), [], "step 1: task has 0"),
    "preset": (("steps", 0, "start", "design"), "startre", "Did you mean starter?"),
    "unbuildable": (("steps", 0, "start", "design"), {"version": 1, "name": "x", "stages": {}}, "C1, C2"),
    "recipe": (("steps", 0, "start", "recipe"), "slow", "step 1: start: there is no recipe 'slow'"),
    "setting": (("steps", 0, "start", "settings"), {"epoch": 3}, "there is no training setting 'epoch'"),
    "range": (("steps", 0, "start", "settings"), {"epochs": 0}, "from 1 to 1000"),
    "data": (("steps", 0, "start", "data"), "../cifar", "takes the name of an image set"),
    "empty start": (("steps", 0, "start"), {}, "step 1: start is empty"),
    "measure": (("steps", 0, "task", 0, "id"), "paramters", "condition 1: id is 'paramters'; it takes max"),
    "relation": (("steps", 0, "task", 0, "is"), "over", "it takes above, at least"),
    "limit": (("steps", 0, "task", 0, "limit"), -1, "it takes a number from 0 up"),
    "of a run": (("steps", 0, "task", 0), RUN, "'accuracy' is of a run; put it in a list"),
    "no form": (("steps", 0, "task", 0), {"is": "above"}, "is of no known form"),
    "no object": (("steps", 0, "task", 0), 7, "is 7; it takes an object"),
    "share": (("steps", 1, "task", 0, "run", 0, "limit"), 90, "it takes a share, as in 0.8 for 80 %"),
    "classes": (("steps", 1, "task", 0, "run", 0, "classes"), [], "classes has 0; it takes a list of"),
    "classes of": (("steps", 1, "task", 0, "run", 0, "id"), "accuracy", "only class_accuracy takes them"),
    "option": (("steps", 1, "task", 0, "run", 1, "setting"), "protocl", "it takes epochs, batch_size"),
    "choice": (("steps", 1, "task", 0, "run", 1, "value"), "both", "protocol takes holdout, test-each-epoch"),
    "order": (("steps", 1, "task", 0, "run", 1, "is"), "above", "protocol takes exactly"),
    "number": (("steps", 1, "task", 0, "run", 2, "value"), True, "epochs takes a number from 1 to 1000"),
    "same": (("steps", 2, "task", 0, "runs", "same"), ["seed"], "it takes data, settings, network"),
    "same twice": (("steps", 2, "task", 0, "runs", "same"), ["network", "network but dropout"], "twice"),
    "differ": (("steps", 2, "task", 0, "runs", "differ"), ["colour"], "differ names 'colour'"),
    "by": (("steps", 2, "task", 0, "runs", "higher", "by"), -0.1, "as in 0.02 for 2 points"),
    "answer": (("steps", 3, "task", 1, "answer"), "neither", "it takes one of choices, word for word"),
    "one choice": (("steps", 3, "task", 1, "choices"), ["that"], "choices has 1; it takes a list of 2"),
    "alike choices": (("steps", 3, "task", 1, "choices"), ["that", "that"], "the same one twice"),
    "no number": (("steps", 3, "task", 0, "answer"), "5", "answer is '5'; it takes a number"),
    "within": (("steps", 3, "task", 0, "within"), -1, "within is -1"),
    "twice": (("steps", 3, "task"), [{"id": "receptive_field", "is": "above", "limit": 44}],
              "step 4 has the same task as step 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_place_and_with_what_would_be_right(case):
    path, value, words = WRONG[case]
    data = lesson()
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    with pytest.raises(TutorialError) as caught:
        read_tutorial(data)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 900
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [None, [], "lesson", {}, {"version": 1}, 1e400, {"version": True}])
def test_what_is_no_lesson_is_refused(data):
    with pytest.raises(TutorialError):
        read_tutorial(data)


def test_one_that_is_too_large_or_too_deep_is_refused():
    large, deep = lesson(), lesson()
    large["steps"][0]["start"]["design"] = ["x" * LARGEST]
    with pytest.raises(TutorialError, match="60,000 is the most"):
        read_tutorial(large)
    nested = []
    for _ in range(5000):
        nested = [nested]
    deep["steps"][0]["task"] = nested
    with pytest.raises(TutorialError):
        read_tutorial(deep)


ODD = (
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x" * 3000,
    "\u202e",
    "../..",
    [],
    {},
    [[]],
    {"id": []},
)


def places(data, path=()):
    """Every place in a lesson's JSON."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def test_hostile_files_end_in_words_or_in_a_lesson():
    """Changes at random places: nothing but a UserError, and what is taken can be read again."""
    dice = random.Random(7)
    spots = sorted(places(lesson()), key=repr)
    taken = 0
    for _ in range(400):
        data = lesson()
        for path in dice.sample(spots, dice.choice((1, 1, 2))):
            inner = data
            try:
                for part in path[:-1]:
                    inner = inner[part]
                if dice.random() < 0.15 and isinstance(inner, dict):
                    inner.pop(path[-1], None)
                else:
                    inner[path[-1]] = dice.choice(ODD)
            except (KeyError, IndexError, TypeError):
                continue  # the first change took the place of the second away
        try:
            found = read_tutorial(data)
        except UserError:
            continue
        taken += 1
        assert read_tutorial(json.loads(found.file())) == found
    assert 10 < taken < 200
