"""A network is data: stages C1 to C4 of convolution units, and an output stage O.

The vocabulary is closed. What it can say is exactly what the page edits, the arithmetic counts, the
builder builds and the exporter writes. The kinds of layers that a network may name stand in `kinds`.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from cifar7 import fields as declared
from cifar7.errors import UserError
from cifar7.fields import choice, number, show
from cifar7.network.kinds import Family, names

SCHEMA_VERSION = 1
STAGE_NAMES = ("C1", "C2", "C3", "C4")
OUTPUT = "O"

KINDS = ("standard", "grouped", "separable")
ACTIVATIONS = names(Family.ACTIVATION)
NORMS = (*(name.removesuffix("_norm") for name in names(Family.NORM)), "none")
ORDERS = ("conv-norm-act", "conv-act-norm")
CLASSIFIERS = ("none", "conv", "linear")
DROPOUT_PLACES = ("unit", "depthwise")
MAX_UNITS = 12


class SpecError(UserError):
    """A network description that cannot be built: says which stage, and the cure."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One convolution and what follows it: normalisation, activation, dropout.

    `kind`: `standard`; `grouped`, into `groups` groups; `separable`, a depthwise convolution (one filter a
    channel, the unit's kernel, stride, padding and dilation) and then a pointwise 1x1 that sets the channels.

    `residual`: the input of the unit that many back, this one counted as 1, is added to what the unit puts
    out, as it is (He et al., "Deep Residual Learning", 2015): 1 goes around this unit, 2 around this one and
    the one before, 0 is none. The sum stands after the whole unit, behind its normalisation, activation and
    dropout and before the stage's pool: x + unit(x), with nothing on the identity's way (He et al., "Identity
    Mappings in Deep Residual Networks", 2016). A unit
    without activation can take away from what it gets as well as add to it.
    """

    channels: int = number(low=1, high=1024)  # output channels
    kernel: int = number(3, low=1, high=11)  # pixels, square
    kind: str = choice("standard", KINDS)
    groups: int = number(1, low=1, high=1024)  # read by kind `grouped` only
    stride: int = number(1, low=1, high=4)  # pixels
    dilation: int = number(1, low=1, high=8)  # pixels between the taps of the kernel
    padding: int | None = number(None, low=0, high=32)  # pixels a side; None: what keeps the map at stride 1
    norm: bool = True  # the network's normalisation follows the convolution
    activation: bool = True  # the network's activation follows the convolution
    dropout: float = number(0.0, low=0.0, high=0.9)  # probability
    residual: int = number(0, low=0, high=MAX_UNITS)  # units, of the same stage, whose input is added behind
    # Of a separable unit only:
    between: bool = True  # normalisation and activation also between depthwise and pointwise
    dropout_after: str = choice("unit", DROPOUT_PLACES)  # whole unit, or its depthwise convolution only
    pointwise_padding: int = number(0, low=0, high=4)  # pixels a side

    @property
    def same_padding(self) -> int:
        """Pixels a side that keep the map: d(k-1)/2, rounded down where that is uneven."""
        return self.dilation * (self.kernel - 1) // 2

    @property
    def actual_padding(self) -> int:
        """Pixels a side that the convolution gets."""
        return self.same_padding if self.padding is None else self.padding

    @property
    def spatial(self) -> bool:
        """Whether the convolution looks at more than one pixel."""
        return self.kernel > 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Convolution units in a row, then a max-pool of `pool` x `pool` pixels with that stride, or none.

    A stage without units passes its input on: a network may have fewer than four.
    """

    units: tuple[Unit, ...] = ()
    pool: int | None = number(None, low=2, high=4)


@dataclass(frozen=True, slots=True)
class Head:
    """The output stage O: units, then average pooling, then the classifier.

    `pool`: None pools the whole map (global average pooling); a number is a fixed kernel with that stride.
    `classifier`: a 1x1 convolution or a linear layer to the classes, or none, and then the last unit before
    the pooling has to put out one channel a class.
    """

    units: tuple[Unit, ...] = ()
    pool: int | None = number(None, low=1, high=64)
    classifier: str = choice("conv", CLASSIFIERS)


@dataclass(frozen=True, slots=True)
class NetSpec:
    """A whole network, from an image (in_channels, image_size, image_size) to `classes` logits."""

    name: str
    stages: tuple[Stage, ...]  # four, C1 to C4
    output: Head = Head()
    activation: str = choice("relu", ACTIVATIONS)
    norm: str = choice("batch", NORMS)
    order: str = choice("conv-norm-act", ORDERS)
    bias: bool = True  # False: convolutions that a normalisation follows have no bias
    classes: int = number(10, low=2, high=1000)
    in_channels: int = number(3, low=1, high=4)
    image_size: int = number(32, low=8, high=256)  # pixels, square

    def stage(self, name: str) -> Stage:
        """The stage called `C1` … `C4`."""
        return self.stages[STAGE_NAMES.index(name)]

    def parts(self) -> list[tuple[str, Stage | Head]]:
        """Name and content of C1 … C4 and O, in order."""
        return [*zip(STAGE_NAMES, self.stages), (OUTPUT, self.output)]

    def units(self, name: str) -> tuple[Unit, ...]:
        """The units of C1 … C4 or O."""
        return self.output.units if name == OUTPUT else self.stage(name).units

    def channels_into(self, name: str) -> int:
        """Channels that the stage C1 … C4 or O gets from the last unit before it."""
        before = self.stages[: (*STAGE_NAMES, OUTPUT).index(name)]
        return next(
            (u.channels for stage in reversed(before) for u in reversed(stage.units)), self.in_channels
        )

    def with_stage(self, name: str, stage: Stage) -> NetSpec:
        """The same network with one stage C1 … C4 replaced."""
        at = STAGE_NAMES.index(name)
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at + 1 :]))

    def with_units(self, name: str, units: tuple[Unit, ...]) -> NetSpec:
        """The same network with other units in C1 … C4 or O."""
        if name == OUTPUT:
            return replace(self, output=replace(self.output, units=units))
        return self.with_stage(name, replace(self.stage(name), units=units))

    def with_classes(self, classes: int) -> NetSpec:
        """The same network for another number of classes; without a classifier its last unit changes."""
        if classes == self.classes:
            return self
        spec = replace(self, classes=classes)
        if spec.output.classifier != "none":
            return spec
        last = next((name for name, part in reversed(spec.parts()) if part.units), None)
        if last is None:
            return spec
        *units, unit = spec.units(last)
        return spec.with_units(last, (*units, replace(unit, channels=classes)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; of a unit or stage only what differs from the default."""
        return {
            "version": SCHEMA_VERSION,
            **{f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("stages", "output")},
            "stages": {n: _part_to_dict(s) for n, s in zip(STAGE_NAMES, self.stages, strict=True)},
            "output": {**_part_to_dict(self.output), "classifier": self.output.classifier},
        }

    @classmethod
    def from_dict(cls, data: Any) -> NetSpec:
        """The network that `to_dict` wrote, of this version or an older one.

        Raises SpecError for anything else: names, types and ranges are checked here. `problems.problems`
        says whether the network can be built.
        """
        values = dict(_mapping(data, "the network"))
        version = values.pop("version", None)
        if isinstance(version, bool) or version not in range(1, SCHEMA_VERSION + 1):
            raise SpecError(
                f"the network's version is {show(version)}; this cifar7 reads 1 to {SCHEMA_VERSION}."
            )
        stages = dict(_mapping(values.pop("stages", None), "stages"))
        if sorted(stages) != sorted(STAGE_NAMES):
            raise SpecError(
                f"stages has {show(sorted(map(str, stages)))}; it needs exactly {', '.join(STAGE_NAMES)}."
            )
        return cls(
            stages=tuple(_read_stage(stages[n], n) for n in STAGE_NAMES),
            output=_read_head(values.pop("output", None)),
            **_read_fields(cls, values, "the network", skip=("stages", "output")),
        )


def _part_to_dict(part: Stage | Head) -> dict[str, Any]:
    return {"units": [_unit_to_dict(u) for u in part.units], "pool": part.pool}


def _unit_to_dict(unit: Unit) -> dict[str, Any]:
    values = {f.name: getattr(unit, f.name) for f in fields(unit)}
    return {
        f.name: values[f.name] for f in fields(unit) if f.default is MISSING or values[f.name] != f.default
    }


def _read_stage(data: Any, where: str) -> Stage:
    values = dict(_mapping(data, where))
    units = _read_units(values.pop("units", []), where)
    return Stage(units=units, **_read_fields(Stage, values, where, skip=("units",)))


def _read_head(data: Any) -> Head:
    if data is None:
        return Head()
    values = dict(_mapping(data, OUTPUT))
    units = _read_units(values.pop("units", []), OUTPUT)
    return Head(units=units, **_read_fields(Head, values, OUTPUT, skip=("units",)))


def _read_units(data: Any, where: str) -> tuple[Unit, ...]:
    if not isinstance(data, list) or len(data) > MAX_UNITS:
        raise SpecError(f"{where}: units is {show(data)}; it takes a list of at most {MAX_UNITS} units.")
    places = [f"{where}, unit {i}" for i in range(1, len(data) + 1)]
    return tuple(
        Unit(**_read_fields(Unit, dict(_mapping(u, at)), at)) for u, at in zip(data, places, strict=True)
    )


def _mapping(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SpecError(f"{where} is {show(data)}; it takes an object with named fields.")
    return data


def _read_fields(cls: type, values: dict[str, Any], where: str, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    declarations = {f.name: f for f in fields(cls) if f.name not in skip}
    for name in values:
        if name not in declarations:
            raise SpecError(f"{where} has no field {show(name)}; it takes {', '.join(declarations)}.")
    for name, spec_field in declarations.items():
        if name not in values:
            if spec_field.default is MISSING:
                raise SpecError(f"{where} lacks {name}.")
            continue
        values[name] = read_value(values[name], spec_field, f"{where}: {name}")
    return values


def read_value(value: Any, spec_field: Any, where: str) -> Any:
    """The value of a field, checked against its declared type and range. Raises SpecError."""
    return declared.read_value(value, spec_field, where, SpecError)
