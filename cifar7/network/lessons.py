"""Classic mistakes that still build: what each is, why it matters, and the network with it fixed.

A fix is offered only where the fixed network can be built, and fulfils all that it fulfilled before of the
assignment; where there is none, the lesson stands without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cifar7.network import fixes, measures
from cifar7.network.arithmetic import Row, analyse, map_size, walk
from cifar7.network.assignment import breaks
from cifar7.network.edits import change_unit
from cifar7.network.kinds import Family
from cifar7.network.problems import problems
from cifar7.network.profiles import DEFAULT_PROFILE, Profile, Requirement, profile
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec


@dataclass(frozen=True, slots=True)
class Lesson:
    """One mistake of a network. `fixed` is the network without it, or None."""

    id: str
    stage: str  # C1 … C4, O, or empty for the whole network
    message: str  # what it is, with the network's numbers
    why: str
    fix: str  # what the click does; empty where `fixed` is None
    fixed: NetSpec | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "id": self.id,
            "stage": self.stage,
            "message": self.message,
            "why": self.why,
            "mend": self.fix,
        }


Fix = tuple[str, NetSpec | None]  # what the click does, the network then
Finding = tuple[str, str, Iterable[Fix]]  # stage, message, the fixes, the first sound one is offered


def lessons(spec: NetSpec, assignment: Profile | None = None) -> list[Lesson]:
    """Every classic mistake in a network that can be built, in the order of the stages.

    The assignment, the usual one unless given, says how many pools and how large a field are too little.
    """
    assignment = assignment or profile(DEFAULT_PROFILE)
    rows, analysis = walk(spec), analyse(spec)

    def sound(fixed: NetSpec | None) -> bool:
        if fixed is None or fixed == spec or problems(fixed):
            return False
        return not breaks(analysis, analyse(fixed), assignment)

    out = []
    for name, (look, why) in _LESSONS.items():
        findings = list(look(spec, rows, assignment))
        for stage, message, offers in findings:
            fix, fixed = next((offer for offer in offers if sound(offer[1])), ("", None))
            if fixed and len(list(look(fixed, walk(fixed), assignment))) >= len(findings):
                fix, fixed = "", None  # it moves the mistake only
            out.append(Lesson(name, stage, message, why, fix, fixed))
    order = ["C1", "C2", "C3", "C4", OUTPUT, ""]
    return sorted(out, key=lambda lesson: order.index(lesson.stage))


def _on_logits(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    at = max(i for i, row in enumerate(rows) if row.layer.weighted)
    after = [row for row in rows[at + 1 :] if row.layer.follows]
    if after:
        names = " and ".join(row.layer.entry.title for row in after)
        message = f"{names} after the last layer, on the logits."
        yield after[0].layer.stage, message, [(f"Take {names} off", fixes.bare_logits(spec))]


def _shrinking(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for row in measures.convolutions(rows):
        layer = row.layer
        if layer.stride == 1 and row.kernel > 1 and row.output[1] < row.input[1]:
            cause = f"a {row.kernel}×{row.kernel} kernel with padding {layer.padding}"
            if layer.dilation > 1:
                cause = f"dilation {layer.dilation} with padding {layer.padding}"
                cause += f", where {layer.same_padding:g} would keep it"
            message = f"the map shrinks from {row.input[1]} to {row.output[1]} pixels: {cause}."
            yield layer.stage, message, _padded(spec, layer.stage)


def _padded_pointwise(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for row in measures.convolutions(rows):
        layer = row.layer
        if row.kernel == 1 and layer.padding:
            fixed = fixes.unpad(spec, _place(row))
            yield layer.stage, _padding_message(row), [("Take the padding off", fixed)]


def _false_depthwise(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for row in measures.convolutions(rows):
        layer = row.layer
        if not layer.depthwise:
            continue
        if row.kernel == 1:
            fixed = change_unit(spec, *_place(row), kernel=3)
            message = "a depthwise convolution with kernel 1 only scales each channel."
            yield layer.stage, message, [("Make it 3×3", fixed)]
        elif not measures.pointwise_follows(rows, row):
            fixed = change_unit(spec, *_place(row), kind="separable", groups=1)
            message = "a depthwise convolution with no pointwise 1×1 after it."
            yield layer.stage, message, [("Make it depthwise separable", fixed)]


def _one_group(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for place, unit in fixes.units(spec):
        if unit.kind == "grouped" and unit.groups == 1:
            message = "one group: a grouped convolution in name only."
            fixed = change_unit(spec, *place, kind="standard")
            yield place[0], message, [("Call it standard", fixed)]


def _idle_dilation(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for place, unit in fixes.units(spec):
        if unit.dilation > 1 and unit.kernel == 1 and unit.convolves:
            message = f"dilation {unit.dilation} on a 1×1: there is nothing to spread."
            yield place[0], message, [("Take it off", change_unit(spec, *place, dilation=1))]


def _linear_pair(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for at, after in enumerate(rows):
        before = measures.before(rows, at)
        if before and measures.redundant_pair(before, after):
            stage = before.layer.stage
            fixed = change_unit(spec, *_place(before), activation=True)
            message = "two convolutions with nothing non-linear between them."
            yield stage, message, [("Put the activation between", fixed)]


def _cut_border(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for row in rows:
        layer, size = row.layer, row.input[1]
        left = size + layer.padding - (row.output[1] - 1) * row.stride - row.kernel
        if layer.family is Family.POOL and left > 0:
            message = (
                f"a {row.kernel}×{row.kernel} pool on {size}×{size} drops the last {left} row and column."
            )
            fix, fixed = "Pool the whole map", replace(spec, output=replace(spec.output, pool=None))
            if not layer.head:
                before = [name for name in STAGE_NAMES if name <= layer.stage]
                fix, fixed = "Pad the convolutions before it", fixes.keep_maps(spec, before)
            yield layer.stage, message, [(fix, fixed)]


def _few_pools(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    halving, pools = measures.downsamplings(rows), measures.max_pools(rows)
    either = (assignment.asks("max_pools"), assignment.asks("downsamplings"))
    asked = next((item for item in either if item and halving < item.least), None)
    if asked is None:
        return
    message = f"{pools} max-pools, where the assignment's C1 C2 C3 C4 are parted by {asked.least}."
    wanted = asked.least
    if asked.id == "downsamplings":
        message = f"{halving} layers that halve the map, where the assignment asks for {asked.words}."
        wanted = asked.least - halving + pools
    offers = [
        ("Add the missing pool", fixes.add_pools(spec, wanted)),
        ("Give a convolution stride 2", fixes.add_strides(spec, asked.least)),
    ]
    yield "", message, offers


def _small_field(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    for asked in assignment.requirements:
        if asked.id not in ("receptive_field", "receptive_field_before_pooling"):
            continue
        total = asked.id == "receptive_field"
        field = rows[-1].receptive_field if total else _before_head(rows)
        if field < asked.least:
            by = f"{asked.limit - field:g} short"
            if field >= asked.limit:
                by = "exactly the limit, and more is asked"
            where = f"{'with' if total else 'before'} the pooling head"
            limit = f"{asked.relation} {asked.limit:g}"
            message = f"the receptive field is {field} pixels {where}: {by} ({limit})."
            yield "", message, _wider(spec, asked, total)


def _silent_pool(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    asked, before, total = assignment.asks("receptive_field"), _before_head(rows), rows[-1].receptive_field
    if asked and before < asked.least <= total and not assignment.asks("receptive_field_before_pooling"):
        message = f"{total} pixels only because the pooling head is counted; the convolutions see {before}."
        yield "", message, _wider(spec, asked, False)


def _wider(spec: NetSpec, asked: Requirement, total: bool) -> Iterator[Fix]:
    """Ways to a receptive field as large as asked, the smallest change first."""
    above = asked.least - 1
    yield "Dilate one more convolution", fixes.widen_field(spec, above, total)
    yield "Dilate several convolutions", fixes.widen_more(spec, above, total)
    yield "Add 3×3 convolutions", fixes.lengthen(spec, above, total)


def _holes(spec: NetSpec, rows: tuple[Row, ...], assignment: Profile) -> Iterator[Finding]:
    spread = [row for row in rows if row.layer.dilation > 1 and row.kernel > 1]
    share = fixes.seen_share(spec) if spread else 1.0
    if share < 1:
        stage, fix, fixed = fixes.close_holes(spec) or (spread[-1].layer.stage, "", None)
        field = f"{_before_head(rows)} pixels in a line of the receptive field"
        yield stage, f"of {field} {share:.0%} are seen.", [(fix, fixed)]


def _before_head(rows: tuple[Row, ...]) -> int:
    """The receptive field before the pooling head, in image pixels."""
    return next((row.receptive_field_in for row in rows if row.layer.head), rows[-1].receptive_field)


def _place(row: Row) -> fixes.Where:
    """Where the unit of a row stands."""
    return row.layer.stage, row.layer.unit, row.layer.beside


def _padded(spec: NetSpec, stage: str) -> Iterator[Fix]:
    yield f"Pad so that {stage} keeps its maps", fixes.keep_maps(spec, (stage,))
    yield "Pad so that every stage keeps its maps", fixes.keep_maps(spec, (*STAGE_NAMES, OUTPUT))


def _padding_message(row: Row) -> str:
    """What padding does to the map of a 1x1, which may have a stride."""
    size, padding, stride = row.input[1], row.layer.padding, row.stride
    if stride == 1:
        return f"padding {padding} on a 1×1: the map grows from {size} to {row.output[1]}."
    bare = map_size(size, 1, stride, 0, 1)
    what = f"the map would be {bare}, and padding makes it {row.output[1]}"
    if bare == row.output[1]:
        what = f"the map is {bare} with and without it, and padding only moves what is looked at"
    return f"padding {padding} on a 1×1 with stride {stride}: {what}."


_Look = Callable[[NetSpec, tuple[Row, ...], Profile], Iterator[Finding]]
_LESSONS: dict[str, tuple[_Look, str]] = {
    "activation-on-logits": (
        _on_logits,
        "Cross-entropy takes logits of either sign. A ReLU makes every negative one 0: the network cannot "
        "say how unlikely a class is, and where all are 0 nothing is learnt. Norm or dropout there is noise.",
    ),
    "map-shrinks": (
        _shrinking,
        "A convolution keeps the map only with d·(k−1)/2 pixels of padding a side. With less the border is "
        "lost layer by layer, and sizes further down are not what was planned.",
    ),
    "padding-on-1x1": (
        _padded_pointwise,
        "A 1×1 looks at one pixel, so padding only frames the map with pixels that hold nothing but the "
        "bias: they cost time, and later layers see a border that is not in the image.",
    ),
    "not-separable": (
        _false_depthwise,
        "Depthwise separable means a spatial filter for each channel and then a 1×1 that mixes the channels. "
        "With one half missing it either sees no neighbours or never mixes what the channels found.",
    ),
    "one-group": (_one_group, "With one group every output sees every input channel: a plain convolution."),
    "idle-dilation": (_idle_dilation, "Dilation spreads the taps of a kernel; a 1×1 has one tap."),
    "nothing-between": (
        _linear_pair,
        "Two linear maps in a row are one linear map: the second convolution adds parameters and no power.",
    ),
    "pool-drops-border": (
        _cut_border,
        "A pool whose steps do not fit the map leaves out its last rows and columns; what stands there in "
        "the image counts for less.",
    ),
    "few-pools": (
        _few_pools,
        "Each pool halves the map and doubles the step of what follows, so a missing one costs receptive "
        "field and makes C4 four times as expensive. A convolution that eats its border is not a pool.",
    ),
    "small-receptive-field": (
        _small_field,
        "A value that sees less than the image cannot relate what stands far apart. Jump and dilation "
        "multiply: r + d·(k−1)·j, the jump being that of the map that comes in.",
    ),
    "field-by-pooling": (
        _silent_pool,
        "The average over the last map adds up what its values saw, each on its own; it relates nothing. "
        "State the receptive field before the pooling head beside the one with it.",
    ),
    "dilation-holes": (
        _holes,
        "Dilated convolutions whose dilations share a factor step over the same pixels again and again "
        "(gridding: Wang et al. 2018, hybrid dilated convolution). Dilations such as 1, 2, 3 leave none.",
    ),
}  # fmt: skip
