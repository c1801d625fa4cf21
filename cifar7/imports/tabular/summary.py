"""The reader of summary tables."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from cifar7.imports.graph import Graph, Remark, UnreadableError, words
from cifar7.imports.tabular import windows
from cifar7.imports.tabular.branching import JOINING, Section, event, plain, section
from cifar7.imports.tabular.calls import ADDING, SHORTCUTS, Calls
from cifar7.imports.tabular.parts import IN_ORDER, POOLS, Part, Shape
from cifar7.imports.tabular.paths import Event, State, Step
from cifar7.imports.tabular.printed_layers import LAYERS, NOTHING, OTHER, SUPPORTED
from cifar7.imports.tabular.readings import MOST, graph, ranked
from cifar7.imports.tabular.rows import Row, Table, table
from cifar7.imports.tabular.search import Budget, search
from cifar7.imports.tabular.solved import Solves, activates
from cifar7.imports.tabular.text import claims_of, lines_of

PHOTOGRAPH = (3, 32, 32)  # of CIFAR-10
SIDES = (32, 28, 64, 96, 128, 224)  # of images that are tried where a table does not say it
DEEPER = "make the table with a larger depth, such as summary(model, depth=6)"


def read_summary(text: str) -> list[Graph]:
    """The networks that a table may stand for, the likely first.

    Settings that fit a layer as well as its own stand in its `alternatives`, each a full set of settings.
    """
    lines = lines_of(text)
    found = table(lines)
    idle: list[Part] = []
    root = _part(found.root, _depth(found.root), idle)
    parts = list(root.layers())
    if not any(part.kind in ("conv", "linear") for part in parts):
        raise UnreadableError(f"line {found.root.line}: the table has no layer with weights", DEEPER)
    images = [found.root.given] if found.root.given else _images(parts[0])
    states = _states(found, root, parts, images)
    claims = claims_of(lines)
    idle += _unlisted(root)
    rows = sum(part.parameters or 0 for part in [*parts, *idle])
    unused = tuple(part for part in idle if part.parameters)
    graphs = []
    for image, state, sections in states:
        state = replace(_ended(state, found.root.shape), unused=unused)
        remarks = _remarks(state, parts, found, claims.parameters, rows)
        one = graph(state, found.root.type, image, remarks, claims, len(states) == 1, sections)
        if len({image for image, *_ in states}) > 1:
            one = replace(one, difference=f"images of {words(image)}; {one.difference}")
        graphs.append(one)
    return graphs


def _depth(row: Row) -> int:
    """Of the deepest row."""
    return max([row.depth, *map(_depth, row.children)])


def _part(row: Row, deepest: int, idle: list[Part]) -> Part:
    """A row as a module; layers that were never called, which have no shape, go to `idle`."""
    known = LAYERS.get(row.type, ("",))[0] if not row.children else ""
    children = []
    for child in row.children:
        made = _part(child, deepest, idle)
        if made.kind and made.shape is None:
            idle.append(made)
        else:
            children.append(made)
    if not known and not row.children and row.depth > 0:
        _check_leaf(row, deepest)
    settings = {name: value for name, value in (("given", row.given), ("kernel", row.kernel)) if value}
    if row.kernel and len(set(row.kernel)) > 1:
        raise UnreadableError(
            f"line {row.line}: a kernel of {row.kernel[0]}×{row.kernel[1]}", "only square kernels are read"
        )
    type_ = row.label if known else row.type
    return Part(
        row.name, type_, row.line, known, settings, tuple(children), row.shape, row.parameters, row.again
    )


def _unlisted(root: Part) -> list[Part]:
    """What torchinfo counts in a container and lists no row for: layers that were never called."""
    found: list[Part] = []
    if root.parameters:
        found.append(Part(root.name or root.type, root.type, root.line, parameters=root.parameters))
    for child in root.children:
        found += [] if child.kind or not child.children else _unlisted(child)
    return found


def _check_leaf(row: Row, deepest: int) -> None:
    """A row that is no layer and has none below it."""
    if OTHER.fullmatch(row.type):
        raise UnreadableError(f"line {row.line}: {row.type} cannot be read", SUPPORTED)
    empty = row.depth < deepest or row.name.rpartition(".")[2] in SHORTCUTS  # nn.Sequential(), an identity
    if row.parameters or row.again or (row.type in IN_ORDER and row.shape and not empty):
        count = f" has {row.parameters:,} parameters and" if row.parameters else " has"
        raise UnreadableError(f"line {row.line}: {row.type}{count} no rows of its own", DEEPER)


def _flat_events(found: Table, image: Shape, ways: Solves) -> tuple[list[Event], list[Section]]:
    """Rows of torchsummary, and its containers of two ways."""
    events: list[Event] = []
    sections: list[Section] = []
    rows: list[Part] = []  # behind the last container
    before = image
    for row in found.root.children:
        kind = LAYERS.get(row.type, ("",))[0]
        part = Part("", row.label, row.line, kind, {}, (), row.shape, row.parameters)
        if not kind and NOTHING.fullmatch(row.type):
            continue
        known = plain(part) in JOINING
        if kind or not (known or ADDING.search(row.type)):
            if row.parameters and not kind:
                raise UnreadableError(f"line {row.line}: {row.type} is no known layer", SUPPORTED)
            rows.append(part)
            continue
        parted = section(rows, part, before, ways) if known else None
        if parted:
            sections.append(parted)
            events += parted.events()
        else:
            events += [*map(event, rows), Event("later", part), event(part)]
        rows, before = [], row.shape or ()
    return [*events, *map(event, rows)], sections


Found = tuple[Shape, State, list[Section]]  # of the image, with the network


def _states(found: Table, root: Part, parts: list[Part], images: list[Shape]) -> list[Found]:
    """Networks that fit; where no row is a pool, also with pools that the table does not list."""
    shared: dict[str, list[int]] = {}
    for part in parts:
        if part.parameters and part.parameters not in shared.setdefault(part.kind, []):
            shared[part.kind].append(part.parameters)
    groups: list[list[Found]] = []
    fault: UnreadableError | None = None
    budget = Budget()
    pooled = any(part.kind in POOLS for part in parts)
    nested = Calls(root, skips=False).events if found.nested else []
    for image in images:
        whole: list[State] = []
        parted: dict[int, list[Section]] = {}
        for pools in (False,) if pooled else (False, True):
            ways = Solves(budget, shared, pools)
            try:
                events, sections = (nested, []) if found.nested else _flat_events(found, image, ways)
                made = search(events, image, ways)
            except UnreadableError as no:
                fault = fault or no
                continue
            # Paths all meet: each row was called, so that none may be left over.
            whole += [one for one in made if not one.waiting and not one.lost]
            parted |= {id(one): sections for one in made}
        groups.append([(image, one, parted[id(one)]) for one in ranked(whole)])
    # Of each image as many, where there are too many of all.
    most = MOST // max(1, sum(map(bool, groups))) if sum(map(len, groups)) > MOST else MOST
    kept = [one for group in groups for one in group[:most]]
    if not kept:
        raise fault or UnreadableError(
            f"line {parts[-1].line}: two paths end there, and how they meet is not in the table",
            "paste the source instead",
        )
    return kept


def _ended(state: State, shape: Shape | None) -> State:
    """Flat at the end, where the model's own row says so."""
    if shape is not None and len(state.now[1]) == 3 and shape == (prod(state.now[1]),):
        return state.call(Step("flatten", {}, shape), (state.now[0],))
    return state


