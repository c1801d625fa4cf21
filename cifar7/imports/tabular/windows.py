"""Settings of windows, solved from what a table says: shapes before and behind, and the count of parameters.

Several settings may give the same numbers: 3x3 with dilation 2 and padding 2 keeps a map, as does dilation 1
with padding 1. All are found, the likely first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cifar7.imports.tabular.parts import Shape

KERNELS = range(1, 12)
DILATIONS = range(1, 9)
STRIDES = (1, 2, 3, 4)
EXTRA = 3  # pixels of padding beyond those that keep the map
WIDEST = 6  # pixels of padding that a map may have whatever the kernel, though hardly has
GROWN = 32  # the most that there is; a map that grows cannot be without padding
SMALL = 6  # side of a map beneath a pool that may be larger than it
MOST = 200  # settings kept of one layer

Settings = dict[str, Any]
Solution = tuple[float, Settings]  # how unlikely, and what


@lru_cache(maxsize=4096)
def conv(before: Shape, behind: Shape, parameters: int, kernel: int | None) -> tuple[Solution, ...]:
    """Convolutions that turn one map into the other with so many parameters; `kernel` where it is known."""
    found: list[Solution] = []
    if len(before) != 3 or len(behind) != 3 or parameters % behind[0]:
        return ()
    for cost, weights in _weights(before[0], behind[0], parameters // behind[0], kernel):
        size = weights["kernel"]
        for more, geometry in _geometry(before[1:], behind[1:], size):
            settings = {"in_channels": before[0], "out_channels": behind[0], "kernel": size, **geometry}
            settings |= {"groups": weights["groups"], "bias": weights["bias"]}
            found.append((cost + more, settings))
    return tuple(sorted(found, key=lambda one: one[0])[:MOST])


def _weights(channels: int, out: int, each: int, kernel: int | None) -> Iterator[Solution]:
    """Kernel, groups, bias of `each` parameters an output channel: channels / groups * k * k + bias."""
    for bias in (False, True):
        for size in KERNELS if kernel is None else (kernel,):
            inputs, rest = divmod(each - bias, size * size)
            if rest or inputs < 1 or channels % inputs:
                continue
            groups = channels // inputs
            if out % groups:
                continue
            cost = 0.0 if groups == 1 else 0.2 if inputs == 1 else 1.5
            if kernel is None:
                cost += (0.04 * (size - 3) if size > 3 else 0.0) if size % 2 else 0.3 if size == 2 else 1.5
            yield cost, {"kernel": size, "groups": groups, "bias": bias}


@lru_cache(maxsize=4096)
def _geometry(before: Shape, behind: Shape, kernel: int) -> tuple[Solution, ...]:
    """Stride, padding and dilation: floor((n + 2p - d(k - 1) - 1) / s) + 1 places along both sides."""
    found: list[Solution] = []
    grows = behind > before
    most = GROWN if grows else WIDEST
    for dilation in DILATIONS if kernel > 1 else (1,):
        reach = dilation * (kernel - 1)
        if reach % 2 and before == behind:
            found.append((0.3 + 0.1 * dilation, {"stride": 1, "padding": "same", "dilation": dilation}))
        ordinary = max(reach, reach // 2 + EXTRA)
        for stride in STRIDES:
            for padding in range(min(max(ordinary, most), GROWN) + 1):
                room = [side + 2 * padding - reach - 1 for side in before]
                if min(room) < 0 or any(r // stride + 1 != side for r, side in zip(room, behind)):
                    continue
                usual = 0.0 if 2 * padding == reach else 0.1 if padding == 0 else 0.5
                cost = usual + 0.1 * (dilation - 1) + (0.0, 0.1, 0.6, 0.7)[stride - 1]
                cost += 0.3 * (stride > 1 and min(behind) == 1) + 0.3 * (dilation > 1 and padding == 0)
                cost += 0.5 * (2 * padding > reach) + 1.0 * (padding > ordinary and not grows)
                found.append((cost, {"stride": stride, "padding": padding, "dilation": dilation}))
    return tuple(sorted(found, key=lambda one: one[0]))


@lru_cache(maxsize=4096)
def pool(before: Shape, behind: Shape, kernel: int | None) -> tuple[Solution, ...]:
    """Kernel, stride, padding and ceil_mode of a pool."""
    if len(before) != 3 or len(behind) != 3 or before[0] != behind[0]:
        return ()
    side, end = before[1], behind[1]
    found: list[Solution] = []
    # A small map may be all padding around, beneath a larger window.
    largest = side if side > SMALL else side + 2 * SMALL
    for size in range(1, largest + 1) if kernel is None else (kernel,):
        for stride in sorted({size, 1, 2, 3, 4}):
            for padding in range(min(size, KERNELS[-1]) // 2 + 1):
                for ceil in (False, True):
                    ends = [_pooled(n, size, stride, padding, ceil) for n in before[1:]]
                    plain = [_pooled(n, size, stride, padding, False) for n in before[1:]]
                    if tuple(ends) != behind[1:] or (ceil and ends == plain):
                        continue
                    cost = 0.0 if stride == size else 0.2 if (size, stride) == (3, 2) else 0.5
                    cost += 0.2 * (padding > 0 and 2 * padding != size - 1) + 0.1 * (padding > 0) + 0.9 * ceil
                    cost += 0.2 * (size * end != side) + 0.02 * size * (side != size) + 0.5 * (size == 1)
                    cost += 0.5 * (stride > size) + 0.5 * (size > side)
                    cost += 0.6 * (stride > STRIDES[-1] and end > 1)  # not one that cifar7 has
                    found.append((cost, {"kernel": size, "stride": stride, "padding": padding, "ceil": ceil}))
    return tuple(sorted(found, key=lambda one: one[0])[:MOST])


def _pooled(side: int, kernel: int, stride: int, padding: int, ceil: bool) -> int:
    room = side + 2 * padding - kernel
    if room < 0:
        return 0
    if not ceil:
        return room // stride + 1
    places = -(-room // stride) + 1
    return places - ((places - 1) * stride >= side + padding)


def preferred(solutions: tuple[Solution, ...]) -> Settings:
    """The likely settings; the others, each in full, as `alternatives`."""
    first, *others = (settings for _, settings in solutions)
    return {**first, "alternatives": tuple(others)} if others else dict(first)
