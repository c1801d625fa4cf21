"""The built-in set: equal everywhere, balanced; its pairs keep their secret from small receptive fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cifar7.data import drawing, scenes, shapes
from cifar7.data.scenes import ANGLE, CLASSES, PAIR_LABELS, PLAIN, REACH, Scenes, draw_scenes


@pytest.fixture(scope="module")
def many() -> Scenes:
    return draw_scenes(5000, np.random.default_rng(1))


def of(drawn: Scenes, label: int) -> Scenes:
    return Scenes(**{name: value[drawn.labels == label] for name, value in vars(drawn).items()})


def test_equal_seeds_give_equal_images_and_others_do_not():
    one, same, other = (shapes.generate(40, 20, seed) for seed in (3, 3, 4))
    for split in ("train", "test"):
        assert np.array_equal(getattr(one, split).images, getattr(same, split).images)
        assert np.array_equal(getattr(one, split).labels, getattr(same, split).labels)
    assert not np.array_equal(one.train.images, other.train.images)
    even = shapes.generate(20, 20, 3)
    assert not np.array_equal(even.train.images, even.test.images)


def test_every_class_has_the_same_number_and_they_are_mixed():
    raw = shapes.generate(400, 100)
    assert np.bincount(raw.train.labels).tolist() == [40] * 10
    assert np.bincount(raw.test.labels).tolist() == [10] * 10
    assert len(set(raw.train.labels[:40].tolist())) > 5
    assert raw.classes == CLASSES == shapes.info("shapes").classes
    assert len(CLASSES) == 10


def test_it_says_that_it_is_synthetic():
    raw, info = shapes.generate(10, 10), shapes.info("shapes")
    assert raw.synthetic
    assert info.synthetic
    assert raw.notes == info.notes
    assert "Synthetic" in raw.notes[0]
    assert (raw.title, raw.origin) == (info.title, info.origin)


def test_progress_ends_at_its_total():
    reports: list[tuple[str, int, int]] = []
    shapes.generate(600, 100, progress=lambda *report: reports.append(report))
    assert reports[0][1:] == (0, 700)
    assert reports[-1][1:] == (700, 700)
    assert [done for _, done, _ in reports] == sorted(done for _, done, _ in reports)
    assert len(reports) > 3


def test_images_use_the_whole_range_and_every_picture_shows_something():
    images = shapes.generate(500, 10).train.images
    assert images.min() == 0
    assert images.max() == 255
    assert images.reshape(500, -1).std(axis=1).min() > 5


# The pairs.


@pytest.mark.parametrize("pair", PAIR_LABELS)
def test_the_class_says_at_whom_is_pointed(many, pair):
    for label, at_target in zip(pair, (True, False), strict=True):
        drawn = of(many, label)
        x, y = (drawn.target_x, drawn.target_y) if at_target else (drawn.other_x, drawn.other_y)
        assert np.allclose(np.cos(drawn.turn - np.arctan2(y - drawn.y, x - drawn.x)), 1)
        x, y = (drawn.other_x, drawn.other_y) if at_target else (drawn.target_x, drawn.target_y)
        away = np.degrees(np.arccos(np.cos(drawn.turn - np.arctan2(y - drawn.y, x - drawn.x))))
        assert (away >= ANGLE[0]).all()
        assert (away <= ANGLE[1]).all()


@pytest.mark.parametrize("pair", PAIR_LABELS)
def test_both_places_are_far_and_all_of_it_is_in_the_picture(many, pair):
    for label in pair:
        drawn = of(many, label)
        for x, y in ((drawn.target_x, drawn.target_y), (drawn.other_x, drawn.other_y)):
            reach = np.maximum(np.abs(x - drawn.x), np.abs(y - drawn.y))
            assert REACH[0] <= reach.min()
            assert reach.max() <= REACH[1]
            assert min(x.min(), y.min(), 32 - x.max(), 32 - y.max()) >= scenes.STAR
        assert min(drawn.x.min(), drawn.y.min(), 32 - drawn.x.max(), 32 - drawn.y.max()) >= scenes.ARROW


@pytest.mark.parametrize("pair", PAIR_LABELS)
def test_the_class_is_in_nothing_that_a_window_or_the_places_show(many, pair):
    """What may be said of the pointer with its direction, of the target, and of both their places.

    The means are alike in both classes, within 4.5 standard errors; with all three together they are not.
    """
    seen = []
    for label in pair:
        s = of(many, label)
        x, y, tx, ty = (value - 16 for value in (s.x, s.y, s.target_x, s.target_y))
        cos, sin = np.cos(s.turn), np.sin(s.turn)
        pointer = [
            x,
            y,
            cos,
            sin,
            np.abs(x),
            x * y,
            np.abs(cos),
            cos * sin,
            x * cos,
            x * sin,
            y * cos,
            y * sin,
        ]
        target = [tx, ty, np.abs(tx), tx * ty, np.hypot(tx, ty)]
        places = [x * tx, x * ty, y * tx, y * ty, np.hypot(tx - x, ty - y)]
        all_three = [(tx - x) * cos + (ty - y) * sin]
        seen.append(np.array(pointer + target + places + all_three))  # (features, 5000)
    at, past = seen
    error = np.sqrt(at.var(axis=1) / at.shape[1] + past.var(axis=1) / past.shape[1])
    apart = np.abs(at.mean(axis=1) - past.mean(axis=1)) / error
    assert apart[:-1].max() < 4.5
    assert apart[-1] > 100


@pytest.mark.parametrize("pair", PAIR_LABELS)
def test_the_same_scene_is_painted_alike_in_both_classes(pair):
    drawn = of(draw_scenes(20, np.random.default_rng(2)), pair[0])
    other = replace(drawn, labels=np.full_like(drawn.labels, pair[1]))
    painted = [drawing.paint(s, np.random.default_rng(3)) for s in (drawn, other)]
    assert np.array_equal(*painted)


@pytest.mark.parametrize("pair", PAIR_LABELS)
def test_no_window_of_sixteen_pixels_sees_both_where_it_points_and_where_the_target_may_be(pair):
    """In pixels: those that change when the pointer turns, those that change when the target moves over."""
    drawn = of(draw_scenes(150, np.random.default_rng(4)), pair[0])
    turned = [replace(drawn, turn=drawn.turn + angle) for angle in np.linspace(0.5, 6, 12)]
    moved = replace(drawn, target_x=drawn.other_x, target_y=drawn.other_y)
    still = drawing.paint(drawn, np.random.default_rng(5))
    direction = np.zeros((len(still), 32, 32), dtype=bool)
    for scene in turned:
        direction |= (drawing.paint(scene, np.random.default_rng(5)) != still).any(axis=1)
    place = (drawing.paint(moved, np.random.default_rng(5)) != still).any(axis=1)
    smallest = 99
    for one, other in zip(direction, place, strict=True):
        a, b = np.argwhere(one), np.argwhere(other)
        assert len(a) > 5
        assert len(b) > 10
        smallest = min(smallest, int(np.abs(a[:, None] - b[None]).max(axis=2).min()) + 1)
    assert 17 <= smallest <= 20


# The drawing.


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("disc", np.pi * 9**2),
        ("ring", np.pi * (9.5**2 - 5.5**2)),
        ("square", 15.6**2),
        ("triangle", 3 * np.sqrt(3) / 4 * 11**2),  # of an equilateral one with circumradius 11
        ("star", 5 * 11.5 * 5 * np.sin(np.pi / 5)),  # ten triangles between a tip, a notch and the centre
        ("cross", 2 * 20 * 6 - 6**2),
    ],
)
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_the_area_of_a_shape_of_radius_ten(name, area, turn):
    field = drawing._shape(name, *drawing._turned(16.3, 15.8, np.array(turn).reshape(1, 1, 1)), 10.0)
    assert np.clip(0.5 - field, 0, 1).sum() == pytest.approx(area, rel=0.02)


def test_an_arrow_points_ahead_and_stays_in_its_circle():
    angle, rho = np.meshgrid(np.linspace(0, 2 * np.pi, 361), np.linspace(0, 9, 901))
    field = drawing._arrow(rho * np.cos(angle), rho * np.sin(angle))
    assert field[0].max() < 0  # its centre is part of it
    painted = field < 0.5
    assert rho[painted].max() <= scenes.ARROW + 0.5 + 1e-9
    assert painted[440, 0]  # 4.4 pixels straight ahead: its tip
    widest = np.abs(rho * np.sin(angle))[painted & (rho * np.cos(angle) > -0.8)].max()
    behind = np.abs(rho * np.sin(angle))[painted & (rho * np.cos(angle) < -1)].max()
    assert widest > 2 * behind  # the wings of the head, and the shaft


def test_plain_shapes_stay_mostly_in_the_picture(many):
    for label in range(len(PLAIN)):
        drawn = of(many, label)
        for place in (drawn.x, drawn.y):
            assert (place >= 0.75 * drawn.radius).all()
            assert (place <= 32 - 0.75 * drawn.radius).all()


def test_a_stray_shape_is_another_one_and_only_in_plain_pictures(many):
    plain = many.labels < len(PLAIN)
    assert (many.stray[~plain] == -1).all()
    assert (many.stray != many.labels).all()
    assert (many.stray[plain] >= 0).mean() == pytest.approx(scenes.STRAY_SHARE, abs=0.02)
    assert scenes.STRAY_RADIUS[1] < scenes.RADIUS[0]


def test_a_colour_has_the_brightness_that_was_asked_for():
    dice = np.random.default_rng(0)
    hue, saturation, brightness = dice.uniform(0.05, 0.95, (3, 50, 1, 1, 1))
    colour = drawing._colour(hue, saturation, brightness)
    assert colour.shape == (50, 3, 1, 1)
    assert colour.min() >= 0
    assert colour.max() <= 1
    luma = 0.299 * colour[:, 0] + 0.587 * colour[:, 1] + 0.114 * colour[:, 2]
    assert np.allclose(luma, brightness[:, 0])
    red = drawing._colour(*(np.full((1, 1, 1, 1), v) for v in (0.0, 1.0, 0.299)))
    assert np.allclose(red[0, :, 0, 0], (1, 0, 0))


def test_masks_are_where_the_shapes_were_painted(monkeypatch: pytest.MonkeyPatch):
    """Painted once as they are and once with the background alone, pictures differ on the mask."""
    drawn = draw_scenes(20, np.random.default_rng(4))
    bare = replace(drawn, stray=np.full(len(drawn.labels), -1))
    monkeypatch.setattr(drawing, "NOISE", (0.0, 0.0))
    painted = drawing.paint(bare, np.random.default_rng(5)).astype(int)
    monkeypatch.setattr(drawing, "_layers", lambda *_: [])
    ground = drawing.paint(bare, np.random.default_rng(5)).astype(int)
    covered = np.abs(painted - ground).max(axis=1) > 0  # (N, 32, 32)
    masks = drawing.masks(drawn)
    assert masks.shape == covered.shape
    assert masks.any(axis=(1, 2)).all()
    assert (masks & ~covered).sum() < 0.001 * masks.sum()  # a colour may happen to be the background's
    # Beyond the mask lies only the smoothed edge, whose pixels touch the mask, except along a sharp tip.
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    near = np.any(
        [padded[:, y : y + 32, x : x + 32] for y in range(3) for x in range(3)], axis=0
    )  # (N, 32, 32)
    assert (covered & ~near).sum() < 0.01 * masks.sum()


def test_where_shapes_lie_is_of_the_test_images():
    masks = shapes.where_shapes_lie(40, 20, 3)
    images = shapes.generate(40, 20, 3).test.images
    assert masks.shape == (20, 32, 32)
    colour = images.astype(float) / 255
    plain = [i for i, label in enumerate(shapes.generate(40, 20, 3).test.labels) if label < len(PLAIN)]
    apart = [np.abs(colour[i][:, masks[i]].mean(1) - colour[i][:, ~masks[i]].mean(1)).max() for i in plain]
    shuffled = np.roll(masks, 1, axis=0)
    other = [
        np.abs(colour[i][:, shuffled[i]].mean(1) - colour[i][:, ~shuffled[i]].mean(1)).max() for i in plain
    ]
    assert np.mean(apart) > 2 * np.mean(other)
