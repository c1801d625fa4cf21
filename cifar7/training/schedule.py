"""The learning rate as a pure function of the step."""

from __future__ import annotations

from math import cos, pi

from cifar7.training.config import TrainConfig

START = 0.1  # one-cycle: share of the peak at the first step
END = 0.0  # one-cycle and cosine: share of the peak that the last step ends on


def lr_at(step: int, total_steps: int, config: TrainConfig, steps_per_epoch: int = 0) -> float:
    """Learning rate of step `step`, counted from 0, in a run of `total_steps`.

    `one-cycle`: a straight line from a tenth of the peak up to it over the share `warmup` of the steps, and
    a straight line down to 0 at step `total_steps` (the shape of Smith & Topin 2017, "Super-convergence",
    without the cycle of the momentum). `cosine`: half a cosine from the peak to 0 (Loshchilov & Hutter
    2016). `step`: times `step_factor` after every `step_epochs` epochs of `steps_per_epoch` steps, which
    this schedule alone needs. `constant`: the peak throughout.
    """
    if not 0 <= step < total_steps:
        raise ValueError(f"step {step} is outside the run's 0 to {total_steps - 1}")
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "step":
        if steps_per_epoch < 1:
            raise ValueError("the step schedule counts epochs, so it needs steps_per_epoch")
        return config.lr * config.step_factor ** (step // steps_per_epoch // config.step_epochs)
    if config.schedule == "cosine":
        return config.lr * (END + (1 - END) * (1 + cos(pi * step / total_steps)) / 2)
    rising = config.warmup * total_steps
    if step < rising:
        return config.lr * (START + (1 - START) * step / rising)
    return config.lr * (END + (1 - END) * (total_steps - step) / (total_steps - rising))
