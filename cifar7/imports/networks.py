"""A graph as a network, held against its source before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cifar7.imports.graph import Graph, Remark, UnreadableError
from cifar7.imports.packing import Ends, canonical, pack
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
    certain: bool = True
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
    spec = canonical(spec) if not (faults := problems(spec)) else spec
    if faults:
        raise fault(
            last.node, "cannot be said: " + " · ".join(map(str, faults)), "see what would be right there."
        )
    analysis = analyse(spec)
    _hold_against(placed, analysis)
    remarks = (*graph.remarks, *_remarks(graph, placed, analysis))
    return Imported(spec, remarks, graph, parameters_of(placed), graph.certain, graph.difference)


def parameters_of(placed: Sequence[Placed]) -> int:
    """What the calls of the source have, by torch's own rules for each of them."""
    return sum(_parameters(step) for step in placed)


def _parameters(step: Placed) -> int:
    layer, given = step.layer, step.input
    if layer.family is Family.CONVOLUTION:
        weights = layer.out_channels * (layer.in_channels // layer.groups) * layer.kernel**2
        return weights + layer.bias * layer.out_channels
    if layer.family is Family.LINEAR:
        values = given[0] * (given[1] * given[2] if len(given) == 3 else 1)
        return (values + layer.bias) * layer.out_channels
    if layer.family is Family.NORM:
        affine = step.node.settings.get("affine", layer.kind != "instance_norm")
        values = 1
        for side in given[1:] if layer.kind == "layer_norm" else ():
            values *= side
        return 2 * layer.out_channels * values * bool(affine)
    return 0


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
    averages = [at for at in pools if "avg" in placed[at].layer.kind]
    pool = (averages or pools or [-1])[-1]
    flat = next((at for at, step in enumerate(placed) if step.layer.family is Family.LINEAR), len(placed))
    if classifier == last and placed[last].layer.kind == "conv" and (pool < 0 or pool > last):
        classifier = -1
    return Ends(pool if pool < flat else -1, classifier)


def _is_head(placed: Sequence[Placed], at: int, said: bool) -> bool:
    """Whether a pool is that of O: it leaves one pixel, or single values are made of what it leaves.

    A max-pool with a window is one only where its place is `said` to be in O; else it ends a stage.
    """
    step = placed[at]
    if "max" in step.layer.kind and not (said or step.layer.entry.whole_map):
        return False
    if step.output[1] == 1:
        return True
    behind = next((s for s in placed[at + 1 :] if not s.layer.follows), None)
    return behind is not None and behind.layer.family is Family.LINEAR and (said or "avg" in step.layer.kind)


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
        at = next(i for i, (a, b) in enumerate(zip(read, said, strict=False)) if a != b)
        raise AssertionError(f"layer {at + 1} was read as {read[at]} and would be {said[at]}")


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
        shape, parameters = step.node.shape, step.node.parameters
        if shape is not None and _map_shape(tuple(shape)) != _map_shape(step.output):
            yield Remark(
                "shape-differs",
                f"{step.node.name or step.node.kind}: the text says {'×'.join(map(str, shape))}, and it is "
                f"{'×'.join(map(str, step.output))}.",
                step.node.line,
            )
        if parameters is not None and parameters != _parameters(step):
            yield Remark(
                "count-differs",
                f"{step.node.name or step.node.kind}: the text says {parameters:,} parameters, and it has "
                f"{_parameters(step):,}.",
                step.node.line,
            )
