"""A graph as a network, held against its source before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cifar7.imports.graph import Graph, Remark, UnreadableError, learnt, words
from cifar7.imports.packing import Ends, pack
from cifar7.imports.ways import Placed, fault, placed_layers
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.kinds import Family, Layer
from cifar7.network.problems import problems
from cifar7.network.source import safe_name
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec

IMAGE = (3, 32, 32)  # what a text that does not say otherwise is about


@dataclass(frozen=True, slots=True)
class Imported:
    """A network that was read, and what is to be said of its source."""

    spec: NetSpec
    remarks: tuple[Remark, ...]
    graph: Graph
    parameters: int  # of its source, layers that are never called left out
    difference: str = ""  # of one reading among several


def imported(graph: Graph) -> Imported:
    """The network of a graph. Raises UnreadableError where the vocabulary cannot say it."""
    image = graph.image or IMAGE
    if image[1] != image[2]:
        raise UnreadableError(f"the image is {image[1]}x{image[2]} pixels", "cifar7 takes square ones.")
    placed = placed_layers(graph, image)
    if not placed:
        raise UnreadableError("the network has no layers", "paste the class with its forward.")
    layers = _marked(placed)
    ends = _ends(placed, layers)
    (classes, *_), last = placed[-1].output, placed[-1]
    spec = pack(layers, ends, classes)
    name = safe_name(graph.name)[:60].strip() or "imported"
    spec = replace(spec, name=name, in_channels=image[0], image_size=image[1])
    if faults := problems(spec):
        raise fault(
            last.node, "cannot be said: " + " · ".join(map(str, faults)), "see what would be right there."
        )
    analysis = analyse(spec)
    _hold_against(placed, analysis)
    remarks = (*graph.remarks, *_remarks(graph, placed, analysis))
    return Imported(spec, remarks, graph, parameters_of(placed), graph.difference)


def parameters_of(placed: Sequence[Placed]) -> int:
    """What the calls of the source have, by torch's own rules for each of them."""
    return sum(learnt(step.node.kind, step.node.settings) for step in placed)


def _marked(placed: Sequence[Placed]) -> list[Layer]:
    """The layers, each with its stage where all of them say so, as in the file that cifar7 writes."""
    stages = [step.node.name.partition(".")[0] for step in placed]
    order = (*STAGE_NAMES, OUTPUT)
    for at, step in enumerate(placed):
        if step.layer.span:
            stages[at] = stages[at - 1]
    marks = [order.index(stage) if stage in order else -1 for stage in stages]
    if -1 in marks or marks != sorted(marks):
        return [step.layer for step in placed]
    return [replace(step.layer, stage=stage) for step, stage in zip(placed, stages, strict=True)]


def _ends(placed: Sequence[Placed], layers: Sequence[Layer]) -> Ends:
    """The pooling before the classifier, and the classifier."""
    inside = {
        at - back for at, step in enumerate(placed) if step.layer.span for back in range(step.layer.span + 1)
    }
    last = len(placed) - 1
    classifier = last if last not in inside and _classifies(placed[last]) else -1
    pools = [
        at
        for at, step in enumerate(placed)
        if at not in inside
        and step.layer.family is Family.POOL
        and layers[at].stage in ("", OUTPUT)
        and _is_head(placed, at, bool(layers[at].stage))
    ]
    whole = [at for at in pools if placed[at].layer.entry.whole_map]  # no unit can be one
    averages = [at for at in pools if "avg" in placed[at].layer.kind]
    pool = (whole or averages or pools or [-1])[-1]
    flat = next((at for at, step in enumerate(placed) if step.layer.family is Family.LINEAR), len(placed))
    if classifier == last and placed[last].layer.kind == "conv" and (pool < 0 or pool > last):
        classifier = -1
    return Ends(pool if pool < flat else -1, classifier)