def _images(first: Part) -> list[Shape]:
    """The images that the first row may get, the likeliest first: 3×32×32 where that fits."""
    given, behind = first.settings.get("given"), first.shape
    if given is not None or behind is None:
        return [given or PHOTOGRAPH]
    if first.kind == "conv" and first.parameters is not None and len(behind) == 3:
        return _conv_images(first, behind, first.parameters)
    if first.kind in POOLS and len(behind) == 3:
        photograph = (behind[0], 32, 32)
        fits = windows.pool(photograph, behind, None) and 4 * behind[1] > 32
        return [photograph if fits else (behind[0], 2 * behind[1], 2 * behind[2])]
    if len(behind) == 3:
        return [behind]
    count = behind[0]
    if first.kind == "linear" and first.parameters:
        count = first.parameters // behind[0]
    for channels in (3, 1):
        for values in (count, count - 1):
            side = round((values / channels) ** 0.5)
            if values > 0 and channels * side * side == values:
                return [(channels, side, side)]
    return [PHOTOGRAPH]


def _conv_images(first: Part, behind: Shape, parameters: int) -> list[Shape]:
    """Colour or grey, where the first convolution can be either; of CIFAR-10 wherever it can."""
    side, kernel = behind[1], first.settings.get("kernel")
    best: dict[int, tuple[float, Shape]] = {}
    usual: list[Shape] = []
    for place, sides in enumerate([*SIDES, side, side + 2, side + 4, 2 * side, 4 * side]):
        for channels in (3, 1):
            image = (channels, sides, sides)
            found = windows.conv(image, behind, parameters, kernel[0] if kernel else None)
            if found:
                cost = found[0][0] + (0.0 if place == 0 else 2.5)
                usual += [image] if image == PHOTOGRAPH and not usual else []
                best[channels] = min(best.get(channels, (cost, image)), (cost, image))
    if not best:
        raise UnreadableError(
            f"line {first.line}: {first.type} with {parameters:,} parameters fits no usual image",
            "colour or grey images go in, such as 3×32×32",
        )
    ranks = sorted(best.values())
    if ranks[0][1] == PHOTOGRAPH and ranks[0][0] <= 0.9:
        return [PHOTOGRAPH]
    likely = [image for cost, image in ranks[:2] if cost <= ranks[0][0] + 2.0]
    return list(dict.fromkeys((*likely, *usual)))


def _remarks(
    state: State, parts: list[Part], found: Table, total: int | None, rows: int
) -> tuple[Remark, ...]:
    """What the table cannot tell of this network."""
    made = []
    keeping = [
        step
        for step, _ in state.calls()
        if step.kind == "conv"
        and any(one["dilation"] != step.settings["dilation"] for one in step.settings.get("alternatives", ()))
    ]
    if keeping:
        made.append(
            Remark(
                "dilation-unknown",
                f"A table cannot tell dilation: {len(keeping)} convolutions are read with the likeliest "
                "padding and dilation for their sizes; choose another where it was",
                keeping[0].part.line if keeping[0].part else 0,
            )
        )
    if not activates(parts):
        made.append(
            Remark(
                "functional-unseen",
                "A table does not list functional calls such as F.relu: activations are missing here",
            )
        )
    if "functional pools" in state.tags:
        made.append(Remark("functional-pools", "The sizes need pools or means that the table does not list"))
    if total is not None and total != rows and not any(part.again for part in parts):
        made.append(
            Remark(
                "total-differs",
                f"The table says {total:,} parameters in all; its rows have {rows:,}",
                found.root.line,
            )
        )
    return tuple(made)
