"""Random networks that are one chain, for torch to build and readers to read."""

from __future__ import annotations

import random

from torch import nn


def chain(seed: int) -> nn.Sequential:
    """Convolutions of all settings, norms, activations, pools and dropout; a head of one of three manners."""
    draw = random.Random(seed)
    channels, side = 3, 32
    layers: list[nn.Module] = []
    for _ in range(draw.randint(2, 7)):
        conv, channels, side = convolution(draw, channels, side)
        layers += [conv, *followers(draw, channels, side)]
        if side >= 6 and draw.random() < 0.35:
            pool, side = pooling(draw, side)
            layers.append(pool)
    match draw.randrange(3):
        case 0:
            layers += [
                nn.AdaptiveAvgPool2d(draw.choice([1, (1, 1)])),
                nn.Conv2d(channels, 10, 1),
                nn.Flatten(),
            ]
        case 1:
            layers += [nn.AvgPool2d(side), nn.Flatten(), nn.Linear(channels, 10, bias=draw.random() < 0.7)]
        case _:
            hidden = draw.choice([16, 32])
            layers += [nn.Flatten(), nn.Linear(channels * side * side, hidden), nn.ReLU(), nn.Dropout(0.2)]
            layers += [nn.Linear(hidden, 10)]
    return nn.Sequential(*layers)


def convolution(draw: random.Random, channels: int, side: int) -> tuple[nn.Conv2d, int, int]:
    """One that leaves at least a pixel."""
    while True:
        kernel = draw.choice([1, 3, 3, 3, 3, 5, 7, 2])
        dilation = draw.choice([1, 1, 1, 2, 3]) if kernel in (3, 5) else 1
        stride = draw.choice([1, 1, 1, 1, 2, 3])
        reach = dilation * (kernel - 1)
        padding = draw.choice([reach // 2, reach // 2, reach // 2, 0, 1, "same"])
        if padding == "same" and stride > 1:
            continue
        out = draw.choice([8, 16, 24, 32, 48, 64])
        divisors = [n for n in (1, 1, 1, 1, 2, 4, channels) if channels % n == 0 and out % n == 0]
        groups = draw.choice(divisors)
        made = side if padding == "same" else (side + 2 * padding - reach - 1) // stride + 1
        if made >= 1 and (padding == "same" or side + 2 * padding > reach):
            mode = (
                draw.choice(["zeros", "zeros", "zeros", "replicate", "circular"])
                if padding in (0, 1)
                else "zeros"
            )
            conv = nn.Conv2d(
                channels,
                out,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                bias=draw.random() < 0.5,
                padding_mode=mode,
            )
            return conv, out, made


def followers(draw: random.Random, channels: int, side: int) -> list[nn.Module]:
    norms = [
        lambda: nn.BatchNorm2d(channels), lambda: nn.BatchNorm2d(channels, affine=False),
        lambda: nn.GroupNorm(draw.choice([1, 2, 4, 8]), channels), lambda: nn.InstanceNorm2d(channels),
        lambda: nn.LayerNorm([channels, side, side]),
    ]  # fmt: skip
    activations = [
        nn.ReLU,
        nn.ReLU,
        nn.LeakyReLU,
        nn.SiLU,
        nn.GELU,
        nn.ELU,
        nn.PReLU,
        lambda: nn.PReLU(channels),
    ]
    found: list[nn.Module] = []
    if draw.random() < 0.6 and side > 1:
        found.append(draw.choice([norms[0], norms[0], *norms])())
    if draw.random() < 0.8:
        found.insert(draw.randint(0, len(found)), draw.choice(activations)())
    if draw.random() < 0.3:
        found.append(draw.choice([nn.Dropout, nn.Dropout2d])(draw.choice([0.05, 0.1, 0.25])))
    return found


def pooling(draw: random.Random, side: int) -> tuple[nn.Module, int]:
    kernel, stride, padding = draw.choice([(2, 2, 0), (2, 2, 0), (3, 2, 1), (3, 3, 0), (3, 2, 0), (3, 1, 1)])
    ceil = draw.random() < 0.2
    pool = draw.choice([nn.MaxPool2d, nn.AvgPool2d])(kernel, stride, padding, ceil_mode=ceil)
    room = side + 2 * padding - kernel
    made = -(-room // stride) + 1 if ceil else room // stride + 1
    return pool, made - (ceil and (made - 1) * stride >= side + padding)
