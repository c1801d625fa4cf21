"""What the figures of a run say, in sentences of Markdown. Every number here is in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt

import numpy as np

from cifar7.export.record import Record
from cifar7.export.wording import count, percent, plain, points

# Differences of accuracies, from which on a network is said to learn by heart, and some of it
BY_HEART, SOME_BY_HEART = 0.08, 0.02
LEARNT = 0.99  # of the training images: there is nothing left to learn
PAIRS = 3


def observations(record: Record) -> list[str]:
    """The sentences, the most telling first."""
    return [
        *_gap(record),
        *_course(record),
        *_choice(record),
        *_classes(record),
        *_pairs(record),
        *_confidence(record),
    ]


def _gap(record: Record) -> Iterator[str]:
    """How much better it is on what it learnt from."""
    training = record.result.get("train_accuracy")
    watched = record.result.get(f"{record.watched}_accuracy")
    if training is None or watched is None:
        return
    gap = training - watched
    other = "held-out" if record.holds_out else "test"
    start = (
        f"It recognises {percent(training)} of the training images and {percent(watched)} of the {other} ones"
    )
    if gap < 0:
        yield f"{start}: {points(gap)} more where it never learnt{_room(training)}."
    elif gap < SOME_BY_HEART:
        yield f"{start}, {points(gap)} apart: it learns little by heart{_room(training)}."
    elif gap < BY_HEART:
        yield f"{start}, {points(gap)} apart: some of it is learnt by heart."
    else:
        cures = ["dropout"] if not any(row.layer.kind == "dropout" for row in record.analysis.rows) else []
        cures += ["mirrored images"] if record.config.flip == "none" else []
        cures += ["crops"] if not record.config.crop_padding else []
        cures += ["fewer parameters"]
        yield f"{start}, {points(gap)} apart: it learns by heart. Worth a try: {' or '.join(cures)}."


def _room(training: float) -> str:
    return ", and more epochs or channels have room" if training < LEARNT else ""


def _course(record: Record) -> Iterator[str]:
    """How the accuracy went over the epochs."""
    readings = [(end["epoch"], end.get(f"{record.watched}_accuracy")) for end in record.epochs]
    course = [(epoch, accuracy) for epoch, accuracy in readings if accuracy is not None]
    if len(course) < 2:
        return
    other = "held-out" if record.holds_out else "test"
    best_epoch, best = max(course, key=lambda pair: pair[1])  # the first of equals
    (first_epoch, first), (last_epoch, last) = course[0], course[-1]
    if best == min(accuracy for _, accuracy in course):
        yield f"The {other} accuracy was {percent(best)} after every epoch."
        return
    start = f"The {other} accuracy went from {percent(first)} after epoch {first_epoch}"
    if best_epoch == last_epoch:
        yield f"{start} to {percent(last)} after the last one, its best: more epochs may still help."
    elif best_epoch == first_epoch:
        yield f"{start}, its best, to {percent(last)} after epoch {last_epoch}: it got no better."
    else:
        yield (
            f"{start} to its best, {percent(best)}, after epoch {best_epoch}; after the last one, "
            f"epoch {last_epoch}, it was {percent(last)}."
        )
    drop, epoch = max((before - after, at) for (_, before), (at, after) in pairwise(course))
    if drop >= SOME_BY_HEART:
        yield f"It is not a smooth way: epoch {epoch} cost {points(drop)}, its largest step back."


def _choice(record: Record) -> Iterator[str]:
    """How far the figure that chose the epoch, or the best of many readings, flatters."""
    test = record.result["test_accuracy"]
    if record.holds_out:
        heldout = record.result.get("heldout_accuracy")
        if heldout is not None and heldout != test:
            side = "above" if heldout > test else "below"
            by_chance = abs(heldout - test) < 2 * _deviation(record, heldout, test)
            cause = (
                "no more than chance makes of so many images" if by_chance else "more than chance explains"
            )
            yield f"The held-out accuracy lies {points(heldout - test)} {side} the test accuracy: {cause}."
        return
    readings = [end["test_accuracy"] for end in record.epochs if end.get("test_accuracy") is not None]
    if readings and max(readings) > test:
        yield (
            f"The best of the {count(len(readings), 'reading')} of the test images is "
            f"{percent(max(readings))}; the result is the last one, {percent(test)}, as picking the best "
            "would flatter."
        )


def _deviation(record: Record, heldout: float, test: float) -> float:
    """The standard deviation of the difference of two shares of different images (binomial)."""
    sizes = record.started["heldout_images"], record.started["test_images"]
    return sqrt(sum(share * (1 - share) / max(size, 1) for share, size in zip((heldout, test), sizes)))


def _classes(record: Record) -> Iterator[str]:
    shares, names = record.predictions.class_accuracy(), record.predictions.classes
    if np.isnan(shares).all():
        return
    weakest, strongest = int(np.nanargmin(shares)), int(np.nanargmax(shares))
    if shares[weakest] == shares[strongest]:
        yield f"Every class is recognised equally often: {percent(float(shares[weakest]))}."
        return
    yield (
        f"Recognised best: {plain(names[strongest])}, {percent(float(shares[strongest]))}. "
        f"Least: {plain(names[weakest])}, {percent(float(shares[weakest]))}."
    )


def _pairs(record: Record) -> Iterator[str]:
    names, sizes = record.predictions.classes, record.predictions.confusion().sum(axis=1)
    pairs = [
        f"{plain(names[true])} taken for {plain(names[predicted])} ({number:,} of {sizes[true]:,})"
        for true, predicted, number, _ in record.predictions.confused_pairs(PAIRS)
    ]
    if pairs:
        yield f"Confused most often: {', '.join(pairs)}."
    else:
        yield "It confused no two classes on the test images."


def _confidence(record: Record) -> Iterator[str]:
    """Whether its probabilities are as high as it is often right."""
    predictions = record.predictions
    if not len(predictions):
        return
    confidence, accuracy = float(predictions.confidence.mean(dtype=np.float64)), predictions.accuracy
    start = f"On average it gives its answers to the test images a probability of {percent(confidence)}"
    gap = confidence - accuracy
    if abs(gap) < SOME_BY_HEART:
        yield f"{start}, about as often as it is right: its probabilities can be believed."
    else:
        verdict = "surer of itself than it should be" if gap > 0 else "more careful than it need be"
        yield f"{start} and is right in {percent(accuracy)}: {points(gap)} {verdict}."
