"""What a run's own figures say, in sentences of Markdown. No number here comes from anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt

import numpy as np

from cifar7.export.record import Record
from cifar7.export.wording import count, percent, plain, points

# Differences of accuracies from which on they are called so.
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
        *_sure(record),
    ]


def _gap(record: Record) -> Iterator[str]:
    trained = record.result.get("train_accuracy")
    compared = record.result.get(f"{record.watched}_accuracy")
    if trained is None or compared is None:
        return
    gap = trained - compared
    other = "held-out" if record.holds_out else "test"
    start = (
        f"It recognises {percent(trained)} of the training images and {percent(compared)} of the {other} ones"
    )
    if gap < 0:
        yield f"{start}: {points(gap)} more where it never learnt{_room(trained)}."
    elif gap < SOME_BY_HEART:
        yield f"{start}, {points(gap)} apart: it learns little by heart{_room(trained)}."
    elif gap < BY_HEART:
        yield f"{start}, {points(gap)} apart: some of it is learnt by heart."
    else:
        cures = ["dropout"] if not any(row.layer.kind == "dropout" for row in record.found.rows) else []
        cures += ["mirrored images"] if record.config.flip == "none" else []
        cures += ["crops"] if not record.config.crop_padding else []
        cures += ["fewer parameters"]
        yield f"{start}, {points(gap)} apart: it learns by heart. Worth a try: {' or '.join(cures)}."


def _room(trained: float) -> str:
    return ", and more epochs or channels have room" if trained < LEARNT else ""


def _course(record: Record) -> Iterator[str]:
    """How the accuracy went over the epochs."""
    seen = [(end["epoch"], end.get(f"{record.watched}_accuracy")) for end in record.epochs]
    known = [(epoch, accuracy) for epoch, accuracy in seen if accuracy is not None]
    if len(known) < 2:
        return
    other = "held-out" if record.holds_out else "test"
    best_epoch, best = max(known, key=lambda pair: pair[1])  # the first of equals
    (first_epoch, first), (last_epoch, last) = known[0], known[-1]
    if best == min(accuracy for _, accuracy in known):
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
    drop, epoch = max((before - after, at) for (_, before), (at, after) in pairwise(known))
    if drop >= SOME_BY_HEART:
        yield f"It is not a smooth way: epoch {epoch} cost {points(drop)}, its largest step back."


def _choice(record: Record) -> Iterator[str]:
    """How far the figure that chose the epoch, or the best of many readings, flatters."""
    test = record.result["test_accuracy"]
    if record.holds_out:
        held = record.result.get("heldout_accuracy")
        if held is not None and held != test:
            where = "above" if held > test else "below"
            by_chance = abs(held - test) < 2 * _deviation(record, held, test)
            why = "no more than chance makes of so many images" if by_chance else "more than chance explains"
            yield f"The held-out accuracy lies {points(held - test)} {where} the test accuracy: {why}."
        return
    read = [end["test_accuracy"] for end in record.epochs if end.get("test_accuracy") is not None]
    if read and max(read) > test:
        yield (
            f"The best of the {count(len(read), 'reading')} of the test images is {percent(max(read))}; "
            f"the result is the last one, {percent(test)}, as picking the best would flatter."
        )


def _deviation(record: Record, held: float, test: float) -> float:
    """The standard deviation of the difference of two shares of different images (binomial)."""
    sizes = record.started["heldout_images"], record.started["test_images"]
    return sqrt(sum(share * (1 - share) / max(size, 1) for share, size in zip((held, test), sizes)))


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


def _sure(record: Record) -> Iterator[str]:
    """Whether the probabilities that it gives can be believed."""
    predictions = record.predictions
    if not len(predictions):
        return
    sure, right = float(predictions.confidence.mean(dtype=np.float64)), predictions.accuracy
    start = f"On average it gives its answers to the test images a probability of {percent(sure)}"
    gap = sure - right
    if abs(gap) < SOME_BY_HEART:
        yield f"{start}, about as often as it is right: its probabilities can be believed."
    else:
        said = "surer of itself than it should be" if gap > 0 else "more careful than it need be"
        yield f"{start} and is right in {percent(right)}: {points(gap)} {said}."
