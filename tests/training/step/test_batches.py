import numpy as np
import torch
from toys import config, make_set

from cifar7.data.augment import normalise
from cifar7.training.step.batches import Batches

SCALE = ((0.4, 0.4, 0.4), (0.2, 0.2, 0.2))


def make(count=64, precision="fp32", **settings):
    images = torch.from_numpy(np.array(make_set(train=count).train.images))
    plain = {"flip": "none", "crop_padding": 0, **settings}
    return Batches(images, torch.arange(count), torch.arange(count), config(**plain), SCALE, precision)


def sides(batches, epoch):
    """Which of the images (N,) come mirrored in an epoch, batch by batch."""
    normal = normalise(batches.images, *SCALE, torch.float32)
    mirrored = torch.zeros(len(batches.images), dtype=torch.bool)
    for rows in batches.order(epoch).split(16):
        images, labels = batches.batch(rows)
        assert labels.tolist() == rows.tolist()
        for image, row in zip(images, rows, strict=True):
            mirrored[row] = torch.equal(image, normal[row].flip(2))
            assert mirrored[row] or torch.equal(image, normal[row])
    return mirrored


def test_alternating_flips_show_each_side_in_turn():
    batches = make(flip="alternating")
    first, second, third = (sides(batches, epoch) for epoch in (0, 1, 2))
    assert torch.equal(second, ~first)
    assert torch.equal(third, first)
    assert 16 < first.sum() < 48  # 32 expected, deviation 4


def test_the_seed_chooses_which_images_are_mirrored_first():
    one, two = (sides(make(flip="alternating", seed=seed), 0) for seed in (1, 2))
    assert not torch.equal(one, two)


def test_without_flips_none_is_mirrored():
    assert not sides(make(), 0).any()


def test_an_epoch_draws_the_same_whatever_came_before():
    one, two = make(flip="random", crop_padding=2, cutout=8), make(flip="random", crop_padding=2, cutout=8)
    one.batch(one.order(0)[:7])
    first, second = one.order(3), two.order(3)
    assert torch.equal(first, second)
    assert torch.equal(one.batch(first[:16])[0], two.batch(second[:16])[0])
    assert not torch.equal(first, two.order(4))
    assert sorted(first.tolist()) == list(range(64))


def test_cutout_blanks_what_is_normalised():
    batches = make(cutout=9)
    plain = normalise(batches.images, *SCALE, torch.float32)
    images, _ = batches.batch(torch.arange(64))
    blank = (images == 0).all(1)  # (64, 32, 32)
    assert torch.equal(
        images[~blank.unsqueeze(1).expand_as(images)], plain[~blank.unsqueeze(1).expand_as(plain)]
    )
    assert blank.flatten(1).sum(1).max() == 81
    assert blank.flatten(1).sum(1).min() >= 20  # a corner: 5 by 4 pixels or more


def test_half_images_for_half_precision():
    assert make(precision="bf16").batch(torch.arange(4))[0].dtype == torch.bfloat16
