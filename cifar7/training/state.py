"""The parts of a run on their device, and what they hold between two steps."""

from __future__ import annotations

from time import perf_counter

import torch
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.training import checkpoint
from cifar7.training.checkpoint import Checkpoint
from cifar7.training.config import TrainConfig
from cifar7.training.devices import choose, precision_on, rng_state, set_rng_state, tune
from cifar7.training.errors import is_out_of_memory
from cifar7.training.interruption import Interrupted
from cifar7.training.schedule import lr_at
from cifar7.training.selection import ModelSelection
from cifar7.training.step.average import Average
from cifar7.training.step.metrics import Metrics
from cifar7.training.step.optimiser import Optimiser
from cifar7.training.step.precision import layout
from cifar7.training.step.train_step import TrainStep
from cifar7.training.throughput import Throughput


class TrainingState:
    """The network with all that its training needs: nothing else outlives a step.

    Making one moves the module and the images to the device, and seeds torch's global generator, from which
    dropout draws, with `config.seed`. `record`: whether the step may be recorded, on a device where it can.
    Raises ConfigError: no such device, a precision that it has not, too few images.
    """

    def __init__(
        self, module: nn.Module, data: ImageSet, config: TrainConfig, *, record: bool = True
    ) -> None:
        self._began, self._seconds_before = perf_counter(), 0.0
        self.config, self.data = config, data
        self.device = choose(config.device)
        tune(self.device)
        self.precision = precision_on(self.device, config.precision)
        torch.manual_seed(config.seed)
        self.module = module.to(self.device).to(memory_format=layout(self.device, self.precision))
        self.optimiser = Optimiser(self.module, config)
        self.average = Average(self.module, config.averaging) if config.averaging else None
        self.throughput = Throughput()
        self.selection = ModelSelection(data, config, self.device, self.precision, self.throughput)
        self.batches = self.selection.batches(config)
        self.metrics = Metrics(self.device)
        self.train_step = TrainStep(
            self.module,
            self.batches,
            self.optimiser,
            self.average,
            self.metrics,
            precision=self.precision,
            label_smoothing=config.label_smoothing,
            classes=len(data.classes),
            record=record,
        )
        self.steps = self.batches.per_epoch * config.epochs
        self.step = 0  # completed
        self.epoch = 0  # completed
        self.lr = 0.0  # of the last step
        self._generator_state: Tensor | None = None  # of a run that was left in mid-epoch

    @property
    def seconds(self) -> float:
        """Since it was made, and before if it was resumed; pauses do not count."""
        return self._seconds_before + perf_counter() - self._began

    @property
    def steps_of_epoch(self) -> int:
        """Steps done in the present epoch."""
        return self.step - self.epoch * self.batches.per_epoch

    @property
    def evaluated(self) -> nn.Module:
        """The network whose weights are evaluated and kept: the module itself, or the averaged one."""
        return self.average.module if self.average else self.module

    def start_epoch(self) -> tuple[Tensor, ...]:
        """The rows (B,) of the batches of the present epoch that are still to come."""
        batches = self.batches.epoch(self.epoch)
        if self.steps_of_epoch == 0:
            self.metrics.start_epoch()
        elif self._generator_state is not None:  # after `epoch`, which seeds it
            self.batches.generator.set_state(self._generator_state)
        return batches[self.steps_of_epoch :]

    def take_step(self, rows: Tensor) -> str | None:
        """The next step, on the images of `rows` (B,); returns and raises what `TrainStep.take` does.

        Where it is interrupted, all is as before it, to the bit.
        """
        rate, self.lr = self.lr, self.lr_of(self.step)
        # Of a generator on a GPU the state is not read in vain: no step is interrupted there.
        chance = self._chance() if self.device.type == "cpu" else []
        try:
            notice = self.train_step.take(rows, self.lr, self.step)
        except Interrupted:
            self.lr = rate
            self.batches.generator.set_state(chance[0])
            set_rng_state(self.device, chance[1:])
            raise
        self.step += 1
        return notice

    def _chance(self) -> list[Tensor]:
        """The states of all generators that a step draws from."""
        return [self.batches.generator.get_state(), *rng_state(self.device)]

    def lr_of(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        return lr_at(step, self.steps, self.config, self.batches.per_epoch)

    def state_dict(self) -> Checkpoint:
        """A copy on the CPU, which later steps do not change."""
        return checkpoint.copied(
            Checkpoint(
                version=checkpoint.VERSION,
                config=self.config.to_dict(),
                data=self.data.fingerprint,
                device=self.device.type,
                epoch=self.epoch,
                step=self.step,
                lr=self.lr,
                seconds=self.seconds,
                module=self.module.state_dict(),
                optimiser=self.optimiser.state_dict(),
                average=self.average.module.state_dict() if self.average else None,
                metrics=self.metrics.state_dict(),
                throughput=self.throughput.state_dict(),
                selection=self.selection.state_dict(),
                batches={"generator": self.batches.generator.get_state()},
                train_step=self.train_step.state_dict(),
                rng=rng_state(self.device),
            )
        )

    def load_state_dict(self, saved: Checkpoint) -> str | None:
        """Go on from where another run was left; returns a notice, or None.

        Raises CheckpointError where the run cannot go on from there. On another kind of device, what is drawn
        by chance differs from here on: generators' states do not carry over.
        """
        checkpoint.check_resumable(saved, self.config, self.data, self.module.state_dict())
        try:
            return self._take(saved)
        except Exception as error:  # each part takes its own, and fails in its own way
            if is_out_of_memory(error):
                raise
            raise checkpoint.CheckpointError("the checkpoint is damaged; train the design again.") from error

    def _take(self, saved: Checkpoint) -> str | None:
        self.epoch, self.step, self.lr = saved["epoch"], saved["step"], saved["lr"]
        self._seconds_before = saved["seconds"]
        self.module.load_state_dict(saved["module"])
        self.optimiser.load_state_dict(saved["optimiser"])
        if self.average and saved["average"] is not None:
            self.average.module.load_state_dict(saved["average"])
        self.metrics.load_state_dict(saved["metrics"])
        self.throughput.load_state_dict(saved["throughput"])
        self.selection.load_state_dict(saved["selection"])
        self.train_step.load_state_dict(saved["train_step"])
        if saved["device"] != self.device.type:
            torch.manual_seed(self.config.seed + self.step)
            return (
                f"It was begun on {saved['device']} and goes on on {self.device.type}: what is drawn by "
                "chance from here on is not what it would have been."
            )
        self._generator_state = saved["batches"]["generator"]
        set_rng_state(self.device, saved["rng"])
        return None
