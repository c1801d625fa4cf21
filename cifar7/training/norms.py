"""Whether a batch has enough values for a batch norm to learn from. Loads no torch."""

from __future__ import annotations

from cifar7.network.arithmetic import walk
from cifar7.network.spec import NetSpec
from cifar7.training.config import ConfigError, TrainConfig


def check_norms(spec: NetSpec, config: TrainConfig) -> None:
    """Raise ConfigError where a batch norm would see a single value a channel, which has no deviation.

    Of a batch of one image that is every norm behind the last step to a map of 1x1. Batches that are not
    full are never trained on, so the batch size alone decides.
    """
    if config.batch_size > 1:
        return
    for row in walk(spec):
        if row.layer.kind == "batch_norm" and row.output[1] == 1:
            raise ConfigError(
                f"the batch norm of {row.layer.stage} sees a map of 1x1, and in a batch of one image that is "
                "a single value a channel, of which nothing can be normalised",
                "take a batch size of 2 or more, or keep the map larger with one pool or stride less.",
            )
