"""Random networks that can be built, for properties that must hold of all of them."""

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from cifar7.network.problems import problems
from cifar7.network.spec import ACTIVATIONS, CLASSIFIERS, NORMS, ORDERS, Head, NetSpec, Stage, Unit

# Made once: Hypothesis examines a strategy when it is first drawn from, which takes longer than the draw.
EITHER = st.booleans()
KERNELS, DILATIONS, PADDINGS, UNITS = (
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(0, 6),
    st.integers(0, 3),
)
KINDS = st.sampled_from(["standard", "standard", "grouped", "separable"])
WIDTHS = st.sampled_from([2, 4, 6, 8, 12])
STRIDES = st.sampled_from([1, 1, 1, 1, 2, 3])
DROPOUTS, DROPOUT_PLACES = st.sampled_from([0.0, 0.15]), st.sampled_from(["unit", "depthwise"])
POINTWISE_PADDINGS = st.sampled_from([0, 0, 0, 1])
AROUND = st.sampled_from([0, 0, 1, 2, 3])
THIRD_POOL, LAST_POOL = st.sampled_from([2, 3, None]), st.sampled_from([2, None])
CLASSES, SIZES = st.sampled_from([2, 5, 10]), st.sampled_from([27, 32, 33, 48])
HEADS, RECTIFIERS = st.sampled_from(CLASSIFIERS), st.sampled_from(ACTIVATIONS)
NORMALISERS, ARRANGEMENTS = st.sampled_from(NORMS), st.sampled_from(ORDERS)


@cache
def groups_of(channels: int, width: int) -> st.SearchStrategy[int]:
    return st.sampled_from([g for g in range(1, 13) if channels % g == 0 and width % g == 0])


@st.composite
def units(draw, channels: int) -> Unit:
    kind = draw(KINDS)
    width = draw(WIDTHS)
    groups = 1
    if kind == "grouped":
        groups = draw(groups_of(channels, width))
    kernel, dilation = draw(KERNELS), draw(DILATIONS)
    kept = draw(EITHER) and dilation * (kernel - 1) % 2 == 0
    return Unit(
        channels=width,
        kernel=kernel,
        kind=kind,
        groups=groups,
        stride=draw(STRIDES),
        dilation=dilation,
        padding=None if kept else draw(PADDINGS),
        norm=draw(EITHER),
        activation=draw(EITHER),
        dropout=draw(DROPOUTS),
        between=draw(EITHER),
        dropout_after=draw(DROPOUT_PLACES),
        pointwise_padding=draw(POINTWISE_PADDINGS),
    )


@st.composite
def connected(draw, row: list[Unit], channels: int) -> list[Unit]:
    """Units with residual connections around some of them, changed so that both maps fit."""
    inputs = [channels, *(unit.channels for unit in row)]
    out, at = [], 0
    while at < len(row):
        around = draw(AROUND)
        if not 0 < around <= len(row) - at:
            out.append(row[at])
            at += 1
            continue
        inner = [_keeping(unit) for unit in row[at : at + around]]
        last = replace(inner[-1], channels=inputs[at], residual=around)
        if last.kind == "grouped":
            last = replace(last, kind="standard", groups=1)
        out += [*inner[:-1], last]
        # What follows has other channels to take: no groups that may no longer divide them.
        at += around
        if at < len(row) and row[at].kind == "grouped":
            row[at] = replace(row[at], kind="standard", groups=1)
        inputs[at] = last.channels
    return out


def _keeping(unit: Unit) -> Unit:
    """The unit with its map kept, an even kernel by a second padding behind it where that can be."""
    span = unit.dilation * (unit.kernel - 1)
    if unit.kind == "separable" and unit.pointwise_padding and span >= 2 and span % 2 == 0:
        return replace(unit, stride=1, padding=span // 2 - 1)
    kernel = unit.kernel if span % 2 == 0 else unit.kernel + 1
    return replace(unit, stride=1, padding=None, kernel=kernel, pointwise_padding=0)


@st.composite
def specs(draw) -> NetSpec:
    """Up to twelve units, two to four pools, kernels 1 to 7, dilations 1 to 4, strides, uneven maps."""
    channels, stages = 3, []
    pools = draw(st.permutations([2, 2, draw(THIRD_POOL), draw(LAST_POOL)]))
    for pool in pools:
        row, entering = [], channels
        for _ in range(draw(UNITS)):
            row.append(draw(units(channels)))
            channels = row[-1].channels
        row = draw(connected(row, entering))
        channels = row[-1].channels if row else entering
        stages.append(Stage(tuple(row), pool))
    classifier, classes = draw(HEADS), draw(CLASSES)
    last = (Unit(classes, kernel=1, norm=False, activation=False),) if classifier == "none" else ()
    spec = NetSpec(
        name="random",
        stages=tuple(stages),
        output=Head(last, classifier=classifier),
        activation=draw(RECTIFIERS),
        norm=draw(NORMALISERS),
        order=draw(ARRANGEMENTS),
        bias=draw(EITHER),
        classes=classes,
        image_size=draw(SIZES),
    )
    return spec


def buildable(spec: NetSpec) -> bool:
    return not problems(spec)
