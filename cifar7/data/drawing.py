"""Paints scenes with signed distance fields: every pixel knows how far it is from an edge, in pixels.

A shape covers a pixel by clip(0.5 - distance, 0, 1), which smooths its edge over one pixel.
Fields are (N, 32, 32); the parameters of a picture are (N, 1, 1), its colours (N, 3, 1, 1) on the scale 0..1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cifar7.data.imageset import SIZE, Images, Labels
from cifar7.data.scenes import ARROW, DOT, EYE, GAZE, PAIR_LABELS, PLAIN, PUPIL, STAR, Floats, Scenes

CHUNK = 250  # pictures painted at once: their arrays stay in the processor's cache
CONTRAST, PAIR_CONTRAST = (0.05, 0.5), (0.3, 0.5)  # of the brightness of shape and background
STRAY_CONTRAST = 0.6  # of a stray shape's brightness to the background, as a share of the main shape's
NOISE = (0.01, 0.06)  # standard deviation, from picture to picture
NOWHERE = 9.0  # a distance at which nothing is painted
LUMA = np.array([0.299, 0.587, 0.114])[:, None, None]  # brightness of R, G, B (Rec. 601)
Y, X = (np.arange(SIZE)[:, None] + 0.5, np.arange(SIZE)[None, :] + 0.5)  # centres of the pixels


def paint(
    scenes: Scenes, random: np.random.Generator, done: Callable[[int], None] = lambda images: None
) -> Images:
    """The pictures, uint8 (N, 3, 32, 32). Colours, background and noise are independent of the class.

    `done` is called with the number of images painted so far.
    """
    images = np.empty((len(scenes.labels), 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, len(images), CHUNK):
        part = Scenes(**{key: value[start : start + CHUNK] for key, value in vars(scenes).items()})
        images[start : start + CHUNK] = _paint_chunk(part, random)
        done(min(start + CHUNK, len(images)))
    return images


def _paint_chunk(scenes: Scenes, random: np.random.Generator) -> Images:
    shape = (len(scenes.labels), 1, 1, 1)
    light = random.uniform(0.2, 0.8, shape)
    hue = random.uniform(0, 1, shape)
    picture = _background(light, hue, random)
    _scribble(picture, light, random)
    related = (scenes.labels >= len(PLAIN)).reshape(shape)
    contrast = np.where(related, random.uniform(*PAIR_CONTRAST, shape), random.uniform(*CONTRAST, shape))
    contrast = np.where(light > 0.5, -contrast, contrast)
    saturation = random.uniform(0.5, 1, (3, *shape))
    hues = hue + random.uniform(0.25, 0.75, (3, *shape))
    stray = _colour(hues[2], saturation[2], light + STRAY_CONTRAST * contrast)
    main, target = (_colour(hues[i], saturation[i], light + contrast) for i in range(2))
    strays = _plain(scenes.stray, scenes.stray_x, scenes.stray_y, scenes.stray_radius, scenes.stray_turn)
    for field, colour in [(strays, stray), *_layers(scenes, main, target)]:
        cover = np.clip(0.5 - field, 0, 1)[:, None]  # (N, 1, 32, 32)
        picture += cover * (colour - picture)  # (N, 3, 32, 32)
    picture += random.standard_normal(picture.shape) * random.uniform(*NOISE, shape)
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def masks(scenes: Scenes) -> NDArray[np.bool_]:
    """Where a picture's own shape lies, or its pointer and target; (N, 32, 32). A stray shape does not count.

    A pixel belongs to it that is covered by half or more.
    """
    return np.minimum.reduce(_fields(scenes)) <= 0


def _plain(labels: Labels, x: Floats, y: Floats, radius: Floats, turn: Floats) -> Floats:
    """The field of plain shapes, parameters (N,); nothing where the label is not one of theirs."""
    field = np.full((len(labels), SIZE, SIZE), NOWHERE)
    for label, name in enumerate(PLAIN):
        rows = np.flatnonzero(labels == label)
        u, v = _turned(*(value[rows, None, None] for value in (x, y, turn)))
        field[rows] = _shape(name, u, v, radius[rows, None, None])
    return field


def _layers(scenes: Scenes, main: Floats, target: Floats) -> list[tuple[Floats, Floats]]:
    """Distance fields with their colours, from the back to the front."""
    rim, body, pupil, aim = _fields(scenes)
    eye = np.isin(scenes.labels, PAIR_LABELS[1])[:, None, None, None]
    black, white = np.full_like(main, 0.06), np.full_like(main, 0.96)
    return [(rim, black), (body, np.where(eye, white, main)), (pupil, black), (aim, target)]


def _fields(scenes: Scenes) -> tuple[Floats, Floats, Floats, Floats]:
    """The distance fields of an eye's rim, of the shape, arrow or eye, of its pupil, and of the target."""
    body = _plain(scenes.labels, scenes.x, scenes.y, scenes.radius, scenes.turn)
    rim, pupil, aim = (np.full_like(body, NOWHERE) for _ in range(3))
    places = (scenes.x, scenes.y, scenes.turn, scenes.target_x, scenes.target_y)
    arrows, eyes = (np.flatnonzero(np.isin(scenes.labels, labels)) for labels in PAIR_LABELS)
    x, y, turn, target_x, target_y = (value[arrows, None, None] for value in places)
    body[arrows] = _arrow(*_turned(x, y, turn))
    aim[arrows] = np.hypot(X - target_x, Y - target_y) - DOT
    x, y, turn, target_x, target_y = (value[eyes, None, None] for value in places)
    rim[eyes] = np.hypot(X - x, Y - y) - EYE
    body[eyes] = rim[eyes] + 0.9  # pixels of black around the white
    pupil[eyes] = np.hypot(X - x - GAZE * np.cos(turn), Y - y - GAZE * np.sin(turn)) - PUPIL
    aim[eyes] = _star(X - target_x, target_y - Y, STAR, 0.45 * STAR, 5, np.pi / 2)
    return rim, body, pupil, aim


