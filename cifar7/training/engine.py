"""The training loop: an iterator of events that its caller may stop at any batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.training.average import Average, averaged
from cifar7.training.batches import layout
from cifar7.training.checkpoint import Checkpoint, put_back, take
from cifar7.training.config import TrainConfig
from cifar7.training.devices import best_precision, choose, describe_device, tune
from cifar7.training.errors import is_out_of_memory, no_memory, not_finite
from cifar7.training.events import Beat, EpochEnd, Event, Finished, Notice, Paused, Started
from cifar7.training.metrics import Tally
from cifar7.training.optimiser import Optimiser
from cifar7.training.reporting import Rhythm
from cifar7.training.schedule import lr_at
from cifar7.training.selection import Judge, Verdict
from cifar7.training.step import Step
from cifar7.training.throughput import Pace

Control = Callable[[], str | None]


def train(
    module: nn.Module,
    data: ImageSet,
    config: TrainConfig,
    *,
    control: Control = lambda: None,
    beat_seconds: float = 0.25,
    resume: Checkpoint | None = None,
) -> Iterator[Event]:
    """The events of a `Training`, which is made when the first is asked for."""
    run = Training(module, data, config, control=control, beat_seconds=beat_seconds, resume=resume)
    yield from run.events()


class Training:
    """Trains `module` on `data`; `events()` says how it goes: Started, Beats, an EpochEnd an epoch, Finished.

    The module comes with its initial weights (`network.module.build(spec, seed=config.seed)`) and is trained
    in place: it moves to the device, and after Finished it holds the kept weights in evaluation mode. Under
    `holdout` those are the best epoch's by held-out accuracy, and the test set is read once, at the end;
    under `test-each-epoch` they are the last ones. With `averaging`, the averaged weights are those that are
    evaluated, chosen and kept. `control` is asked before every batch and answers None, "stop", upon which the
    run ends with what there is, evaluated, or "pause", upon which it ends with Paused.

    Whenever an event was given out, `checkpoint()` is all that the rest depends on. A run that is made with
    one as `resume`, on the same machine and for the same epochs, is to the bit the one that was left, on a
    CPU. With more epochs the schedule is that of the longer run from there on.

    Repeats to the bit on one machine's CPU for the same module, data and config, except for times. For that
    the global generator of torch is seeded with `config.seed` (dropout draws from it).

    Making it, or its first events, raises ConfigError (no such device, too few images), CheckpointError (of
    another run), TrainingError (a loss that is not finite, no memory left, a network for another number of
    classes). Its state is in its attributes, all of it: what is not here does not outlive a batch.
    """

    def __init__(
        self,
        module: nn.Module,
        data: ImageSet,
        config: TrainConfig,
        *,
        control: Control = lambda: None,
        beat_seconds: float = 0.25,
        resume: Checkpoint | None = None,
    ) -> None:
        self.began, self.seconds_before = perf_counter(), 0.0
        self.config, self.data, self.control = config, data, control
        self.device = choose(config.device)
        self.rhythm = Rhythm(beat_seconds, queued=self.device.type != "cpu")
        tune(self.device)
        self.precision = best_precision(self.device) if config.precision == "auto" else config.precision
        torch.manual_seed(config.seed)
        self.module = module.to(self.device).to(memory_format=layout(self.device))
        self.optimiser = Optimiser(self.module, config)
        self.average = Average(self.module, config.averaging) if config.averaging else None
        self.pace = Pace()
        self.judge = Judge(data, config, self.device, self.precision, self.pace)
        self.feed = self.judge.feed(config)
        self.tally = Tally(self.device)
        self.taking = Step(
            self.module,
            self.feed,
            self.optimiser,
            self.average,
            self.tally,
            precision=self.precision,
            label_smoothing=config.label_smoothing,
            classes=len(data.classes),
        )
        self.steps = self.feed.per_epoch * config.epochs
        self.step = 0  # done
        self.epoch = 0  # completed
        self.lr = 0.0  # of the last step
        self.kept: Verdict | None = None
        self.generator_state: Tensor | None = None  # of a run that was left in mid-epoch
        self._end: Checkpoint | None = None
        self.said = [put_back(self, resume)] if resume else []

    @property
    def seconds(self) -> float:
        """Since it was made, and before if it was resumed; pauses do not count."""
        return self.seconds_before + perf_counter() - self.began

    def checkpoint(self) -> Checkpoint:
        """The run as the last event left it; after Finished, as it was before its weights were chosen."""
        return self._end or take(self)

    def weights(self) -> dict[str, Tensor]:
        """The state dict that is evaluated: the module's own, or the averaged one."""
        return averaged(self.module, self.average).state_dict()

    def events(self) -> Iterator[Event]:
        """The whole run, or the rest of it."""
        try:
            yield from self._events()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise no_memory(self.feed.batch_size) from error
        finally:
            self.taking.close()

    def _events(self) -> Iterator[Event]:
        yield self._started()
        yield from (Notice(self.epoch + 1, self.step, words) for words in self.said if words)
        asked = None
        while asked is None and self.epoch < self.config.epochs:
            asked = yield from self._one_epoch()
            if asked is None:
                yield self._end_epoch()
        if asked == "pause":
            yield self._pause()
        else:
            yield self._finish("stopped" if asked else "finished")

    def _started(self) -> Started:
        return Started(
            data=self.data.name,
            protocol=self.config.protocol,
            device=describe_device(self.device),
            precision=self.precision,
            seed=self.config.seed,
            epochs=self.config.epochs,
            steps=self.steps,
            steps_per_epoch=self.feed.per_epoch,
            batch_size=self.feed.batch_size,
            train_images=len(self.judge.train_rows),
            heldout_images=len(self.judge.heldout_rows),
            test_images=len(self.data.test.labels),
            parameters=sum(p.numel() for p in self.module.parameters()),
            from_step=self.step,
            seconds=self.seconds,
        )

    def _one_epoch(self) -> Generator[Event, None, str | None]:
        """Train for an epoch, or the rest of one; returns what was asked for on the way."""
        self.module.train()
        batches = self.feed.order(self.epoch).split(self.feed.batch_size)[: self.feed.per_epoch]
        done = self.step - self.epoch * self.feed.per_epoch
        if done == 0:
            self.tally.start_epoch()
        elif self.generator_state is not None:
            self.feed.generator.set_state(self.generator_state)
        self.rhythm.start(self.step)
        for rows in batches[done:]:
            asked = self.control()
            if asked in ("stop", "pause"):
                return asked
            if asked is not None:
                raise ValueError(f"control answers None, 'stop' or 'pause', not {asked!r}")
            words = self._step(rows)
            if words:
                yield Notice(self.epoch + 1, self.step, words)
            if self.rhythm.due(self.step):
                yield self._beat()
        return None

    def _step(self, rows: Tensor) -> str | None:
        captured, self.lr = self.taking.capture_seconds, self._lr(self.step)
        words = self.taking.take(rows, self.lr, self.step)
        self.step += 1
        if captured is None and self.taking.capture_seconds:
            self.rhythm.leave_out(self.taking.capture_seconds)
        return words

    def _lr(self, step: int) -> float:
        return lr_at(step, self.steps, self.config, self.feed.per_epoch)

    def _check_finite(self, first_bad: int | None) -> None:
        if first_bad is not None:
            raise not_finite(first_bad, self.steps, self._lr(first_bad), self.config)

    def _measure(self) -> None:
        """Tell the pace of the steps since it was last told. The tally was just read: the device is done."""
        steps, seconds = self.rhythm.look(self.step)
        self.pace.trained(steps * self.feed.batch_size, seconds)

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
                (self.steps - self.step) * self.feed.batch_size,
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

    def _catch_up(self) -> None:
        """Take note of the steps since the last beat."""
        self._check_finite(self.tally.of_epoch()[2])
        if self.step > self.rhythm.step:
            self._measure()

    def _pause(self) -> Paused:
        self._catch_up()
        self._end = take(self)
        return Paused(
            epoch=self.epoch + 1,
            epochs=self.config.epochs,
            step=self.step,
            steps=self.steps,
            seconds=self.seconds,
        )

    def _finish(self, state: str) -> Finished:
        in_mid_epoch = self.step > self.epoch * self.feed.per_epoch
        if in_mid_epoch:
            self._catch_up()
        self._end = take(self)
        if self.kept is None or in_mid_epoch:
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
