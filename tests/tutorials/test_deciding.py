"""Each kind of condition, by figures that were derived by hand."""

from dataclasses import replace

import pytest
import tiny
from tutorials.written import DROPPED, lay_run, with_task

from cifar7.network.arithmetic import analyse
from cifar7.network.edits import set_dropout
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs import people
from cifar7.tutorials.deciding import Situation, decide, done
from cifar7.tutorials.figures import own_runs

# Two 3x3 see 3 + 2 = 5 pixels before the pooling head. Weights: 3·4·9 + 4·4·9, and 4·10 of the linear layer;
# biases 4 + 4 + 10; scale and shift of two normalisations, 2·(4 + 4): 292 + 18 + 16.
TWO = NetSpec("two", (Stage((Unit(4), Unit(4))), Stage(), Stage(), Stage()), Head(classifier="linear"))


def ticks(*task, spec=TWO, home=None, by="", **more):
    runs = own_runs(home / "runs", by) if home else ((), False)
    return decide(with_task(*task), Situation(analyse(spec), *runs, **more))


ANN, BOB = "a" * 20, "b" * 20
FIELD = "receptive_field_before_pooling"


def asked(measure, relation, limit):
    return {"id": measure, "is": relation, "limit": limit}


@pytest.mark.parametrize(
    ("requirement", "words", "has", "passed"),
    [
        (asked(FIELD, "above", 4), "Receptive field before the pooling head > 4 px", "5 px", True),
        (asked(FIELD, "above", 5), "Receptive field before the pooling head > 5 px", "5 px", False),
        (asked("parameters", "below", 326), "Parameters < 326", "326", False),
        (asked("parameters", "at most", 326), "Parameters ≤ 326", "326", True),
        # 3·4·9·32² + 4·4·9·32² + 4·10
        (asked("macs", "exactly", 258_088), "MACs for one image = 258,088", "258,088", True),
        (asked("dropouts", "above", 0), "Dropout layers > 0", "0", False),
        (asked("grouped", "at least", 1), "Grouped convolutions ≥ 1", "0", False),
        (asked("seen", "exactly", 1), "Receptive field that some weight looks at = 100 %", "100 %", True),
    ],
)  # fmt: skip
def test_figures_of_the_design(requirement, words, has, passed):
    (tick,) = ticks(requirement)
    assert (tick.asked, tick.has, tick.passed) == (words, has, passed)


def test_groups_dropout_and_holes_are_counted():
    units = (Unit(4), Unit(4, kind="grouped", groups=2, dropout=0.25), Unit(4, kind="separable"))
    spec = replace(TWO, stages=(Stage(units), *TWO.stages[1:]))
    found = ticks(asked("grouped", "exactly", 1), asked("dropouts", "exactly", 1), spec=spec)
    assert done(found)  # the depthwise convolution has a group for each channel, and is not counted
    # One 3x3 with dilation 4 behind another: 9 + 8 = 17 pixels, of which every fourth is looked at, 5.
    holes = replace(TWO, stages=(Stage((Unit(4, dilation=4), Unit(4, dilation=4))), *TWO.stages[1:]))
    (tick,) = ticks(asked("seen", "exactly", 1), spec=holes)
    assert (tick.has, tick.passed) == ("29.41 %", False)  # 5 / 17


def test_a_question_waits_for_its_answer():
    task = [
        {"ask": "How wide?", "answer": 5, "hint": "More.", "because": "3 + 2."},
        {"ask": "Which?", "choices": ["a", "b"], "answer": "b"},
    ]
    assert [t.passed for t in ticks(*task)] == [None, None]
    wrong = ticks(*task, answers={0: 3.0, 1: "a"})
    assert [(t.passed, t.has) for t in wrong] == [(False, "More."), (False, "Not yet.")]
    right = ticks(*task, answers={0: 5.0, 1: "b"})
    assert [(t.passed, t.has) for t in right] == [(True, "3 + 2."), (True, "Right.")]
    assert not done(wrong)
    assert done(right)


ON_TINY = {"data": "tiny"}


def test_a_run_has_to_have_all_of_it(home):
    task = {
        "run": [
            {"id": "class_accuracy", "classes": ["blue", "red"], "is": "at least", "limit": 0.8},
            {"id": "heldout_accuracy", "is": "at least", "limit": 0.8},
            {"setting": "protocol", "value": "holdout"},
            ON_TINY,
        ]
    }
    (tick,) = ticks(task, home=home)
    assert (tick.passed, tick.has) == (None, "Needs a run: train it.")
    lay_run(home, right=(10, 10, 5))  # 15 of 20 blue and red ones are right
    (tick,) = ticks(task, home=home)
    assert not tick.passed
    assert tick.parts[0].has == "75 %"
    assert tick.parts[0].asked == "Test accuracy on blue and red ≥ 80 %"
    assert [part.passed for part in tick.parts] == [False, True, True, True]
    lay_run(home, right=(10, 0, 6), protocol="test-each-epoch")  # 16 of 20, but nothing was held out
    (tick,) = ticks(task, home=home)
    assert not tick.passed  # each run lacks something: the one that has most is shown
    lay_run(home, right=(10, 0, 6))
    (tick,) = ticks(task, home=home)
    assert tick.passed
    assert tick.parts[0].has == "80 %"
    assert "Tiny Net" in tick.has


