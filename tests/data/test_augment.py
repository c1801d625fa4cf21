"""Batches to batches: exact pixels, fair dice, the same dice for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cifar7.data.augment import mirror, normalise, random_affine, random_crop, random_cutout, random_flip


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(batch: int, height: int = 32, width: int = 32) -> torch.Tensor:
    return torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8, generator=dice(99))


def test_normalise_is_the_formula():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    out = normalise(images, (0.5, 0.1, 0.2), (0.25, 0.2, 0.4), torch.float32)
    # (0 - 0.5) / 0.25, (51/255 - 0.1) / 0.2, (1 - 0.2) / 0.4
    assert out.view(-1).tolist() == pytest.approx([-2.0, 0.5, 2.0], abs=1e-6)


def test_normalise_makes_the_set_standard_and_leaves_the_images_alone():
    images = noise(64)
    before = images.clone()
    pixels = images.double() / 255
    mean, std = pixels.mean((0, 2, 3)).tolist(), pixels.std((0, 2, 3)).tolist()
    out = normalise(images, mean, std, torch.float32)
    assert out.mean((0, 2, 3)).abs().max() < 1e-4
    assert (out.std((0, 2, 3)) - 1).abs().max() < 1e-4
    assert torch.equal(images, before)


def test_normalise_rounds_once_to_the_type_asked_for():
    images = noise(8)
    exact = normalise(images, (0.49, 0.48, 0.45), (0.25, 0.24, 0.26), torch.float32)
    half = normalise(images, (0.49, 0.48, 0.45), (0.25, 0.24, 0.26), torch.bfloat16)
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, exact.to(torch.bfloat16))


def test_flip_mirrors_half_of_the_images_left_to_right():
    images = noise(4000, 4, 6)
    out = random_flip(images, dice())
    mirrored = (out == images.flip(3)).flatten(1).all(1)
    unchanged = (out == images).flatten(1).all(1)
    assert torch.equal(mirrored, ~unchanged)
    # 4000 fair coins: 2000 heads, standard deviation 31.6
    assert abs(int(mirrored.sum()) - 2000) < 4 * 31.6


@pytest.mark.parametrize("padding", [1, 2, 4, 16, 31])
def test_a_crop_is_cut_from_the_reflected_padding(padding):
    images = noise(60)
    out = random_crop(images, padding, dice())
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="reflect")
    for mine, source in zip(out.numpy(), padded, strict=True):
        cuts = (
            source[:, y : y + 32, x : x + 32] for y in range(2 * padding + 1) for x in range(2 * padding + 1)
        )
        assert any(np.array_equal(mine, cut) for cut in cuts)


def test_crops_fall_on_every_place_alike():
    batch, padding = 25 * 400, 2
    column = torch.arange(32, dtype=torch.uint8)
    images = torch.stack([column.expand(32, 32), column[:, None].expand(32, 32), column.expand(32, 32)])
    out = random_crop(images.expand(batch, 3, 32, 32), padding, dice())
    places = (out[:, 0, 16, 16].int() - 14) * 5 + out[:, 1, 16, 16].int() - 14  # x and y shift, 0..4 each
    counts = torch.bincount(places, minlength=25)
    # 400 expected in each of 25 places, standard deviation sqrt(400 * 24 / 25) = 19.6
    assert len(counts) == 25
    assert (counts - 400).abs().max() < 4.5 * 19.6


def test_a_crop_keeps_shape_type_and_the_images_of_others():
    images = noise(8, 20, 12)
    before = images.clone()
    out = random_crop(images, 3, dice())
    assert out.shape == images.shape
    assert out.dtype == torch.uint8
    assert torch.equal(images, before)
    assert torch.equal(random_crop(images, 0, dice()), images)


def test_images_in_any_memory_order():
    images = noise(8)
    last = images.contiguous(memory_format=torch.channels_last)
    assert torch.equal(random_crop(last, 3, dice()), random_crop(images, 3, dice()))
    assert torch.equal(random_flip(last, dice()), random_flip(images, dice()))


@pytest.mark.parametrize("change", [lambda x, g: random_crop(x, 4, g), random_flip])
def test_all_randomness_comes_from_the_generator(change):
    images = noise(64)
    torch.manual_seed(1)
    one = change(images, dice(5))
    torch.manual_seed(2)
    assert torch.equal(change(images, dice(5)), one)
    assert not torch.equal(change(images, dice(6)), one)
    state = torch.get_rng_state()
    change(images, dice(5))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
def test_on_the_gpu_nothing_waits_for_the_host():
    images = noise(512).cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        out = normalise(
            random_flip(random_crop(images, 4, generator), generator), (0.5,) * 3, (0.25,) * 3, torch.bfloat16
        )
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert out.shape == images.shape


def test_mirror_turns_those_that_are_named():
    images = noise(3, 4, 6)
    out = mirror(images, torch.tensor([True, False, True]))
    assert torch.equal(out[0], images[0].flip(2))
    assert torch.equal(out[1], images[1])
    assert torch.equal(out[2], images[2].flip(2))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_cutout_blanks_a_square_around_any_pixel_and_no_more(size):
    out = random_cutout(torch.ones(3000, 2, 5, 7), size, dice())
    blank = out == 0  # (B, C, H, W)
    assert torch.equal(blank[:, 0], blank[:, 1])
    shifts = {
        (tuple(rows.tolist()), tuple(columns.tolist()))
        for rows, columns in ((b.any(1).nonzero()[:, 0], b.any(0).nonzero()[:, 0]) for b in blank[:, 0])
    }
    # Around pixel m: from m - size // 2, `size` of them, within the image.
    expected_rows = [
        tuple(r for r in range(m - size // 2, m - size // 2 + size) if 0 <= r < 5) for m in range(5)
    ]
    expected_columns = [
        tuple(c for c in range(m - size // 2, m - size // 2 + size) if 0 <= c < 7) for m in range(7)
    ]
    assert shifts == {(rows, columns) for rows in expected_rows for columns in expected_columns}
    assert torch.equal(blank[:, 0].flatten(1).sum(1), (blank[:, 0].any(2).sum(1) * blank[:, 0].any(1).sum(1)))


def test_cutout_of_nothing_and_of_everything():
    images = torch.ones(4, 3, 6, 6)
    assert torch.equal(random_cutout(images, 0, dice()), images)
    assert random_cutout(images, 12, dice()).sum() == 0  # a square twice as large covers it from any pixel


def drawn(batch: int, seed: int = 0) -> torch.Tensor:
    """What `random_affine` draws: (2, B), -1..1."""
    return 2 * torch.rand((2, batch), generator=dice(seed)) - 1


def test_an_image_is_turned_and_scaled_about_its_middle():
    # Red is a plane that rises by 3 a pixel to the right, green one that rises downwards: bilinear
    # interpolation is exact on both, so each pixel says where it was taken from.
    ramp = 3.0 * torch.arange(32)
    images = (
        torch.stack([ramp.expand(32, 32), ramp[:, None].expand(32, 32)]).to(torch.uint8).expand(50, 2, 32, 32)
    )
    out = random_affine(images, 20, 10, dice())
    assert (out.dtype, out.shape) == (torch.float32, images.shape)
    turn, grow = drawn(50)
    for at in range(50):
        angle, size = math.radians(20 * float(turn[at])), 1 + 0.1 * float(grow[at])
        for x, y in ((15, 15), (20, 11), (12, 22)):  # far enough from the border
            dx, dy = (x - 15.5) / size, (y - 15.5) / size
            source_x = 15.5 + dx * math.cos(angle) + dy * math.sin(angle)
            source_y = 15.5 - dx * math.sin(angle) + dy * math.cos(angle)
            assert out[at, 0, y, x].item() == pytest.approx(3 * source_x, abs=1e-3)
            assert out[at, 1, y, x].item() == pytest.approx(3 * source_y, abs=1e-3)


def test_turns_and_sizes_are_spread_evenly_over_their_range():
    ramp = torch.arange(32, dtype=torch.uint8).expand(32, 32)
    images = torch.stack([ramp, ramp.T]).expand(4000, 2, 32, 32)
    out = random_affine(images, 30, 20, dice(1))
    # How fast red and green rise to the right: cos(angle) / size and -sin(angle) / size.
    rise = (out[:, :, 15, 18] - out[:, :, 15, 13]) / 5
    angles = torch.atan2(-rise[:, 1], rise[:, 0]).rad2deg()
    sizes = 1 / rise.norm(dim=1)
    for found, low, high in ((angles, -30, 30), (sizes, 0.8, 1.2)):
        assert low - 1e-3 < found.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < found.max() < high + 1e-3
        # 4000 even draws in ten bins: 400 each, standard deviation 19
        counts = torch.histc(found, 10, low, high)
        assert (counts - 400).abs().max() < 5 * 19


def test_beyond_the_border_an_image_is_reflected():
    images = noise(300)
    out = random_affine(images, 0, 50, dice())
    grow = drawn(300)[1]
    smallest = int(grow.argmin())
    size = 1 + 0.5 * float(grow[smallest])
    assert size < 0.51
    row = images[smallest, 0].double().numpy()
    padded = np.pad(row, 31, mode="reflect")
    for x, y in ((0, 0), (31, 3), (16, 30)):
        at_x, at_y = 31 + 15.5 + (x - 15.5) / size, 31 + 15.5 + (y - 15.5) / size
        left, top = int(at_x), int(at_y)
        u, v = at_x - left, at_y - top
        corner = padded[top : top + 2, left : left + 2]
        expected = np.array([1 - v, v]) @ corner @ np.array([1 - u, u])
        assert out[smallest, 0, y, x].item() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("rotation", "scaling"), [(45, 0), (0, 50), (45, 50), (0, 0)])
def test_the_same_seed_turns_alike_and_pixels_stay_in_their_range(rotation, scaling):
    images = noise(40)
    one, two = (random_affine(images, rotation, scaling, dice(3)) for _ in range(2))
    assert torch.equal(one, two)
    assert one.min() >= 0
    assert one.max() <= 255
    assert (one - images).abs().max() < 1e-2 or (rotation or scaling)
    assert (rotation or scaling) == 0 or not torch.equal(
        one, random_affine(images, rotation, scaling, dice(4))
    )


def test_normalising_leaves_floats_alone_as_well():
    images = noise(4).float()
    before = images.clone()
    normalise(images, (0.5,) * 3, (0.5,) * 3, torch.float32)
    assert torch.equal(images, before)
