"""What happens in a run, as it goes on. Plain data: one line of `events.jsonl` each.

Accuracies are fractions from 0 to 1, losses are mean cross-entropies in nats, times are seconds since the
start of the run, speeds are training images a second (evaluation left out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np

if TYPE_CHECKING:  # so that events are read and written without loading torch
    import numpy.typing as npt
    import torch

E = TypeVar("E", bound="Event")

_ARRAYS = "left out of to_dict"
_OPTIONAL = " | None"
# For each type of field: what JSON may hold for it, and what stands for a value that is not there. JSON has
# null for a number that is not finite.
_TYPES: dict[str, tuple[tuple[type, ...], Any]] = {
    "int": ((int,), 0),
    "float": ((int, float), nan),
    "str": ((str,), ""),
    "bool": ((bool,), False),
    "tuple[float, ...]": ((list, tuple), ()),
}
_LONGEST = 2000  # characters of a text
_MOST = 1e15  # steps, images, seconds
_MOST_CLASSES = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `kind` is its name in JSON."""

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: `event` names the kind; weights and predictions are left out.

        So is a field that nothing was put into: earlier versions had none of that name.
        """
        recorded = [(f, getattr(self, f.name)) for f in fields(self) if _ARRAYS not in f.metadata]
        plain = {f.name: value for f, value in recorded if value is not None or f.default is not None}
        return {"event": self.kind, **plain}

    @classmethod
    def from_dict(cls: type[E], data: object) -> E | None:
        """The event that was written as `data`; None where that is no event of this class.

        Runs of other versions are read too: fields unknown here are passed over. A field that is missing or
        of another type is None if it may be, else nan, 0, "" or False.
        """
        kind = data.get("event") if isinstance(data, Mapping) else None
        event_class = _CLASSES.get(kind) if isinstance(kind, str) else None
        if event_class is None or not issubclass(event_class, cls):
            return None
        recorded = [f for f in fields(event_class) if _ARRAYS not in f.metadata]
        values = {
            f.name: _read(f.name, str(f.type), cast(Mapping[str, Any], data).get(f.name)) for f in recorded
        }
        return event_class(**values)


def _read(name: str, annotation: str, value: Any) -> Any:
    """`value` if the field `name` of this type may hold it, else what stands for nothing there."""
    if _fits(name, annotation, value):
        return tuple(value) if isinstance(value, list) else value
    return None if annotation.endswith(_OPTIONAL) else _TYPES[annotation.removesuffix(_OPTIONAL)][1]


def _fits(name: str, annotation: str, value: Any) -> bool:
    """Whether the field may hold the value: its type, and what its name stands for."""
    accepted, _ = _TYPES[annotation.removesuffix(_OPTIONAL)]
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        return False
    if isinstance(value, (list, tuple)):
        return len(value) <= _MOST_CLASSES and all(_fits(name, "float", item) for item in value)
    if isinstance(value, str):
        return len(value) <= _LONGEST
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    if isinstance(value, float) and not isfinite(value):
        return True  # in an event that was never written to a file
    if "accuracy" in name or name == "averaging":
        return 0 <= value <= 1
    if isinstance(value, int) or "second" in name:
        return 0 <= value <= _MOST
    return True


def is_sound(data: object) -> bool:
    """Whether `data`, read from JSON, is an object whose fields hold what events have under these names.

    Fields that no event has pass; null passes for a number, as what is not finite is written so.
    """
    if not isinstance(data, Mapping):
        return False
    for name, value in data.items():
        annotation = _ANNOTATIONS.get(name, "")
        nothing = value is None and ("int" not in annotation or _OPTIONAL in annotation)
        if annotation and not nothing and not _fits(name, annotation, value):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Started(Event):
    """Everything is on the device and the first step comes next."""

    kind: ClassVar[str] = "started"
    data: str  # name of the image set
    protocol: str
    device: str  # in words
    precision: str  # as chosen for this device: fp32, bf16 or fp16
    seed: int
    epochs: int
    steps: int  # of the whole run
    steps_per_epoch: int
    batch_size: int  # images a step: the setting, or all training images where they are fewer
    train_images: int  # trained on in each epoch, held-out ones left out
    heldout_images: int  # 0 under test-each-epoch
    test_images: int
    parameters: int
    from_step: int  # steps done before, in a run that goes on; what was recorded beyond them is void
    seconds: float  # of the run so far, without pauses: moving the images, splitting, preparing


@dataclass(frozen=True, slots=True)
class Beat(Event):
    """The pulse of the progress bar. `loss` and `accuracy` are of the batches since the last beat, as the
    network met them: augmented, with dropout, before the step."""

    kind: ClassVar[str] = "beat"
    epoch: int  # the one going on, counted from 1
    epochs: int
    step: int  # steps done in the whole run
    steps: int
    loss: float
    accuracy: float
    lr: float  # of the last step done
    images_per_second: float  # of late
    seconds: float
    seconds_left: float  # the evaluations to come included


@dataclass(frozen=True, slots=True)
class EpochEnd(Event):
    """An epoch's figures. `held_` figures are None under test-each-epoch, `test_` figures under holdout."""

    kind: ClassVar[str] = "epoch"
    epoch: int  # counted from 1
    epochs: int
    step: int  # steps done in the whole run
    train_loss: float  # running: mean over the epoch's batches as the network met them
    train_accuracy_running: float  # likewise
    train_accuracy: float  # evaluation mode, no augmentation, on a fixed sample of the training images
    heldout_loss: float | None
    heldout_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    best: bool  # whether these weights are the ones to keep so far
    lr: float  # of the epoch's last step
    seconds: float
    heldout_accuracy_by_class: tuple[float, ...] | None = None  # in the order of the classes


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something that was met and dealt with, which the figures alone do not tell."""

    kind: ClassVar[str] = "notice"
    epoch: int  # the one going on, counted from 1
    step: int  # steps done in the whole run
    words: str


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run was left as asked, between two steps; its checkpoint is what it goes on from."""

    kind: ClassVar[str] = "paused"
    epoch: int  # the one going on, counted from 1
    epochs: int
    step: int  # steps done in the whole run
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The end of a run, whether it came by itself or was asked for. The module holds the kept weights."""

    kind: ClassVar[str] = "finished"
    state: str  # finished | stopped
    protocol: str
    epochs: int  # completed
    steps: int  # completed
    best_epoch: int | None  # whose weights are kept; None: those of a stop in mid-epoch, or before any
    train_accuracy: float  # of the kept weights: evaluation mode, on the fixed sample, in `precision`
    heldout_accuracy: float | None  # of the kept weights, in `precision`
    test_accuracy: float  # of the kept weights, in fp32
    test_loss: float
    seconds: float
    seconds_training: float  # in training steps; the rest is preparation and evaluation
    images_per_second: float
    device: str
    precision: str
    test_flip: bool  # whether each figure is of an image and its mirror image together
    averaging: float  # above 0: the kept weights are averages over steps
    # Empty in an event that was read from a record.
    probabilities: npt.NDArray[np.float32] = field(  # (N_test, classes)
        default_factory=lambda: np.empty((0, 0), np.float32), metadata={_ARRAYS: True}, repr=False
    )
    labels: npt.NDArray[np.int64] = field(  # (N_test,)
        default_factory=lambda: np.empty(0, np.int64), metadata={_ARRAYS: True}, repr=False
    )
    weights: dict[str, torch.Tensor] = field(  # state dict, on the CPU
        default_factory=dict, metadata={_ARRAYS: True}, repr=False
    )


@dataclass(frozen=True, slots=True)
class Left(Event):
    """The end of a run that was asked for and that left no time for a test.

    The weights of the last whole epoch are kept, and its figures are those of the EpochEnd before; the run's
    checkpoint is what it can go on from, or be tested from.
    """

    kind: ClassVar[str] = "left"
    epoch: int  # whole epochs done
    epochs: int
    step: int  # steps done in the whole run
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RangeStep(Event):
    """One step of a learning-rate test."""

    kind: ClassVar[str] = "range step"
    step: int  # steps done
    steps: int  # of the whole test, which may end earlier
    lr: float  # of this step
    loss: float  # of its batch, before the step


_CLASSES: dict[str, type[Event]] = {
    made.kind: made for made in (Started, Beat, EpochEnd, Notice, Paused, Finished, Left, RangeStep)
}
_ANNOTATIONS = {  # of the fields of all events; a name means the same in each
    f.name: str(f.type)
    for made in (RangeStep, Beat, EpochEnd, Finished)
    for f in fields(made)
    if _ARRAYS not in f.metadata
}
