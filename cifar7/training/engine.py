"""The training loop: an iterator of events that its caller may stop at any batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.training.average import Average, averaged
from cifar7.training.config import TrainConfig
from cifar7.training.devices import best_precision, choose, describe_device
from cifar7.training.events import Beat, EpochEnd, Event, Finished, Started
from cifar7.training.feed import Feed, layout
from cifar7.training.judge import Judge, Verdict
from cifar7.training.optimiser import Optimiser
from cifar7.training.pace import Pace
from cifar7.training.schedule import lr_at
from cifar7.training.tally import Tally

Control = Callable[[], str | None]


class TrainingError(UserError):
    """A run that cannot go on: says when, why, and what to lower."""


def train(
    module: nn.Module,
    data: ImageSet,
    config: TrainConfig,
    *,
    control: Control = lambda: None,
    beat_seconds: float = 0.25,
) -> Iterator[Event]:
    """Train `module` on `data` and say how it goes: Started, Beats, an EpochEnd an epoch, Finished.

    The module comes with its initial weights (`network.module.build(spec, seed=config.seed)`) and is trained
    in place: it moves to the device, and after Finished it holds the kept weights in evaluation mode. Under
    `holdout` those are the best epoch's by held-out accuracy, and the test set is read once, at the end;
    under `test-each-epoch` they are the last ones. With `averaging`, the averaged weights are those that are
    evaluated, chosen and kept. `control` is asked before every batch and answers None or
    "stop", upon which the run ends with what there is, evaluated.

    Repeats to the bit on one machine's CPU for the same module, data and config, except for times. For that
    the global generator of torch is seeded with `config.seed` (dropout draws from it).

    Raises ConfigError (no such device, too few images), TrainingError (a loss that is not finite, no memory
    left, a network for another number of classes), when the iterator gets there.
    """
    try:
        yield from _Run(module, data, config, control, beat_seconds).events()
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(
            f"the memory is not enough for this network with {config.batch_size} images a batch; "
            f"choose a batch size of {max(1, config.batch_size // 2)} or less, or fewer channels."
        ) from error


class _Run:
    """One run. Its state is in its attributes, all of it: what is not here does not outlive a batch."""

    def __init__(
        self, module: nn.Module, data: ImageSet, config: TrainConfig, control: Control, beat_seconds: float
    ) -> None:
        self.began = perf_counter()
        self.config, self.data, self.control, self.beat_seconds = config, data, control, beat_seconds
        self.device = choose(config.device)
        self.precision = best_precision(self.device) if config.precision == "auto" else config.precision
        torch.manual_seed(config.seed)
        self.module = module.to(self.device).to(memory_format=layout(self.device))
        self.optimiser = Optimiser(self.module, config)
        self.average = Average(self.module, config.averaging) if config.averaging else None
        self.pace = Pace()
        self.judge = Judge(data, config, self.device, self.precision, self.pace)
        self.feed = Feed(
            self.judge.images,
            self.judge.labels,
            self.judge.train_rows,
            config,
            self.judge.scale,
            self.precision,
        )
        self.batch_size, self.steps_per_epoch = self.feed.batch_size, self.feed.per_epoch
        self.steps = self.steps_per_epoch * config.epochs
        self.step = 0  # done
        self.epoch = 0  # completed
        self.lr = 0.0  # of the last step
        self.tally = Tally(self.device)
        self.measured = (0.0, 0)  # time and step up to which the pace has been told
        self.kept: Verdict | None = None

    @property
    def seconds(self) -> float:
        """Since train() was called."""
        return perf_counter() - self.began

    def events(self) -> Iterator[Event]:
        """The whole run."""
        yield self._started()
        stopped = False
        while not stopped and self.epoch < self.config.epochs:
            stopped = yield from self._one_epoch()
            if not stopped:
                yield self._end_epoch()
        yield self._finish("stopped" if stopped else "finished")

    def _started(self) -> Started:
        return Started(
            data=self.data.name,
            protocol=self.config.protocol,
            device=describe_device(self.device),
            precision=self.precision,
            seed=self.config.seed,
            epochs=self.config.epochs,
            steps=self.steps,
            steps_per_epoch=self.steps_per_epoch,
            batch_size=self.batch_size,
            train_images=len(self.judge.train_rows),
            heldout_images=len(self.judge.heldout_rows),
            test_images=len(self.data.test.labels),
            parameters=sum(p.numel() for p in self.module.parameters()),
            seconds=self.seconds,
        )

    def _one_epoch(self) -> Generator[Event, None, bool]:
        """Train for an epoch; returns whether it was stopped on the way."""
        self.module.train()
        self.tally.start_epoch()
        self.measured = (perf_counter(), self.step)
        for rows in self.feed.order(self.epoch).split(self.batch_size)[: self.steps_per_epoch]:
            asked = self.control()
            if asked == "stop":
                return True
            if asked is not None:
                raise ValueError(f"control answers None or 'stop', not {asked!r}")
            self._train_on(rows)
            if self.step == 1 or perf_counter() - self.measured[0] >= self.beat_seconds:
                yield self._beat()
        return False

    def _train_on(self, rows: Tensor) -> None:
        """One step: augment, forward, backward, update."""
        self.lr = lr_at(self.step, self.steps, self.config, self.steps_per_epoch)
        images, labels = self.feed.batch(rows)  # (B, 3, 32, 32), (B,)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            logits = self.module(images)
        logits = logits.float()  # (B, classes)
        if self.step == 0:
            self._check_classes(logits)
        loss = cross_entropy(logits, labels, label_smoothing=self.config.label_smoothing)
        self.optimiser.clear()
        loss.backward()
        self.optimiser.step(self.lr)
        if self.average:
            self.average.update(self.step)
        self.tally.add(logits.detach(), labels, self.step)
        self.step += 1

    def _check_classes(self, logits: Tensor) -> None:
        expected = len(self.data.classes)
        if logits.ndim != 2 or logits.shape[1] != expected:
            raise TrainingError(
                f"{self.data.name} has {expected} classes and the network puts out {tuple(logits.shape[1:])} "
                f"an image; give it {expected} classes."
            )

    def _check_finite(self, first_bad: int | None) -> None:
        if first_bad is None:
            return
        lr = lr_at(first_bad, self.steps, self.config, self.steps_per_epoch)
        raise TrainingError(
            f"the loss stopped being a finite number at step {first_bad + 1} of {self.steps}, where the "
            f"learning rate was {lr:.3g}; lower the peak learning rate from {self.config.lr:g} to "
            f"{self.config.lr / 4:.2g}, say."
        )

    def _measure(self) -> None:
        """Tell the pace of the steps since it was last told. The tally was just read: the device is done."""
        now = perf_counter()
        since, from_step = self.measured
        self.pace.trained((self.step - from_step) * self.batch_size, now - since)
        self.measured = (now, self.step)

    def _beat(self) -> Beat:
        loss, accuracy, first_bad = self.tally.since_last()
        self._check_finite(first_bad)
        self._measure()
        return Beat(
            epoch=self.epoch + 1,
            epochs=self.config.epochs,
            step=self.step,
            steps=self.steps,
            loss=loss,
            accuracy=accuracy,
            lr=self.lr,
            images_per_second=self.pace.images_per_second,
            seconds=self.seconds,
            seconds_left=self.pace.seconds_left(
                (self.steps - self.step) * self.batch_size,
                self.judge.images_to_evaluate(self.config.epochs - self.epoch),
            ),
        )

    def _end_epoch(self) -> EpochEnd:
        loss, accuracy, first_bad = self.tally.of_epoch()
        self._check_finite(first_bad)
        self._measure()
        self.epoch += 1
        now, best = self._judge(self.epoch)
        return EpochEnd(
            epoch=self.epoch,
            epochs=self.config.epochs,
            step=self.step,
            train_loss=loss,
            train_accuracy_running=accuracy,
            train_accuracy=now.train.accuracy,
            heldout_loss=now.heldout.loss if now.heldout else None,
            heldout_accuracy=now.heldout.accuracy if now.heldout else None,
            test_loss=now.test.loss if now.test else None,
            test_accuracy=now.test.accuracy if now.test else None,
            best=best,
            lr=self.lr,
            seconds=self.seconds,
        )

    def _judge(self, epoch: int | None) -> tuple[Verdict, bool]:
        """The present weights' figures, and whether they are the ones to keep."""
        now = self.judge.verdict(averaged(self.module, self.average), epoch)
        if not now.finite:
            self._check_finite(max(self.step - 1, 0))
        best = now.better_than(self.kept)
        if best:
            self.kept = now
        return now, best

    def _finish(self, state: str) -> Finished:
        if self.kept is None or self.step > self.epoch * self.steps_per_epoch:
            self._check_finite(self.tally.of_epoch()[2])
            if self.step > self.measured[1]:
                self._measure()
            self._judge(None)
        kept = self.kept
        assert kept is not None
        self.module.load_state_dict(kept.weights)
        self.module.eval()
        test = kept.test or self.judge.test(self.module)
        return Finished(
            state=state,
            protocol=self.config.protocol,
            epochs=self.epoch,
            steps=self.step,
            best_epoch=kept.epoch,
            train_accuracy=kept.train.accuracy,
            heldout_accuracy=kept.heldout.accuracy if kept.heldout else None,
            test_accuracy=test.accuracy,
            test_loss=test.loss,
            seconds=self.seconds,
            seconds_training=self.pace.training_seconds,
            images_per_second=self.pace.mean_images_per_second,
            device=describe_device(self.device),
            precision=self.precision,
            test_flip=self.config.test_flip,
            averaging=self.config.averaging,
            probabilities=test.probabilities,
            labels=np.array(self.data.test.labels),
            weights={name: value.cpu().clone() for name, value in kept.weights.items()},
        )


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # A CPU's allocator and mps raise plain RuntimeErrors.
    said = str(error).lower()
    return any(part in said for part in ("out of memory", "not enough memory", "can't allocate memory"))
