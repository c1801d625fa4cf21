"""The written train.py shows the network the pixels that the training room shows it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from export.folders import FOLDERS

from cifar7.data.augment import normalise, random_affine, random_crop, random_cutout, random_flip
from cifar7.training.config import TrainConfig


def test_the_same_pixels_go_in(written: Any) -> None:
    module = written(crop_padding=3)
    images = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8)
    mine, theirs = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    expected = random_flip(random_crop(images, 3, theirs), theirs)
    found = module.random_flip(module.random_crop(images, mine), mine)
    assert torch.equal(found, expected)
    assert not torch.equal(found, images)
    floats = normalise(expected, FOLDERS.mean, FOLDERS.std, torch.float32)
    assert torch.allclose(module.normalise(found), floats, atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{"rotation": 15.0}, {"scaling": 20.0}, {"rotation": 45.0, "scaling": 50.0}]
)
def test_the_same_turns_and_sizes_to_the_bit(written: Any, settings: dict[str, float]) -> None:
    module = written(**settings)
    images = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8)
    mine, theirs = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    config = TrainConfig(**settings)
    expected = random_affine(images, config.rotation, config.scaling, theirs)
    assert torch.equal(module.random_affine(images, mine), expected)
    assert not torch.equal(expected, images.float())


def test_the_same_square_is_blanked(written: Any) -> None:
    module = written(cutout=7)
    images = torch.randn(50, 3, 32, 32)
    found = module.random_cutout(images, torch.Generator().manual_seed(5))
    # The dice fall otherwise, as both edges are drawn at once: compared is what can come of it.
    expected = random_cutout(images, 7, torch.Generator().manual_seed(6))
    sizes = [(x == 0).flatten(1).sum(1) for x in (found, expected)]
    assert [int(s.max()) for s in sizes] == [3 * 49, 3 * 49]
    assert torch.equal(found[found != 0], images[found != 0])
