"""Runs that are paused, saved and gone on with, in memory."""

from __future__ import annotations

import numpy as np
import torch
from toys import network

from cifar7.training import checkpoint
from cifar7.training.engine import Training

TIMES = {"seconds", "seconds_left", "seconds_training", "images_per_second"}
STEPS = 18  # two epochs of nine
RECIPES = [
    {"precision": "fp32"},
    {"precision": "bf16", "flip": "random", "crop_padding": 2},
    {"rotation": 15, "scaling": 20, "flip": "random", "crop_padding": 2},
    {"optimiser": "adamw", "lr": 0.005, "averaging": 0.9, "label_smoothing": 0.1},
    {"optimiser": "muon", "lr": 0.02, "precision": "fp32"},
    {"flip": "alternating", "cutout": 8, "protocol": "test-each-epoch", "schedule": "step", "step_epochs": 1},
    {"momentum": 0.0, "nesterov": False, "test_flip": True, "schedule": "cosine"},
]


def at(batch, word="pause"):
    """A control that says `word` before batch number `batch` of its run, counted from 0."""
    asked = iter(range(10_000))
    return lambda: word if next(asked) >= batch else None


def run(config, data, **how):
    training = Training(network(), data, config, beat_seconds=0.0, **how)
    return training, list(training.events())


def ends(events):
    """What is said after each epoch and at the end, save for times."""
    return [
        {key: value for key, value in event.to_dict().items() if key not in TIMES}
        for event in events
        if event.kind in ("epoch", "finished")
    ]


def through_a_file(training, folder):
    torch.save(training.checkpoint(), folder / "checkpoint.pt")
    return checkpoint.load(folder / "checkpoint.pt")


def assert_same_end(found, expected):
    for name, value in expected.weights.items():
        assert torch.equal(found.weights[name], value), name
    assert np.array_equal(found.probabilities, expected.probabilities)
