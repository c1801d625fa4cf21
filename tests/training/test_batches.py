import numpy as np
import torch
from toys import config, make_set

from cifar7.data.augment import normalise
from cifar7.training.batches import Feed

SCALE = ((0.4, 0.4, 0.4), (0.2, 0.2, 0.2))


def feed(count=64, precision="fp32", **settings):
    images = torch.from_numpy(np.array(make_set(train=count).train.images))
    plain = {"flip": "none", "crop_padding": 0, **settings}
    return Feed(images, torch.arange(count), torch.arange(count), config(**plain), SCALE, precision)


def sides(fed, epoch):
    """Which of the images (N,) come mirrored in an epoch, batch by batch."""
    fed_images = normalise(fed.images, *SCALE, torch.float32)
    mirrored = torch.zeros(len(fed.images), dtype=torch.bool)
    for rows in fed.order(epoch).split(16):
        images, labels = fed.batch(rows)
        assert labels.tolist() == rows.tolist()
        for image, row in zip(images, rows, strict=True):
            mirrored[row] = torch.equal(image, fed_images[row].flip(2))
            assert mirrored[row] or torch.equal(image, fed_images[row])
    return mirrored


def test_alternating_flips_show_each_side_in_turn():
    fed = feed(flip="alternating")
    first, second, third = (sides(fed, epoch) for epoch in (0, 1, 2))
    assert torch.equal(second, ~first)
    assert torch.equal(third, first)
    assert 16 < first.sum() < 48  # 32 expected, deviation 4


def test_the_seed_chooses_which_images_are_mirrored_first():
    one, two = (sides(feed(flip="alternating", seed=seed), 0) for seed in (1, 2))
    assert not torch.equal(one, two)


def test_without_flips_none_is_mirrored():
    assert not sides(feed(), 0).any()


def test_an_epoch_draws_the_same_whatever_came_before():
    one, two = feed(flip="random", crop_padding=2, cutout=8), feed(flip="random", crop_padding=2, cutout=8)
    one.batch(one.order(0)[:7])
    first, second = one.order(3), two.order(3)
    assert torch.equal(first, second)
    assert torch.equal(one.batch(first[:16])[0], two.batch(second[:16])[0])
    assert not torch.equal(first, two.order(4))
    assert sorted(first.tolist()) == list(range(64))


def test_cutout_blanks_what_is_normalised():
    fed = feed(cutout=9)
    plain = normalise(fed.images, *SCALE, torch.float32)
    images, _ = fed.batch(torch.arange(64))
    blank = (images == 0).all(1)  # (64, 32, 32)
    assert torch.equal(
        images[~blank.unsqueeze(1).expand_as(images)], plain[~blank.unsqueeze(1).expand_as(plain)]
    )
    assert blank.flatten(1).sum(1).max() == 81
    assert blank.flatten(1).sum(1).min() >= 20  # a corner: 5 by 4 pixels or more


def test_half_images_for_half_precision():
    assert feed(precision="bf16").batch(torch.arange(4))[0].dtype == torch.bfloat16
