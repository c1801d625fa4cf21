"""What can be counted on a network beside its totals: pools, separable and dilated convolutions, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cifar7.network.arithmetic import Row
from cifar7.network.kinds import Family


def convolutions(rows: Sequence[Row]) -> list[Row]:
    """The rows of convolutions, the classifier's included."""
    return [row for row in rows if row.layer.family is Family.CONVOLUTION]


def max_pools(rows: Sequence[Row]) -> int:
    """Number of max-pools."""
    return sum(row.layer.kind == "max_pool" for row in rows)


def downsamplings(rows: Sequence[Row]) -> int:
    """Layers before the pooling head that step over pixels: pools and strided convolutions."""
    return sum(row.stride > 1 for row in rows if not row.layer.head)


def separable(rows: Sequence[Row]) -> int:
    """Depthwise separable convolutions: a depthwise kernel above 1, then a pointwise 1x1, no pool between."""
    return sum(row.layer.depthwise and row.kernel > 1 and pointwise_follows(rows, row) for row in rows)


def pointwise_follows(rows: Sequence[Row], row: Row) -> bool:
    """Whether the next convolution after `row` is a 1x1 over all channels, on the same map."""
    at = rows.index(row)
    after = next((r for r in _line_after(rows, at) if r.layer.weighted or r.layer.windowed), None)
    if after is None or after.layer.family is not Family.CONVOLUTION:
        return False
    return after.kernel == after.layer.groups == 1


def _line_after(rows: Sequence[Row], at: int) -> Iterator[Row]:
    """The rows through which what `rows[at]` puts out goes; where ways part, down the row of layers."""
    while True:
        after = next((i for i in range(at + 1, len(rows)) if at in rows[i].sources), None)
        if after is None:
            return
        yield rows[after]
        at = after


def redundant_pair(before: Row | None, after: Row) -> bool:
    """Whether two convolutions stand in a row with nothing non-linear between: together they are one.

    Depthwise then pointwise is one convolution by design, with or without an activation (Chollet 2017).
    """
    if before is None or not before.layer.family is after.layer.family is Family.CONVOLUTION:
        return False
    return not (before.layer.depthwise and after.kernel == 1)


def dilated(rows: Sequence[Row]) -> int:
    """Convolutions whose kernel is really spread: dilation and kernel above 1."""
    return sum(row.layer.dilation > 1 and row.kernel > 1 for row in convolutions(rows))


def grouped(rows: Sequence[Row]) -> int:
    """Convolutions into several groups of more than one channel: depthwise ones are not counted."""
    return sum(1 < row.layer.groups < row.layer.in_channels for row in convolutions(rows))


def dropouts(rows: Sequence[Row]) -> int:
    """Number of dropout layers with a rate above 0."""
    return sum(row.layer.family is Family.DROPOUT and row.layer.rate > 0 for row in rows)


def seen(rows: Sequence[Row]) -> float:
    """Share of the receptive field before the pooling head that some weight looks at."""
    return coverage(rows[: next((at for at, row in enumerate(rows) if row.layer.head), len(rows))])


def pools_to_one_pixel(rows: Sequence[Row]) -> bool:
    """Whether an average pooling takes the map to 1x1, as global average pooling does."""
    return any(row.layer.head and "avg" in row.layer.kind and row.output[1] == 1 for row in rows)


def before(rows: Sequence[Row], at: int) -> Row | None:
    """The row before `rows[at]`, past the sum of a connection around bare convolutions.

    x + conv(x) is itself a convolution: the sum is nothing of its own.
    """
    source = rows[at].sources[0]
    while source >= 0:
        row = rows[source]
        bare = all(r.layer.family is Family.CONVOLUTION for r in branch(rows, source))
        if row.layer.family is not Family.JOIN or not bare or row.layer.side:
            return row
        source = row.sources[0]
    return None


def branch(rows: Sequence[Row], at: int) -> Sequence[Row]:
    """The rows on the ways of the connection that `rows[at]` closes; none if it closes none."""
    return rows[at - rows[at].layer.span : at]


def paths(rows: Sequence[Row]) -> Counter[int]:
    """Along one axis: in how many ways each image pixel reaches one value of the last row's map.

    Offsets are counted from the first pixel of the receptive field. A pixel inside it that is missing is a
    hole: no weight looks at it, which stacked dilations with a common factor bring about.
    """
    # By row, -1 the image: of its map's values. Plain dicts: a Counter takes three times as long.
    ways: dict[int, dict[int, int]] = {len(rows) - 1: {0: 1}}
    for at in reversed(range(len(rows))):
        if at in ways:
            here = _before(rows[at], ways.pop(at))
            for source in rows[at].sources:
                ways[source] = Counter(ways[source]) + Counter(here) if source in ways else here
    first = min(ways[-1])
    return Counter({offset - first: n for offset, n in ways[-1].items()})


def _before(row: Row, ways: dict[int, int]) -> dict[int, int]:
    """`ways` by value of the map that the row puts out, followed to that which comes in."""
    if row.kernel == row.stride == 1 and not row.layer.padding:
        return ways
    spread: dict[int, int] = {}
    taps = [tap * row.layer.dilation - row.layer.padding for tap in range(row.kernel)]
    for offset, n in ways.items():
        for tap in taps:
            at = offset * row.stride + tap
            spread[at] = spread.get(at, 0) + n
    return spread


def coverage(rows: Sequence[Row]) -> float:
    """Share of the receptive field, along one axis, that some weight looks at: 1.0 is no hole."""
    ways = paths(rows)
    return len(ways) / (max(ways) + 1)
