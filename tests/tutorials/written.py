"""A small lesson, as a teacher writes it, for the tests to change, and runs with given figures."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import tiny

from cifar7.results.predictions import Predictions
from cifar7.runs import queue
from cifar7.runs.files import read_json, replace_json
from cifar7.tutorials.reading import read_tutorial
from cifar7.tutorials.tutorial import Step, Tutorial

NOT_DROPPED = {"id": "dropouts", "is": "exactly", "limit": 0}
DROPPED = {"id": "dropouts", "is": "above", "limit": 0}
LESSON: dict[str, Any] = {
    "version": 1,
    "name": "mine",
    "title": "My lesson",
    "about": "What it is about.",
    "steps": [
        {
            "title": "Look further",
            "text": "A **square** of the image.",
            "start": {"design": "starter", "data": "shapes", "recipe": "sprint", "settings": {"epochs": 2}},
            "task": [{"id": "receptive_field", "is": "above", "limit": 44}],
        },
        {
            "title": "Train it",
            "text": "One run.",
            "task": [
                {"run": [
                    {"id": "class_accuracy", "classes": ["blue", "red"], "is": "at least", "limit": 0.5},
                    {"setting": "protocol", "value": "holdout"},
                    {"setting": "epochs", "is": "at most", "value": 8},
                    {"data": "tiny"},
                ]}
            ],
        },
        {
            "title": "Compare",
            "text": "Two runs.",
            "task": [
                {"runs": {
                    "first": {"called": "without dropout", "with": [NOT_DROPPED]},
                    "second": {"called": "with dropout", "with": [DROPPED]},
                    "same": ["data", "settings", "network but dropout"],
                    "higher": {"id": "gap", "by": 0.05},
                }}
            ],
        },
        {
            "title": "Answer",
            "text": "Two questions.",
            "task": [
                {"ask": "How many?", "answer": 0.67, "within": 0.04, "unit": "points", "hint": "Less.",
                 "because": "Yes."},
                {"ask": "Which?", "choices": ["this", "that"], "answer": "that"},
            ],
        },
    ],
}  # fmt: skip


def lesson() -> dict[str, Any]:
    """A copy to change."""
    return copy.deepcopy(LESSON)


def with_task(*task: Any) -> Step:
    """The step of a lesson with this task alone."""
    return tutorial([list(task)]).steps[0]


def tutorial(tasks: list[list[Any]], name: str = "mine") -> Tutorial:
    """A lesson with a step for each task."""
    steps = [{"title": f"Step {n}", "text": "Do it.", "task": task} for n, task in enumerate(tasks, 1)]
    return read_tutorial({"version": 1, "name": name, "title": "My lesson", "steps": steps})


def lay_run(home, spec=tiny.SPEC, right=(10, 10, 10), by="", figures=(0.9, 0.8), **settings):
    """A finished run on `tiny`, `right` of 10 test pictures of each class; training and held-out accuracy."""
    claim = queue.start_here(home / "runs", spec, tiny.config(**settings), "tiny")
    labels = np.repeat(np.arange(3), 10)
    predicted = np.concatenate(
        [np.where(np.arange(10) < good, k, (k + 1) % 3) for k, good in enumerate(right)]
    )
    predictions = Predictions(np.eye(3, dtype=np.float32)[predicted], labels, tiny.CLASSES)
    claim.save_predictions(predictions)
    protocol = settings.get("protocol", "holdout")
    result = {
        "event": "finished", "state": "finished", "protocol": protocol, "epochs": settings.get("epochs", 2),
        "train_accuracy": figures[0], "heldout_accuracy": figures[1] if protocol == "holdout" else None,
        "test_accuracy": sum(right) / 30, "seconds": 1.0,
    }  # fmt: skip
    claim.end("finished", result=result)
    claim.release()
    if by:
        file = claim.run.path / "status.json"
        replace_json(file, {**read_json(file), "by": by})
    return claim.run