def _shape(name: str, u: Floats, v: Floats, radius: Floats) -> Floats:
    """The field of a plain shape in its own coordinates: centred, u ahead."""
    if name == "disc":
        return np.hypot(u, v) - 0.9 * radius
    if name == "ring":
        return np.abs(np.hypot(u, v) - 0.75 * radius) - 0.2 * radius
    if name == "square":
        return _box(u, v, 0.78 * radius, 0.78 * radius)
    if name == "triangle":
        return _star(u, v, 1.1 * radius, 0.55 * radius, 3)
    if name == "star":
        return _star(u, v, 1.15 * radius, 0.5 * radius, 5)
    return np.minimum(_box(u, v, radius, 0.3 * radius), _box(u, v, 0.3 * radius, radius))


def _arrow(u: Floats, v: Floats) -> Floats:
    """A wedge that ends in its tip, and a shaft behind it; nothing lies beyond the circle of radius ARROW."""
    head = np.maximum(-u - 0.3, 0.62 * (u - ARROW) + 0.784 * np.abs(v))
    shaft = _box(u + 2.5, v, 2.0, 0.9)
    return np.maximum(np.minimum(head, shaft), np.hypot(u, v) - ARROW)


def _turned(x: Floats | float, y: Floats | float, turn: Floats) -> tuple[Floats, Floats]:
    """Coordinates of every pixel (N, 32, 32) about (x, y), u along the direction `turn`."""
    dx, dy, cos, sin = X - x, Y - y, np.cos(turn), np.sin(turn)
    return dx * cos + dy * sin, dy * cos - dx * sin


def _box(u: Floats, v: Floats, half_width: Floats | float, half_height: Floats | float) -> Floats:
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


def _star(
    u: Floats, v: Floats, outer: Floats | float, inner: Floats | float, points: int, turn: float = 0.0
) -> Floats:
    """A star with a tip ahead; with inner = outer * cos(pi / points) a regular polygon.

    Folded into one of its 2 * points wedges, where its edge is one line from a tip to a notch. Nothing of it
    beyond the circle of radius `outer`, as the smoothing of a sharp tip would be.
    """
    half = np.pi / points
    angle = np.abs((np.arctan2(v, u) - turn + half) % (2 * half) - half)
    rho = np.hypot(u, v)
    along, across = inner * np.cos(half) - outer, inner * np.sin(half)  # the edge, from (outer, 0)
    edge = (rho * np.cos(angle) - outer) * across - rho * np.sin(angle) * along
    return np.maximum(edge / np.hypot(along, across), rho - outer)


def _background(light: Floats, hue: Floats, random: np.random.Generator) -> Floats:
    """A gradient between two related colours, soft spots and fine waves: (N, 3, 32, 32)."""
    n = len(light)
    shape = (n, 1, 1, 1)
    colours = [
        _colour(hue + random.normal(0, 0.06, shape), random.uniform(0.1, 0.7, shape), light + shift)
        for shift in (-0.1, 0.1)
    ]
    u, _ = _turned(SIZE / 2, SIZE / 2, random.uniform(0, 2 * np.pi, (n, 1, 1)))
    blend = np.clip(0.5 + u / SIZE, 0, 1)[:, None]  # (N, 1, 32, 32)
    picture = colours[0] + blend * (colours[1] - colours[0])
    knots = random.normal(0, 0.06, (n, 3, 6, 6))
    steps = np.abs(np.linspace(0, 5, SIZE)[:, None] - np.arange(6))
    weights = np.clip(1 - steps, 0, 1)  # (32, 6), bilinear
    picture += weights @ knots @ weights.T
    u, _ = _turned(0.0, 0.0, random.uniform(0, 2 * np.pi, (n, 1, 1)))
    wave = np.sin(u * (2 * np.pi / random.uniform(4, 14, (n, 1, 1))))
    return picture + (wave * random.uniform(0, 0.05, (n, 1, 1)))[:, None]


def _scribble(picture: Floats, light: Floats, random: np.random.Generator) -> None:
    """Two faint lines across the picture, which mean nothing."""
    n = len(picture)
    for _ in range(2):
        x, y = random.uniform(0, SIZE, (2, n, 1, 1))
        u, v = _turned(x, y, random.uniform(0, 2 * np.pi, (n, 1, 1)))
        line = _box(u, v, random.uniform(3, 12, (n, 1, 1)), random.uniform(0.3, 1.2, (n, 1, 1)))
        picture += np.clip(0.5 - line, 0, 1)[:, None] * random.uniform(-0.15, 0.15, light.shape)


def _colour(hue: Floats, saturation: Floats, brightness: Floats) -> Floats:
    """RGB (N, 3, 1, 1) of a hue (1 = once around) and saturation 0..1, at the given LUMA."""
    ramp = np.abs((hue * 6 + np.array([0, 4, 2])[:, None, None]) % 6 - 3) - 1  # (N, 3, 1, 1)
    rgb = 1 - saturation * (1 - np.clip(ramp, 0, 1))
    luma = (rgb * LUMA).sum(axis=1, keepdims=True)
    brightness = np.clip(brightness, 0.02, 0.98)
    darker = rgb * brightness / luma
    lighter = 1 - (1 - rgb) * (1 - brightness) / np.maximum(1 - luma, 1e-6)
    return np.where(brightness < luma, darker, lighter)
