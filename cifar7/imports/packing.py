"""Layers as a network of the vocabulary: the second half, where stages, head and what is usual are chosen.

`canonical` makes the same of a network's own layers: two networks whose layers are the same have the same
canonical form, however they were written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cifar7.imports.graph import UnreadableError
from cifar7.imports.raw import Raw, norm_groups, norm_name, order_of, raw_units, unit_of
from cifar7.network.arithmetic import walk
from cifar7.network.kinds import LAYER_KINDS, Family, Layer
from cifar7.network.spec import (
    MAX_UNITS,
    OUTPUT,
    STAGE_NAMES,
    Head,
    NetSpec,
    Stage,
    Unit,
    settled,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the head begins, and what its pooling and classifier are: numbers of layers, -1 for none."""

    pool: int
    classifier: int


def canonical(spec: NetSpec) -> NetSpec:
    """The network in the form that an import of its layers gives."""
    rows = walk(spec)
    layers = [row.layer for row in rows]
    pool = next((at for at, layer in enumerate(layers) if layer.head), -1)
    classifier = len(layers) - 1 if layers[-1].role == "classifier" else -1
    network = pack(layers, Ends(pool, classifier), spec.classes)
    return replace(network, name=spec.name, in_channels=spec.in_channels, image_size=spec.image_size)


def pack(layers: Sequence[Layer], ends: Ends, classes: int) -> NetSpec:
    """The network of layers that stand as `network.layers.expand` has them.

    A layer's `stage` says where it belongs; where none says so, stages end at what steps over pixels. Raises
    UnreadableError where a stage would be too long.
    """
    before, behind, head = _split(layers, ends)
    raws = raw_units(before)
    behind_raws = raw_units(behind)
    usual = _usual([*raws, *behind_raws])
    raws = [each for raw in raws for each in _joined_apart(raw, usual)]
    stages, output = _staged(raws, head.classifier == "none" and not behind_raws)
    units = {name: tuple(_finished(raw, usual) for raw in row) for name, (row, _) in stages.items()}
    spec = replace(
        usual,
        stages=tuple(Stage(units[name], stages[name][1]) for name in STAGE_NAMES),
        output=replace(
            head,
            units=tuple(_finished(raw, usual) for raw in output),
            behind=tuple(_finished(raw, usual) for raw in behind_raws),
        ),
        classes=classes,
    )
    return settled(spec)


def _split(layers: Sequence[Layer], ends: Ends) -> tuple[Sequence[Layer], Sequence[Layer], Head]:
    """What stands before the pooling of O and behind it, and the head without units."""
    last = ends.classifier if ends.classifier >= 0 else len(layers)
    head = Head(classifier="none")
    if ends.classifier >= 0:
        classifier = layers[ends.classifier]
        head = Head(classifier=classifier.kind, bias=classifier.bias)
    if ends.pool < 0:
        # Without a pooling what reads single values still stands behind all maps.
        flat = next((at for at, x in enumerate(layers[:last]) if x.family is Family.LINEAR), last)
        return layers[:flat], layers[flat:last], replace(head, pooling="none")
    pool = layers[ends.pool]
    whole = pool.entry.whole_map
    head = replace(
        head,
        pool=None if whole else pool.kernel,
        pooling="max" if "max" in pool.kind else "average",
    )
    return layers[: ends.pool], layers[ends.pool + 1 : last], head


def _joined_apart(raw: Raw, usual: NetSpec) -> list[Raw]:
    """The unit, and behind it one of its own for an activation of the join that is not the network's."""
    if raw.joined is None or raw.joined.kind == usual.activation:
        return [raw]
    return [replace(raw, joined=None), Raw(None, (raw.joined,), stage=raw.stage)]


def _every(raws: Iterable[Raw]) -> list[Raw]:
    return [each for raw in raws for each in (raw, *raw.side)]


def _usual(raws: Sequence[Raw]) -> NetSpec:
    """A network without stages that says what most of its units have."""
    units = _every(raws)
    followers = [layer for raw in units for layer in (*raw.followers, *raw.between)]
    norms = [layer for layer in followers if layer.family is Family.NORM]
    joined = [raw.joined for raw in units if raw.joined]
    activation = _most([x.kind for x in [*followers, *joined] if x.family is Family.ACTIVATION], "relu")
    norm = _most([norm_name(layer) for layer in norms], "none")
    groups = _most([norm_groups(layer) for layer in norms if norm_name(layer) == "group"], None)
    both = [raw for raw in units if raw.has("norm") and raw.has("act") and raw.operation]
    first = [next(x.family for x in raw.followers if x.family is not Family.DROPOUT) for raw in both]
    order = "conv-act-norm" if _most(first, Family.NORM) is Family.ACTIVATION else "conv-norm-act"
    spec = NetSpec(
        "network",
        (Stage(),) * 4,
        activation=activation,
        norm=norm,
        order=order,
        norm_groups=groups,
        bias=False,
    )
    # A bias before a normalisation: what most of the convolutions have that could do without.
    chosen = [b for raw in units for b, ruled in _biases(raw, spec) if not ruled]
    return replace(spec, bias=_most(chosen, True))


def _most(values: Sequence[T], default: T) -> T:
    """The most frequent value; of several the one that comes first."""
    return Counter(values).most_common(1)[0][0] if values else default