def _is_head(placed: Sequence[Placed], at: int, said: bool) -> bool:
    """Whether a pool is that of O: it leaves one pixel, or single values are made of what it leaves.

    A max-pool with a window is one only where its place is `said` to be in O; else it ends a stage.
    """
    step = placed[at]
    layer, single = step.layer, step.output[1] == 1
    if layer.padding or not (single or layer.stride == layer.kernel):
        return False  # the pooling of O has neither padding nor a stride of its own
    if "max" in layer.kind and not (said or layer.entry.whole_map):
        return False
    kept = (step.output[1:], ())
    if not said and any(s.layer.span or s.output[1:] not in kept for s in placed[at + 1 :]):
        return False  # behind the pooling of O no map changes its size, and nothing is joined
    if single:
        return True
    behind = next((s for s in placed[at + 1 :] if not s.layer.follows), None)
    return behind is not None and behind.layer.family is Family.LINEAR and (said or "avg" in layer.kind)


def _classifies(step: Placed) -> bool:
    """Whether a layer can be the classifier: linear, or a plain 1x1."""
    layer = step.layer
    if layer.family is Family.LINEAR:
        return True
    plain = (layer.kernel, layer.stride, layer.padding, layer.dilation, layer.groups) == (1, 1, 0, 1, 1)
    return layer.family is Family.CONVOLUTION and plain and step.input[1] == 1


def _hold_against(placed: Sequence[Placed], analysis: Analysis) -> None:
    """The network's own layers against those that were read: kinds, settings and shapes, one by one."""
    read = [(_facts(s.layer, s.output[-1]), _map_shape(s.output)) for s in placed]
    said = [(_facts(row.layer, row.output[-1]), row.output) for row in analysis.rows]
    if read != said:
        at = next((i for i, (a, b) in enumerate(zip(read, said, strict=False)) if a != b), len(said) - 1)
        raise fault(
            placed[min(at, len(placed) - 1)].node, "cannot be said here as it is",
            "the network that comes nearest differs in it; write it in another way.",
        )  # fmt: skip


def _facts(layer: Layer, side: int) -> tuple[object, ...]:
    """What two layers have in common that are the same; `side`: of the map that comes out."""
    kind = layer.kind.replace("global_", "").removesuffix("_flat")
    window: tuple[int, ...] = (layer.kernel, layer.stride)
    if layer.family is Family.POOL and side == 1:
        window = ()  # a pool as large as the map and a global one do the same
    return (
        kind, layer.out_channels, *window, layer.padding, layer.dilation, layer.groups, layer.bias,
        layer.rate, layer.span, layer.side, layer.padding_mode,
    )  # fmt: skip


def _map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) == 3 else (*shape, 1, 1)


def _remarks(graph: Graph, placed: Sequence[Placed], analysis: Analysis) -> Iterator[Remark]:
    """What differs between the network and its source, and what the source says wrongly."""
    read = parameters_of(placed)
    if read != analysis.parameters:
        yield Remark(
            "parameters-differ",
            f"The source has {read:,} parameters and the network here {analysis.parameters:,}: here every "
            "normalisation has scale and shift, and instance norm has none.",
        )
    for layer in graph.unused:
        yield Remark(
            "never-called",
            f"{layer.name} is defined and never called; its {layer.parameters:,} parameters are left out.",
            layer.line,
        )
    claims, unused = graph.claims, sum(layer.parameters for layer in graph.unused)
    if claims.parameters not in (None, read, read + unused):
        yield Remark(
            "parameters-claimed",
            f"The text says {claims.parameters:,} parameters; the layers in it have {read + unused:,}.",
        )
    before, total = analysis.receptive_field_before, analysis.receptive_field_total
    if claims.receptive_field not in (None, before, total):
        yield Remark(
            "receptive-field-claimed",
            f"The text says a receptive field of {claims.receptive_field}; it is {before} before the pooling "
            f"and {total} with it.",
            claims.receptive_field_line,
        )
    for step in placed:
        node, counted = step.node, learnt(step.node.kind, step.node.settings)
        name = node.name or node.kind
        if node.shape is not None and _map_shape(tuple(node.shape)) != _map_shape(step.output):
            message = f"{name}: the text says {words(node.shape)}, and it is {words(step.output)}."
            yield Remark("shape-differs", message, node.line)
        if node.parameters is not None and node.parameters != counted:
            message = f"{name}: the text says {node.parameters:,} parameters, and it has {counted:,}."
            yield Remark("count-differs", message, node.line)
