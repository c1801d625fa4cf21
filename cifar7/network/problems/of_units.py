"""What is wrong with single units: what they do, their channels, groups and padding."""

from __future__ import annotations

from collections.abc import Iterator

from cifar7.network.layers import expand, norm_of
from cifar7.network.problems.problem import Problem, places
from cifar7.network.spec import OUTPUT, NetSpec


def operations(spec: NetSpec) -> Iterator[Problem]:
    """Units that do nothing, stand where they cannot, or have what does not go together."""
    flat = 0  # the unit behind the pooling from which on there are single values
    for place in places(spec):
        unit, stage, where = place.unit, place.stage, place.words
        if unit.kind == "none" and not (unit.dropout or unit.activation or norm_of(spec, unit) != "none"):
            yield Problem(
                stage, f"{where} does nothing.", "Give it a normalisation, an activation or a dropout."
            )
        if unit.keeps_channels and unit.channels != place.channels:
            yield Problem(
                stage,
                f"{where} keeps the {place.channels} channels that it gets, and says {unit.channels}.",
                f"Write {place.channels} channels.",
            )
        if unit.kind == "linear" and not place.behind:
            yield Problem(
                stage, f"{where} is a linear layer, which reads single values and no map.",
                "Put it behind the pooling of O, or make it a 1x1 convolution.",
            )  # fmt: skip
        if unit.pools and unit.actual_padding > unit.kernel // 2:
            yield Problem(
                stage,
                f"{where}: its pool has padding {unit.actual_padding}, more than half of its {unit.kernel}.",
                f"Choose padding 0 to {unit.kernel // 2}.",
            )  # fmt: skip
        if place.behind:
            if flat and (unit.convolves or unit.pools):
                yield Problem(
                    stage, f"{where} needs a map, and behind the linear layer of unit {flat} there is none.",
                    "Make it a linear layer too.",
                )  # fmt: skip
            if (flat or unit.kind == "linear") and norm_of(spec, unit) == "instance":
                yield Problem(
                    stage, f"{where}: an instance norm of single values leaves nothing.",
                    "Choose another normalisation, or none.",
                )  # fmt: skip
            if unit.residual:
                yield Problem(
                    stage, f"{where}: a connection behind the pooling.", "Take it away, or put it before."
                )
            flat = flat or place.number * (unit.kind == "linear")
        if place.beside and unit.residual:
            yield Problem(stage, f"{where} has a connection of its own.", "Take it away.")


def channels(spec: NetSpec) -> Iterator[Problem]:
    """Groups that do not divide their channels, and logits that are not one a class."""
    last = spec.in_channels
    for *_, out in spec.flow():
        last = out
    for place in places(spec):
        stage, channels, unit = place.stage, place.channels, place.unit
        if unit.kind != "grouped":
            continue
        for count, which in ((channels, "input"), (unit.channels, "output")):
            if count % unit.groups:
                fit = [
                    g
                    for g in range(1, min(channels, unit.channels) + 1)
                    if channels % g == unit.channels % g == 0
                ]
                yield Problem(
                    stage,
                    f"{place.words}: {unit.groups} groups do not divide its {count} {which} channels.",
                    f"Choose {', '.join(map(str, fit))} groups.",
                )
                break
    if spec.output.classifier == "none" and last != spec.classes:
        yield Problem(
            OUTPUT,
            f"nothing follows the pooling, so the last unit must put out one channel for each of the "
            f"{spec.classes} classes, and it puts out {last}.",
            f"Give the last unit {spec.classes} channels, or end with a 1x1 convolution or a linear layer.",
        )


def norm_groups(spec: NetSpec) -> Iterator[Problem]:
    """Group normalisations whose groups do not divide what they normalise."""
    for layer in expand(spec):
        if layer.kind == "group_norm" and layer.out_channels % layer.groups:
            fit = [g for g in range(1, layer.out_channels + 1) if layer.out_channels % g == 0]
            where = f"unit {layer.unit}, shortcut {layer.beside}" if layer.beside else f"unit {layer.unit}"
            yield Problem(
                layer.stage,
                f"{where}: the {layer.groups} groups of its group norm do not divide {layer.out_channels} "
                "channels.",
                f"Choose {', '.join(map(str, fit))} groups.",
            )


def padding(spec: NetSpec) -> Iterator[Problem]:
    """Even kernels, which no padding centres."""
    for place in places(spec):
        unit, stage = place.unit, place.stage
        if unit.convolves and unit.padding is None and unit.dilation * (unit.kernel - 1) % 2:
            yield Problem(
                stage,
                f"{place.words} has an even kernel of {unit.kernel}, which no padding centres on its pixel.",
                f"Choose kernel {unit.kernel + 1}, or give the padding as a number.",
            )
