"""Events as they are written and read again, by this version and by others."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from cifar7.runs.files import plain
from cifar7.training.events import (
    Beat,
    EpochEnd,
    Event,
    Finished,
    Notice,
    Paused,
    RangeStep,
    Started,
)
from cifar7.training.lr_finding import Finding, find

FINISHED = Finished(
    "finished", "holdout", 2, 20, 2, 0.9, None, 0.8, 0.5, 65.0, 60.0, 1234.5, "CPU", "fp32", False, 0.0,
    np.ones((3, 2), np.float32), np.zeros(3, np.int64), {},
)  # fmt: skip
EVENTS = (
    Started("tiny", "holdout", "CPU, 2 cores", "fp32", 1, 2, 20, 10, 16, 160, 20, 30, 559, 0, 0.5),
    Beat(1, 2, 5, 20, 1.5, 0.25, 0.1, 1000.0, 8.0, 75.0),
    EpochEnd(1, 2, 10, 1.5, 0.25, 0.5, 1.2, 0.45, None, None, True, 0.1, 8.0),
    Notice(1, 3, "Two parts."),
    Paused(1, 2, 5, 20, 8.0),
    RangeStep(3, 120, 1e-4, 2.3),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_what_is_written_is_read_as_it_was(event: Event) -> None:
    line = json.dumps(plain(event.to_dict()))
    assert Event.from_dict(json.loads(line)) == event
    assert type(event).from_dict(json.loads(line)) == event


def test_weights_and_predictions_are_not_in_the_record() -> None:
    again = Event.from_dict(json.loads(json.dumps(FINISHED.to_dict())))
    assert isinstance(again, Finished)
    assert again.to_dict() == FINISHED.to_dict()
    assert (again.probabilities.size, again.labels.size, again.weights) == (0, 0, {})


def test_an_event_of_another_class_or_of_none_is_none() -> None:
    data = EVENTS[1].to_dict()
    assert Finished.from_dict(data) is None
    for other in (None, [], "beat", {}, {"event": "of a later version"}, {"event": ["beat"]}, {"step": 5}):
        assert Event.from_dict(other) is None


def test_fields_of_other_versions_do_no_harm() -> None:
    beat = Beat.from_dict({"event": "beat", "step": 5, "added later": 1})
    assert beat is not None
    assert (beat.step, beat.epoch) == (5, 0)
    assert math.isnan(beat.loss)
    end = EpochEnd.from_dict({"event": "epoch", "epoch": 1})
    assert end is not None
    assert (end.heldout_accuracy, end.best) == (None, False)


@pytest.mark.parametrize("value", ["5", [5], {"a": 5}, True, None])
def test_a_value_of_another_type_counts_as_missing(value: object) -> None:
    beat = Beat.from_dict({"event": "beat", "step": value, "loss": value})
    assert beat is not None
    assert beat.step == 0
    assert math.isnan(beat.loss)


def test_a_number_that_is_not_finite_stays_one() -> None:
    beat = Beat(1, 2, 5, 20, math.inf, 0.25, 0.1, 1000.0, 8.0, 75.0)
    again = Beat.from_dict(json.loads(json.dumps(plain(beat.to_dict()))))
    assert again is not None
    assert math.isnan(again.loss)


def test_a_finding_is_read_as_it_was_written() -> None:
    finding = find([(10.0 ** (-4 + i / 20), 2.3 - i / 100) for i in range(100)])
    data = json.loads(json.dumps({**finding.to_dict(), "seconds": 3.0}))
    assert Finding.from_dict(data) == finding
    for damaged in (None, {}, {**data, "rates": 5}, {**data, "losses": ["x"]}):
        assert Finding.from_dict(damaged) is None
