"""The training loop: an iterator of events that its caller may stop at any batch."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import inf

import numpy as np
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.training.checkpoint import Checkpoint
from cifar7.training.config import TrainConfig
from cifar7.training.devices import describe_device
from cifar7.training.errors import TrainingError, is_out_of_memory
from cifar7.training.events import Beat, EpochEnd, Event, Finished, Left, Notice, Paused, Started
from cifar7.training.interruption import Control as Control
from cifar7.training.interruption import Interrupted, Watch
from cifar7.training.reporting import ReportTimer
from cifar7.training.selection import Candidate
from cifar7.training.state import TrainingState


class Training:
    """Trains `module` on `data`; `events()` reports it: Started, Beats, an EpochEnd an epoch, Finished.

    The module comes with its initial weights (`network.module.build(spec, seed=config.seed)`) and is trained
    in place: it moves to the device, and after Finished it holds the kept weights in evaluation mode. Under
    `holdout` those are the best epoch's by held-out accuracy, and the test set is read once, at the end;
    under `test-each-epoch` they are the last ones. With `averaging`, the averaged weights are those that are
    evaluated, chosen and kept.

    `control` is called before every batch, and during steps and evaluations about every `ask_seconds`; what
    was going on is then left as if it had not begun. It returns None to go on, or how the run is to end:
    "pause" with Paused, at once. "test" at the next batch, with what there is evaluated and tested. "stop"
    likewise, but at once, and within `test_seconds` of the request or not at all: then with Left. "end" with
    Left, at once.

    After every event, `checkpoint()` is all that the rest of the run depends on. A run that is made with one
    as `resume`, on the same machine and for the same epochs, is to the bit the one that was left, on a CPU.
    With more epochs the schedule is that of the longer run from there on.
    With `test` off, the test set is not read, and the run ends with Left once it is trained. Made again from
    its checkpoint with `test` on, it is tested, and ends as if it had been so from the first. With `record`
    off, a GPU is given the step kernel by kernel.

    Repeats to the bit on one machine's CPU for the same module, data and config, except for times: torch's
    global generator is seeded with `config.seed`. Making it, or its events, raises ConfigError (no such
    device, too few images), CheckpointError (of another run), TrainingError (a loss that is not finite, no
    memory left, a network for other classes; its DeviceStateError where this process should train no more).
    """

    def __init__(
        self,
        module: nn.Module,
        data: ImageSet,
        config: TrainConfig,
        *,
        control: Control = lambda: None,
        ask_seconds: float = inf,
        test_seconds: float = inf,
        beat_seconds: float = 0.25,
        resume: Checkpoint | None = None,
        test: bool = True,
        record: bool = True,
    ) -> None:
        self.state = TrainingState(module, data, config, record=record)
        self._test_seconds, self._test = test_seconds, test
        self.watch = Watch(control, ask_seconds, self.state.device)
        self.state.selection.between_batches = self.watch.between_batches
        self.report_timer = ReportTimer(beat_seconds, queued=self.state.device.type != "cpu")
        self._final: Checkpoint | None = None
        self._resume_notice = self.state.load_state_dict(resume) if resume else None

    def checkpoint(self) -> Checkpoint:
        """The run as the last event left it; after Finished, as it was before its weights were chosen."""
        return self._final or self.state.state_dict()

    def weights(self) -> dict[str, Tensor]:
        """The state dict that is evaluated: the module's own, or the averaged one."""
        return self.state.evaluated.state_dict()

    def events(self) -> Iterator[Event]:
        """The whole run, or the rest of it."""
        modules = {id(module): module for module in (self.state.module, self.state.evaluated)}
        try:
            with self.watch.between_layers(*modules.values()):
                yield from self._events()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            batch_size = self.state.batches.batch_size
            raise TrainingError(
                f"the memory is not enough for this network with {batch_size} images a batch; "
                f"choose a batch size of {max(1, batch_size // 2)} or less, or fewer channels."
            ) from error
        finally:
            self.state.train_step.close()

    def _events(self) -> Iterator[Event]:
        state = self.state
        yield self._started()
        if self._resume_notice:
            yield Notice(state.epoch + 1, state.step, self._resume_notice)
        request = None
        while request is None and state.epoch < state.config.epochs:
            request = yield from self._one_epoch()
            if request is None:
                try:
                    end = self._end_epoch()
                except Interrupted as at:
                    request = at.request
                else:
                    yield end
        yield self._end(request)

    def _started(self) -> Started:
        state = self.state
        return Started(
            data=state.data.name,
            protocol=state.config.protocol,
            device=describe_device(state.device),
            precision=state.precision,
            seed=state.config.seed,
            epochs=state.config.epochs,
            steps=state.steps,
            steps_per_epoch=state.batches.per_epoch,
            batch_size=state.batches.batch_size,
            train_images=len(state.selection.train_rows),
            heldout_images=len(state.selection.heldout_rows),
            test_images=len(state.data.test.labels),
            parameters=sum(p.numel() for p in state.module.parameters()),
            from_step=state.step,
            seconds=state.seconds,
        )

    def _one_epoch(self) -> Generator[Event, None, str | None]:
        """Train for an epoch, or the rest of one; returns what `control` asked for, if anything."""
        state = self.state
        state.module.train()
        batches = state.start_epoch()
        self.report_timer.start(state.step)
        for rows in batches:
            request = self.watch.ask()
            if request is not None:
                return request
            captured = state.train_step.capture_seconds
            try:
                notice = state.take_step(rows)
            except Interrupted as at:
                return at.request
            if captured is None and state.train_step.capture_seconds:
                self.report_timer.exclude(state.train_step.capture_seconds)
            if notice:
                yield Notice(state.epoch + 1, state.step, notice)
            if self.report_timer.due(state.step):
                yield self._beat()
        return None

    def _check_finite(self, first_bad: int | None) -> None:
        """Raise TrainingError where the loss of step `first_bad`, counted from 0, was no finite number."""
        if first_bad is not None:
            lr, peak = self.state.lr_of(first_bad), self.state.config.lr
            raise TrainingError(
                f"the loss stopped being a finite number at step {first_bad + 1} of {self.state.steps}, "
                f"where the learning rate was {lr:.3g}; lower the peak learning rate from {peak:g} to "
                f"{peak / 4:.2g}, say."
            )

    def _measure(self) -> None:
        """Time the steps since the last report. The metrics were just read: the device is done."""
        steps, seconds = self.report_timer.lap(self.state.step)
        self.state.throughput.add_training(steps * self.state.batches.batch_size, seconds)

    def _beat(self) -> Beat:
        state = self.state
        loss, accuracy, first_bad = state.metrics.since_last()
        self._check_finite(first_bad)
        self._measure()
        return Beat(
            epoch=state.epoch + 1,
            epochs=state.config.epochs,
            step=state.step,
            steps=state.steps,
            loss=loss,
            accuracy=accuracy,
            lr=state.lr,
            images_per_second=state.throughput.images_per_second,
            seconds=state.seconds,
            seconds_left=state.throughput.seconds_left(
                (state.steps - state.step) * state.batches.batch_size,
                state.selection.images_to_evaluate(state.config.epochs - state.epoch),
            ),
        )

    def _end_epoch(self) -> EpochEnd:
        state = self.state
        loss, accuracy, first_bad = state.metrics.of_epoch()
        self._check_finite(first_bad)
        self._measure()
        candidate, best = self._evaluate(state.epoch + 1)
        state.epoch += 1  # an epoch whose evaluation was interrupted is not whole
        heldout, test = candidate.heldout, candidate.test
        return EpochEnd(
            epoch=state.epoch,
            epochs=state.config.epochs,
            step=state.step,
            train_loss=loss,
            train_accuracy_running=accuracy,
            train_accuracy=candidate.train.accuracy,
            heldout_loss=heldout.loss if heldout else None,
            heldout_accuracy=heldout.accuracy if heldout else None,
            test_loss=test.loss if test else None,
            test_accuracy=test.accuracy if test else None,
            best=best,
            lr=state.lr,
            seconds=state.seconds,
            heldout_accuracy_by_class=state.selection.heldout_by_class(candidate),
        )

    def _evaluate(self, epoch: int | None) -> tuple[Candidate, bool]:
        """The present weights' figures, and whether they are the ones to keep."""
        candidate = self.state.selection.candidate(self.state.evaluated, epoch)
        if not candidate.finite:
            self._check_finite(max(self.state.step - 1, 0))
        return candidate, self.state.selection.keep_if_better(candidate)

    def _catch_up(self) -> None:
        """Check and time the steps since the last beat."""
        self._check_finite(self.state.metrics.of_epoch().first_bad)
        if self.state.step > self.report_timer.step:
            self._measure()

    def _end(self, request: str | None) -> Event:
        """The last event: how the run ends that is all trained, or that was to end before."""
        if request == "pause":
            return self._pause()
        if not self._test:
            return self._leave()
        if request in ("stop", "end"):
            self.watch.allow(self._test_seconds - self.watch.waited if request == "stop" else 0.0)
        try:
            return self._finish("stopped" if request else "finished")
        except Interrupted as at:
            return self._pause() if at.request == "pause" else self._leave()

    def _pause(self) -> Paused:
        state = self.state
        if self._final is None:
            self._catch_up()
            self._final = state.state_dict()
        seconds = self._final["seconds"]  # the clock goes on while the state is copied
        epoch = min(state.epoch + 1, state.config.epochs)
        return Paused(epoch, state.config.epochs, state.step, state.steps, seconds)

    def _leave(self) -> Left:
        """End without a test: `_finish` was interrupted, or there is to be none."""
        state = self.state
        return Left(state.epoch, state.config.epochs, state.step, state.steps, state.seconds)

    def _finish(self, outcome: str) -> Finished:
        state, selection = self.state, self.state.selection
        in_mid_epoch = state.steps_of_epoch > 0
        if in_mid_epoch:
            self._catch_up()
        self._final = state.state_dict()
        if selection.best is None or in_mid_epoch:
            try:
                self.watch.check()
                self._evaluate(None)
            except Interrupted:
                if selection.best is None or selection.best.test is None:
                    raise  # else the last whole epoch's weights are tested already
        best = selection.best
        assert best is not None
        if best.test is None:
            self.watch.check()
        state.module.load_state_dict(best.weights)
        state.module.eval()
        test = best.test or selection.test(state.module)
        return Finished(
            state=outcome,
            protocol=state.config.protocol,
            epochs=state.epoch,
            steps=state.step,
            best_epoch=best.epoch,
            train_accuracy=best.train.accuracy,
            heldout_accuracy=best.heldout.accuracy if best.heldout else None,
            test_accuracy=test.accuracy,
            test_loss=test.loss,
            seconds=state.seconds,
            seconds_training=state.throughput.training_seconds,
            images_per_second=state.throughput.mean_images_per_second,
            device=describe_device(state.device),
            precision=state.precision,
            test_flip=state.config.test_flip,
            averaging=state.config.averaging,
            probabilities=test.probabilities,
            labels=np.array(state.data.test.labels),
            weights={name: value.cpu().clone() for name, value in best.weights.items()},
        )
