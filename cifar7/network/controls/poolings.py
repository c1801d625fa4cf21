"""The pools of stages, and what the output stage O makes of the last map."""

from __future__ import annotations

from dataclasses import replace

from cifar7.network import edits
from cifar7.network.controls.toggle import Level, Toggle, Trials, stage_form
from cifar7.network.kinds import square
from cifar7.network.spec import CLASSIFIERS, NetSpec

GLOBAL = 0  # the size that stands for pooling the whole map
CLASSIFIER_TITLES = {"none": "nothing", "conv": "1×1 convolution", "linear": "linear layer"}
Pooling = tuple[str, int]  # which, and its size in pixels


def _switch_pool(spec: NetSpec, stage: str, on: bool) -> NetSpec:
    """A pool that comes is 2x2; one that is there stays as large as it is."""
    return edits.set_pool(spec, stage, (spec.stage(stage).pool or 2) if on else None)


def _pooling(spec: NetSpec, stage: str) -> Pooling:
    head = spec.output
    return (head.pooling, GLOBAL if head.pooling == "none" else head.pool or GLOBAL)


def _set_pooling(spec: NetSpec, stage: str, pooling: Pooling) -> NetSpec:
    which, size = pooling
    pool = spec.output.pool if which == "none" else size or None
    return replace(spec, output=replace(spec.output, pooling=which, pool=pool))


def pooling_title(pooling: Pooling) -> str:
    """The pooling of O on its control."""
    which, size = pooling
    if which == "none":
        return "none"
    return f"{which}, {'whole map' if size == GLOBAL else square(size)}"


POOLING = (
    Toggle(
        "pool", "Max-pool", "max-pool",
        "Keeps the largest value of each square of pixels: halves the map and doubles the jump.",
        stage_form(
            "switch", (True, False), lambda spec, stage: spec.stage(stage).pool is not None,
            _switch_pool,
            line=2,
            trials=Trials(
                lambda spec, place: [spec.stage(place.stage).pool is None],
                lambda on: f"max-pool {square(2)}" if on else "no pooling",
            ),
        ),
    ),
    Toggle(
        "pool_size", "Max-pool", "max-pool",
        "Side of the square of which the largest value is kept, in pixels; the map shrinks by that factor.",
        stage_form(
            "list", (2, 3, 4), lambda spec, stage: spec.stage(stage).pool, edits.set_pool,
            line=3, width=110, visible=lambda spec, place: spec.stage(place.stage).pool is not None,
        ),
        square,
    ),
    Toggle(
        "pool", "Pooling", "pooling",
        "Makes one number of each map: its average, or its largest value. Whole map: whatever its size is. "
        "The receptive field with pooling counts it. With none, a linear layer reads every value of the map.",
        stage_form(
            "list",
            (
                ("average", GLOBAL), ("max", GLOBAL), *(("average", size) for size in (2, 3, 4, 8)),
                ("none", GLOBAL),
            ),
            _pooling, _set_pooling, Level.OUTPUT, width=200,
        ),
        pooling_title,
    ),
    Toggle(
        "classifier", "After the pooling", "after the pooling",
        "What turns the averaged channels into one value a class. With nothing, the last unit before the "
        "pooling has to put out one channel a class.",
        stage_form(
            "buttons", CLASSIFIERS, lambda spec, stage: spec.output.classifier,
            lambda spec, stage, classifier: edits.set_classifier(spec, classifier), Level.OUTPUT,
        ),
        CLASSIFIER_TITLES.__getitem__,
    ),
    Toggle(
        "bias", "Bias of the classifier", "bias of the classifier",
        "A number that is added to each class's value: how usual the class is.",
        stage_form(
            "switch", (True, False), lambda spec, stage: spec.output.bias,
            lambda spec, stage, on: replace(spec, output=replace(spec.output, bias=on)), Level.OUTPUT,
            line=3, visible=lambda spec, place: spec.output.classifier != "none", rare=True,
        ),
    ),
)  # fmt: skip
