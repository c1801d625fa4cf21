"""Paints scenes with signed distance fields: every pixel knows how far it is from an edge, in pixels.

A shape covers a pixel by clip(0.5 - distance, 0, 1), which smooths its edge over one pixel.
Fields are (N, 32, 32); the parameters of a picture are (N, 1, 1), its colours (N, 3, 1, 1) on the scale 0..1.
"""

import numpy as np

from cifar7.data.imageset import SIZE, Images
from cifar7.data.scenes import CLASSES, PAIRS, Floats, Scenes

CHUNK = 250  # pictures painted at once: their arrays stay in the processor's cache
NOWHERE = 9.0  # a distance at which nothing is painted
LUMA = np.array([0.299, 0.587, 0.114])[:, None, None]  # brightness of R, G, B (Rec. 601)
Y, X = (np.arange(SIZE)[:, None] + 0.5, np.arange(SIZE)[None, :] + 0.5)  # centres of the pixels


def paint(scenes: Scenes, random: np.random.Generator) -> Images:
    """The pictures, uint8 (N, 3, 32, 32). Colours, background and noise are independent of the class."""
    images = np.empty((len(scenes.labels), 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, len(images), CHUNK):
        part = Scenes(**{key: value[start : start + CHUNK] for key, value in vars(scenes).items()})
        images[start : start + CHUNK] = _paint_chunk(part, random)
    return images


def _paint_chunk(scenes: Scenes, random: np.random.Generator) -> Images:
    n = len(scenes.labels)
    light = random.uniform(0.2, 0.8, (n, 1, 1, 1))
    hue = random.uniform(0, 1, (n, 1, 1, 1))
    picture = _background(light, hue, random)
    _scribble(picture, light, random)
    contrast = random.uniform(0.28, 0.5, (n, 1, 1, 1))
    bright = np.where(light > 0.5, light - contrast, light + contrast)
    main = _colour(
        hue + random.uniform(0.25, 0.75, (n, 1, 1, 1)), random.uniform(0.5, 1, (n, 1, 1, 1)), bright
    )
    aim = _colour(
        hue + random.uniform(0.25, 0.75, (n, 1, 1, 1)), random.uniform(0.5, 1, (n, 1, 1, 1)), bright
    )
    for field, colour in _layers(scenes, main, aim):
        cover = np.clip(0.5 - field, 0, 1)[:, None]  # (N, 1, 32, 32)
        picture += cover * (colour - picture)  # (N, 3, 32, 32)
    picture += random.standard_normal(picture.shape) * random.uniform(0.01, 0.05, (n, 1, 1, 1))
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def _layers(scenes: Scenes, main: Floats, aim: Floats) -> list[tuple[Floats, Floats]]:
    """Distance fields with their colours, from the back to the front."""
    n = len(scenes.labels)
    body, rim, pupil, target = (np.full((n, SIZE, SIZE), NOWHERE) for _ in range(4))
    for label, name in enumerate(CLASSES):
        chosen = np.flatnonzero(scenes.labels == label)
        x, y, radius, turn = (
            value[chosen, None, None] for value in (scenes.x, scenes.y, scenes.radius, scenes.turn)
        )
        if name in PAIRS[1]:
            ball = np.hypot(X - x, Y - y) - radius
            rim[chosen], body[chosen] = ball, ball + 0.9
            pupil[chosen] = np.hypot(X - x - 1.5 * np.cos(turn), Y - y - 1.5 * np.sin(turn)) - 1.6
        else:
            body[chosen] = _shape(name, *_turned(x, y, turn), radius)
        if name in PAIRS[0] or name in PAIRS[1]:
            dx, dy = X - scenes.target_x[chosen, None, None], Y - scenes.target_y[chosen, None, None]
            target[chosen] = (
                np.hypot(dx, dy) - 2.0 if name in PAIRS[0] else _star(dx, -dy, 3.0, 1.3, 5, np.pi / 2)
            )
    eye = np.isin(scenes.labels, [CLASSES.index(name) for name in PAIRS[1]])[:, None, None, None]
    black, white = np.full_like(main, 0.06), np.full_like(main, 0.96)
    return [(rim, black), (body, np.where(eye, white, main)), (pupil, black), (target, aim)]


def _shape(name: str, u: Floats, v: Floats, radius: Floats) -> Floats:
    """The field of a plain shape or an arrow in its own coordinates: centred, u ahead."""
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
    if name == "cross":
        return np.minimum(_box(u, v, radius, 0.3 * radius), _box(u, v, 0.3 * radius, radius))
    head = np.maximum(-u - 0.2, 0.8 * u + 0.6 * np.abs(v) - 0.8 * radius)  # a wedge that ends in its tip
    return np.minimum(head, _box(u + 1.6, v, 1.9, 0.7))


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

    Folded into one of its 2 * points wedges, where its edge is one line from a tip to a notch.
    """
    half = np.pi / points
    angle = np.abs((np.arctan2(v, u) - turn + half) % (2 * half) - half)
    rho = np.hypot(u, v)
    along, across = inner * np.cos(half) - outer, inner * np.sin(half)  # the edge, from (outer, 0)
    length = np.hypot(along, across)
    return ((rho * np.cos(angle) - outer) * across - rho * np.sin(angle) * along) / length


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
    """Two faint lines across the picture, which are neither here nor there."""
    n = len(picture)
    for _ in range(2):
        x, y = random.uniform(0, SIZE, (2, n, 1, 1))
        u, v = _turned(x, y, random.uniform(0, 2 * np.pi, (n, 1, 1)))
        line = _box(u, v, random.uniform(3, 12, (n, 1, 1)), random.uniform(0.3, 1.2, (n, 1, 1)))
        picture += np.clip(0.5 - line, 0, 1)[:, None] * random.uniform(-0.12, 0.12, light.shape)


def _colour(hue: Floats, saturation: Floats, brightness: Floats) -> Floats:
    """RGB (N, 3, 1, 1) of a hue (1 = once around) and saturation 0..1, at the given LUMA."""
    ramp = np.abs((hue * 6 + np.array([0, 4, 2])[:, None, None]) % 6 - 3) - 1  # (N, 3, 1, 1)
    rgb = 1 - saturation * (1 - np.clip(ramp, 0, 1))
    own = (rgb * LUMA).sum(axis=1, keepdims=True)
    brightness = np.clip(brightness, 0.02, 0.98)
    darker = rgb * brightness / own
    lighter = 1 - (1 - rgb) * (1 - brightness) / np.maximum(1 - own, 1e-6)
    return np.where(brightness < own, darker, lighter)