def _biases(raw: Raw, spec: NetSpec) -> list[tuple[bool, bool]]:
    """Of each convolution or linear layer of a unit: whether it has a bias, and what the rule gives."""
    first, norm = raw.operation, raw.has("norm")
    if first is None or first.family is Family.POOL:
        return []

    def rule(follows: Layer | None) -> bool:
        return spec.bias or follows is None or not LAYER_KINDS[follows.kind].replaces_bias

    if raw.pointwise is None:
        return [(first.bias, rule(norm))]
    inner = next((layer for layer in raw.between if layer.family is Family.NORM), None)
    return [(first.bias, rule(inner)), (raw.pointwise.bias, rule(norm))]


def _finished(raw: Raw, spec: NetSpec) -> Unit:
    """The unit as its network lets it be said: what is usual is left out."""
    unit = unit_of(raw, Unit(1))
    norm, act, drop = raw.has("norm"), raw.has("act"), raw.has("drop")
    dropped = drop or next((x for x in raw.between if x.family is Family.DROPOUT), None)
    inner = [x for x in raw.between if x.family is not Family.DROPOUT]
    kind = norm_name(norm) if norm else None
    groups = norm_groups(norm) if norm else None
    ruled = [None if bias == rule else bias for bias, rule in _biases(raw, spec)] or [None]
    plain = spec.norm == "none" and norm is None
    auto = norm is not None and norm_name(norm) == "group" and spec.norm_groups and groups is None
    unit = replace(
        unit,
        norm=norm is not None or plain,
        norm_kind=kind if norm and kind != spec.norm else None,
        norm_groups=norm.groups
        if norm and (auto or groups != spec.norm_groups) and kind == "group"
        else None,
        activation=act is not None,
        activation_kind=act.kind if act and act.kind != spec.activation else None,
        dropout=dropped.rate if dropped else 0.0,
        dropout_kind="channels" if dropped and dropped.kind == "dropout2d" else "values",
        dropout_after="depthwise" if dropped and not drop else "unit",
        between=bool(inner) or raw.pointwise is None or not (norm or act),
        order=order_of(raw, spec.order),
        bias=ruled[0],
        pointwise_bias=ruled[1] if raw.pointwise else None,
    )
    if raw.join is None:
        return unit
    return replace(
        unit,
        residual=raw.around,
        shortcut=tuple(_finished(each, spec) for each in raw.side),
        join=raw.join.kind,
        joined_activation=raw.joined is not None and raw.joined.kind == spec.activation,
    )


Rows = dict[str, tuple[list[Raw], int | None]]


def _staged(raws: list[Raw], logits_last: bool) -> tuple[Rows, list[Raw]]:
    """The units of C1 … C4, each with the pool that ends it, and those of O."""
    if all(raw.stage for raw in raws):
        rows = {name: [raw for raw in raws if raw.stage == name] for name in (*STAGE_NAMES, OUTPUT)}
        return {name: _ended(rows[name]) for name in STAGE_NAMES}, rows[OUTPUT]
    output: list[Raw] = []
    if logits_last and raws and not raws[-1].around and not raws[-1].downsamples:
        raws, output = raws[:-1], raws[-1:]
    parts = _parts(raws)
    if len(parts) > len(STAGE_NAMES):
        merged = [raw for part in parts[len(STAGE_NAMES) - 1 :] for raw in part]
        parts = [*parts[: len(STAGE_NAMES) - 1], merged]
    if any(len(_ended(part)[0]) > MAX_UNITS for part in parts):
        parts = _filled(raws)
    parts += [[] for _ in range(len(STAGE_NAMES) - len(parts))]
    return {name: _ended(part) for name, part in zip(STAGE_NAMES, parts, strict=True)}, output


def _ended(row: list[Raw]) -> tuple[list[Raw], int | None]:
    """A stage's units, and the max-pool that ends it."""
    pool = row[-1].plain_pool if row else None
    return (row[:-1], pool) if pool else (row, None)


def _blocks(raws: list[Raw]) -> list[list[Raw]]:
    """The units, those that a connection goes around together."""
    blocks: list[list[Raw]] = []
    for raw in raws:
        blocks.append([raw])
        if raw.around > 1:
            blocks[-raw.around :] = [[each for block in blocks[-raw.around :] for each in block]]
    return blocks


def _parts(raws: list[Raw]) -> list[list[Raw]]:
    """The units parted behind each that steps over pixels."""
    parts: list[list[Raw]] = [[]]
    for block in _blocks(raws):
        parts[-1] += block
        if any(raw.downsamples for raw in block):
            parts.append([])
    return parts if parts[-1] else parts[:-1]


def _filled(raws: list[Raw]) -> list[list[Raw]]:
    """The units spread over four stages, as few in each as go."""
    blocks = _blocks(raws)
    for most in range(-(-len(raws) // len(STAGE_NAMES)), MAX_UNITS + 1):
        parts: list[list[Raw]] = [[]]
        for block in blocks:
            if len(parts[-1]) + len(block) > most:
                parts.append([])
            parts[-1] += block
        if len(parts) <= len(STAGE_NAMES) and all(len(part) <= MAX_UNITS for part in parts):
            return parts
    raise UnreadableError(
        f"the network has {len(raws)} units", f"cifar7 holds {len(STAGE_NAMES)} stages of {MAX_UNITS}."
    )
