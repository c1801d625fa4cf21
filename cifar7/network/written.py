"""Parts of a network as plain data for JSON, and read back: names, types and ranges are checked.

What is written only where it differs from the default: every field of a unit, and whatever version 1 had not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any

from cifar7 import fields as declared
from cifar7.fields import show
from cifar7.network.unit import MAX_UNITS, SpecError, Unit

Known = Mapping[str, Collection[str] | None]  # fields that version 1 had, and of what values; None: of all

FIRST_UNIT: Known = {
    **dict.fromkeys(("channels", "kernel", "groups", "stride", "dilation", "padding", "norm", "activation")),
    **dict.fromkeys(("dropout", "residual", "between", "dropout_after", "pointwise_padding")),
    "kind": ("standard", "grouped", "separable"),
}
FIRST_HEAD: Known = dict.fromkeys(("units", "pool", "classifier"))
FIRST_NETWORK: Known = {
    **dict.fromkeys(("name", "stages", "output", "bias", "classes", "in_channels", "image_size")),
    "activation": ("relu", "leaky_relu", "silu", "gelu"),
    "norm": ("batch", "group", "none"),
    "order": ("conv-norm-act", "conv-act-norm"),
}


def in_first(part: Any, known: Known) -> bool:
    """Whether version 1 could say this part."""
    for f in fields(part):
        value = getattr(part, f.name)
        allowed = known.get(f.name) if f.name in known else (f.default,)
        if allowed is not None and value not in allowed:
            return False
    return True


def changed(part: Any, known: Known) -> dict[str, Any]:
    """The fields that version 1 had not and that differ from their default."""
    return {
        f.name: getattr(part, f.name)
        for f in fields(part)
        if f.name not in known and getattr(part, f.name) != f.default
    }


def units_to_data(units: tuple[Unit, ...]) -> list[dict[str, Any]]:
    """Units as plain data: of each only what differs from the default."""
    data = []
    for unit in units:
        values = {
            f.name: getattr(unit, f.name)
            for f in fields(unit)
            if f.default is MISSING or getattr(unit, f.name) != f.default
        }
        if unit.shortcut:
            values["shortcut"] = units_to_data(unit.shortcut)
        data.append(values)
    return data


def read_units(data: Any, where: str, connected: bool = True) -> tuple[Unit, ...]:
    """Units from plain data. `connected`: whether they may have connections, which a shortcut's may not."""
    if not isinstance(data, list) or len(data) > MAX_UNITS:
        raise SpecError(f"{where}: units is {show(data)}; it takes a list of at most {MAX_UNITS} units.")
    return tuple(_read_unit(u, f"{where}, unit {i}", connected) for i, u in enumerate(data, 1))


def _read_unit(data: Any, where: str, connected: bool) -> Unit:
    values = mapping(data, where)
    shortcut = values.pop("shortcut", [])
    if not connected and (shortcut != [] or values.get("residual", 0) != 0):
        raise SpecError(f"{where} has a connection of its own", "a unit on a shortcut takes none.")
    units = read_units(shortcut, f"{where}, shortcut", connected=False)
    return Unit(shortcut=units, **read_fields(Unit, values, where, skip=("shortcut",)))


def mapping(data: Any, where: str) -> dict[str, Any]:
    """A copy of an object with named fields. Raises SpecError for anything else."""
    if not isinstance(data, dict):
        raise SpecError(f"{where} is {show(data)}; it takes an object with named fields.")
    return dict(data)


def read_fields(cls: type, values: dict[str, Any], where: str, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of a dataclass's fields, checked, without those in `skip`. Raises SpecError."""
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
