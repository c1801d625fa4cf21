"""What training says while it goes on. Plain data: one line of `events.jsonl` each.

Accuracies are fractions from 0 to 1, losses are mean cross-entropies in nats, times are seconds since the
start of the run, speeds are training images a second (evaluation left out).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # so that events are read and written without loading torch
    import numpy as np
    import numpy.typing as npt
    import torch

_ARRAYS = "left out of to_dict"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing said; `kind` is its name in JSON."""

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: `event` names the kind; weights and predictions are left out."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if _ARRAYS not in f.metadata}
        return {"event": self.kind, **plain}


@dataclass(frozen=True, slots=True)
class Started(Event):
    """Everything is on the device and the first step comes next."""

    kind: ClassVar[str] = "started"
    data: str  # name of the image set
    protocol: str
    device: str  # in words
    precision: str  # as chosen for this device: fp32 or bf16
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
    probabilities: npt.NDArray[np.float32] = field(metadata={_ARRAYS: True}, repr=False)  # (N_test, classes)
    labels: npt.NDArray[np.int64] = field(metadata={_ARRAYS: True}, repr=False)  # (N_test,)
    weights: dict[str, torch.Tensor] = field(metadata={_ARRAYS: True}, repr=False)  # state dict, on the CPU