def test_a_run_on_other_classes_has_no_such_figure(home):
    lay_run(home)
    (tick,) = ticks(
        {"run": [{"id": "class_accuracy", "classes": ["cat"], "is": "above", "limit": 0}]}, home=home
    )
    assert not tick.passed
    assert (tick.parts[0].passed, tick.parts[0].has) == (
        None,
        "this run has no such figure",
    )


def test_settings_and_design_of_a_run_count(home):
    lay_run(home, epochs=3)
    task = {
        "run": [
            {"setting": "epochs", "is": "at most", "value": 3},
            {"id": "epochs", "is": "exactly", "limit": 3},
            {"id": "dropouts", "is": "exactly", "limit": 0},
            {"id": "accuracy", "is": "exactly", "limit": 1},
            {"id": "gpu", "is": "exactly", "limit": 0},
        ]
    }
    (tick,) = ticks(task, spec=preset("shrimali"), home=home)  # the design on the page does not matter
    assert tick.passed
    assert tick.parts[0].asked == "Epochs: ≤ 3"


def test_runs_of_others_do_not_count(home, monkeypatch):
    def counted(by):
        return [run.result.train_accuracy for run in own_runs(home / "runs", by)[0]]

    lay_run(home, by=ANN, figures=(0.5, 0.4))
    lay_run(home, by=BOB, figures=(0.6, 0.4))
    (tick,) = ticks({"run": [{**asked("train_accuracy", "exactly", 0.6)}]}, home=home, by=ANN)
    assert (tick.passed, tick.parts[0].has) == (False, "50 %")
    assert (counted(ANN), counted(BOB), counted("")) == ([0.5], [0.6], [])
    lay_run(home, figures=(0.7, 0.4))  # on the command line
    assert sorted(counted(ANN)) == [0.5, 0.7]
    monkeypatch.setenv(people.TEACHER, "a secret of the class")
    assert counted(ANN) == [0.5]


def dropped(rate=0.5):
    return set_dropout(tiny.SPEC, "C1", rate)


PAIR = {
    "first": {"called": "without dropout", "with": [{"id": "dropouts", "is": "exactly", "limit": 0}]},
    "second": {"called": "with dropout", "with": [DROPPED]},
    "same": ["data", "settings", "network but dropout"],
    "higher": {"id": "gap", "by": 0.05},
}


def test_two_runs_are_compared(home):
    (tick,) = ticks({"runs": PAIR}, home=home)
    assert (tick.passed, tick.has) == (None, "Needs both runs.")
    lay_run(home, figures=(0.95, 0.80))  # a gap of 15 points
    lay_run(home, dropped(), figures=(0.85, 0.74))  # of 11: only 4 points less
    (tick,) = ticks({"runs": PAIR}, home=home)
    assert tick.passed is False
    assert tick.parts[2].has == "15 points and 11 points"
    assert tick.parts[2].asked == (
        "Gap between training and held-out accuracy: without dropout at least 5 points above with dropout"
    )
    lay_run(home, dropped(0.6), figures=(0.85, 0.75))  # of 10: just enough
    (tick,) = ticks({"runs": PAIR}, home=home)
    assert tick.passed
    assert tick.parts[2].has == "15 points and 10 points"


def test_two_runs_that_are_not_otherwise_alike_do_not_count(home):
    lay_run(home, figures=(0.95, 0.80))
    lay_run(home, dropped(), figures=(0.8, 0.8), seed=2)
    wide = tiny.SPEC.with_units("C1", (Unit(5, dropout=0.5),))
    lay_run(home, wide, figures=(0.8, 0.8))
    (tick,) = ticks({"runs": PAIR}, home=home)
    assert (tick.passed, tick.has) == (None, "There is a run of each, but not otherwise alike.")


def test_settings_that_have_to_differ(home):
    both = {"called": "of a seed", "with": []}
    task = {"runs": {"first": both, "second": both, "same": ["network", "settings"], "differ": ["seed"]}}
    lay_run(home)
    lay_run(home)
    (tick,) = ticks(task, home=home)
    assert not tick.passed  # twice the same seed
    lay_run(home, seed=2)
    (tick,) = ticks(task, home=home)
    assert tick.passed
    assert tick.asked == "Two runs of yours: the same network, the same settings but for another seed"
    lay_run(home, seed=3, epochs=4)
    (tick,) = ticks({"runs": {**task["runs"], "differ": ["seed", "epochs"]}}, home=home)
    assert tick.passed  # both of them differ


def test_a_run_that_is_under_way_is_told(home):
    from cifar7.runs.folder import RunFolder

    RunFolder.create(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    (tick,) = ticks({"run": [ON_TINY]}, home=home)
    assert (tick.passed, tick.has) == (None, "Your run is under way: its end decides.")


def test_a_damaged_run_harms_nobody(home):
    lay_run(home)
    broken = lay_run(home, seed=2)
    (broken.path / "spec.json").write_text("[")
    bare = lay_run(home, seed=3)
    (bare.path / "predictions.npz").write_bytes(b"PK")
    wants = [{"id": "class_accuracy", "classes": ["blue"], "is": "exactly", "limit": 1}]
    (tick,) = ticks({"run": wants}, home=home)
    assert tick.passed
