"""What can be counted on a network beside its totals: pools, separable and dilated convolutions, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cifar7.network.arithmetic import Row
from cifar7.network.layers import POOLS


def convolutions(rows: Sequence[Row]) -> list[Row]:
    """The rows of convolutions, the classifier's included."""
    return [row for row in rows if row.layer.kind == "conv"]


def max_pools(rows: Sequence[Row]) -> int:
    """Number of max-pools."""
    return sum(row.layer.kind == "max_pool" for row in rows)


def downsamplings(rows: Sequence[Row]) -> int:
    """Layers before the pooling head that step over pixels: pools and strided convolutions."""
    heads = ("avg_pool", "global_avg_pool")
    return sum(row.stride > 1 for row in rows if row.layer.kind not in heads)


def is_depthwise(row: Row) -> bool:
    """One filter a channel: as many groups as input channels, and more than one."""
    return row.layer.kind == "conv" and row.layer.groups == row.layer.in_channels > 1


def separable(rows: Sequence[Row]) -> int:
    """Depthwise separable convolutions: a depthwise kernel above 1, then a pointwise 1x1, no pool between."""
    return sum(is_depthwise(row) and row.kernel > 1 and pointwise_follows(rows, row) for row in rows)


def pointwise_follows(rows: Sequence[Row], row: Row) -> bool:
    """Whether the next convolution after `row` is a 1x1 over all channels, on the same map."""
    behind = rows[rows.index(row) + 1 :]
    after = next((r for r in behind if r.layer.weighted or r.layer.kind in POOLS), None)
    return after is not None and after.layer.kind == "conv" and after.kernel == after.layer.groups == 1


def dilated(rows: Sequence[Row]) -> int:
    """Convolutions whose kernel is really spread: dilation and kernel above 1."""
    return sum(row.layer.dilation > 1 and row.kernel > 1 for row in convolutions(rows))


def pools_to_one_pixel(rows: Sequence[Row]) -> bool:
    """Whether an average pooling takes the map to 1x1, as global average pooling does."""
    return any(row.layer.kind in ("avg_pool", "global_avg_pool") and row.output[1] == 1 for row in rows)


def branch(rows: Sequence[Row], at: int) -> Sequence[Row]:
    """The rows that the residual connection which `rows[at]` closes goes around; none if it closes none."""
    return rows[at - rows[at].layer.span : at]


def before(rows: Sequence[Row], at: int) -> Row | None:
    """The row before `rows[at]`, past the sum of a connection around bare convolutions.

    x + conv(x) is itself a convolution: the sum is nothing of its own.
    """
    for earlier in range(at - 1, -1, -1):
        bare = all(row.layer.kind == "conv" for row in branch(rows, earlier))
        if rows[earlier].layer.kind != "add" or not bare:
            return rows[earlier]
    return None


def paths(rows: Sequence[Row]) -> Counter[int]:
    """Along one axis: in how many ways each image pixel reaches one value of the last row's map.

    Offsets are counted from the first pixel of the receptive field. A pixel inside it that is missing is a
    hole: no weight looks at it, which stacked dilations with a common factor bring about.
    """
    seen: Counter[int] = Counter({0: 1})
    around: dict[int, Counter[int]] = {}  # where a connection begins: what reaches its end past the branch
    for at in range(len(rows) - 1, -1, -1):
        row = rows[at]
        if row.layer.kind == "add":
            # Value i of the branch begins to see at i - padding, where the identity sees i alone.
            shift = sum(inner.layer.padding for inner in branch(rows, at))
            around[at - row.layer.span] = Counter({offset + shift: ways for offset, ways in seen.items()})
        elif row.kernel > 1 or row.stride > 1:
            spread: Counter[int] = Counter()
            for offset, ways in seen.items():
                for tap in range(row.kernel):
                    spread[offset * row.stride + tap * row.layer.dilation] += ways
            seen = spread
        seen = seen + around.pop(at, Counter())
    return seen


def coverage(rows: Sequence[Row]) -> float:
    """Share of the receptive field, along one axis, that some weight looks at: 1.0 is no hole."""
    seen = paths(rows)
    return len(seen) / (max(seen) + 1)
