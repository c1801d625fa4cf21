"""A batch norm that would see a single value is told before anything is trained."""

from __future__ import annotations

import pytest
import tiny
import torch

from cifar7.network.module import build
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.norms import check_norms


def spec(**more: object) -> NetSpec:
    """Three pools by 4, 4 and 2 leave a map of 1x1 for C4's norm."""
    stages = (
        Stage((Unit(8),), pool=4),
        Stage((Unit(8),), pool=4),
        Stage((Unit(8),), pool=2),
        Stage((Unit(8),)),
    )
    return NetSpec(name="one pixel", stages=stages, output=Head(classifier="conv"), **more)  # type: ignore[arg-type]


def test_what_is_refused_is_what_torch_refuses() -> None:
    one, two = torch.zeros(1, 3, 32, 32), torch.zeros(2, 3, 32, 32)
    module = build(spec(), seed=1).train()
    module(two)
    check_norms(spec(), TrainConfig(batch_size=2))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(one)
    with pytest.raises(ConfigError, match=r"the batch norm of C4 sees a map of 1x1.*take a batch size of 2"):
        check_norms(spec(), TrainConfig(batch_size=1))


def test_larger_maps_and_other_norms_take_single_images() -> None:
    for fine in (tiny.SPEC, spec(norm="none"), spec(norm="group")):
        build(fine, seed=1).train()(torch.zeros(1, 3, 32, 32))
        check_norms(fine, TrainConfig(batch_size=1))
