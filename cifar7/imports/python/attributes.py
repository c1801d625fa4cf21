"""Attributes: what a name behind a dot means. No attribute of a Python object is looked up by it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cifar7.imports.python import methods
from cifar7.imports.python.forward import shapes
from cifar7.imports.python.forward.modules import MODULE_METHODS
from cifar7.imports.python.values import (
    Bound,
    Class,
    Function,
    Known,
    Map,
    Method,
    OutsideError,
    Super,
    Tensor,
    Thing,
    Training,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

CONSTANTS = {"math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "numpy.pi": math.pi}
# Attribute of a torch layer: the setting it is, and whether torch holds it as a pair.
SETTINGS = {
    "in_channels": ("in_channels", False), "out_channels": ("out_channels", False),
    "kernel_size": ("kernel", True), "stride": ("stride", True), "padding": ("padding", True),
    "dilation": ("dilation", True), "groups": ("groups", False), "in_features": ("in_features", False),
    "out_features": ("out_features", False), "num_features": ("channels", False),
    "num_channels": ("channels", False), "num_groups": ("groups", False), "p": ("rate", False),
}  # fmt: skip


def get(machine: Machine, value: Value, name: str, line: int) -> Value:
    """`value.name`."""
    match value:
        case Unknown():
            return value
        case Known():
            return _of_known(value, name)
        case Thing():
            return _of_thing(machine, value, name, line)
        case Class():
            return _of_class(value, name)
        case Super():
            return _of_super(machine, value, name, line)
        case Map():
            return _of_map(value, name)
        case Tensor():
            return (
                value.shape if name == "shape" and value.shape is not None else Unknown(f"{name} of a tensor")
            )
        case Function():
            return value.name if name == "__name__" else Unknown(f"{name} of a function")
        case str() | list() | dict() | tuple() | set():
            if methods.has(value, name):
                return Method(name, value)
            raise OutsideError(
                f"{name} of {described(value)} lies outside of what is read", "use plain methods"
            )
        case None | int() | float():
            raise OutsideError(
                f"{described(value)} has no {name} that is read", "check what stands before the dot"
            )
    return Unknown(f"{name} of {described(value)}")


def _of_known(value: Known, name: str) -> Value:
    path = f"{value.path}.{name}"
    if path in CONSTANTS:
        return CONSTANTS[path]
    if name == "__name__":
        return value.last
    if name.startswith("__") and name != "__init__":
        return Unknown(f"{name} of {described(value)}")
    return Known(path)


def _of_thing(machine: Machine, thing: Thing, name: str, line: int) -> Value:
    if name in thing.attributes:
        return thing.attributes[name]
    found = thing.cls.find(name) if thing.cls else None
    if found:
        return bind(machine, found[0], thing, line)
    if name == "__class__":
        return thing.cls or Known(f"torch.nn.{thing.base}")
    if thing.is_module:
        return _of_module(thing, name)
    if thing.cls and thing.cls.foreign:
        return Unknown(f"{name} of {thing.cls.foreign}, whose text is not here")
    raise OutsideError(
        f"{described(thing)} has no attribute {name!r}", "set it in __init__, or check the name"
    )


def bind(machine: Machine, value: Value, me: Value, line: int) -> Value:
    """What a name of a class means for one of its objects."""
    if isinstance(value, Function):
        return Bound(value, me)
    if isinstance(value, Wrapped):
        if value.how == "property":
            return machine.call(value.function, [me], {}, line)
        if value.how == "classmethod":
            return Bound(value.function, me.cls if isinstance(me, Thing) else me)
        return value.function
    return value


def _of_module(thing: Thing, name: str) -> Value:
    if name == "training":
        return Training()
    if name == "_modules":
        return dict(thing.children())
    if name in MODULE_METHODS:
        return Method(name, thing)
    call = thing.call
    if call is not None:
        if name in SETTINGS and SETTINGS[name][0] in call.settings:
            setting, pair = SETTINGS[name]
            held = call.settings[setting]
            return (held, held) if pair and call.kind == "conv" and held != "same" else held
        if name == "bias" and call.settings.get("bias") is False:
            return None
        if name in ("weight", "bias", "running_mean", "running_var"):
            return Tensor()
        return Unknown(f"{name} of {described(thing)}")
    if name.startswith("__"):
        return Unknown(f"{name} of {described(thing)}")
    if thing.cls and thing.cls.foreign:
        return Unknown(f"{name} of {thing.cls.foreign}, whose text is not here")
    raise OutsideError(
        f"{described(thing)} has no attribute {name!r}", "set it in __init__, or check the name"
    )


def _of_class(cls: Class, name: str) -> Value:
    found = cls.find(name)
    if found:
        value = found[0]
        if isinstance(value, Wrapped) and value.how != "property":
            return Bound(value.function, cls) if value.how == "classmethod" else value.function
        return value
    if name == "__name__":
        return cls.name
    if cls.base != "object" and (name == "__init__" or not name.startswith("__")):
        return Known(f"torch.nn.{cls.base}.{name}")
    return Unknown(f"{name} of the class {cls.name}")


def _of_super(machine: Machine, value: Super, name: str, line: int) -> Value:
    me = value.me
    cls = me.cls if isinstance(me, Thing) else me
    if not isinstance(cls, Class) or value.after not in cls.order:
        raise OutsideError("super(…) with these arguments lies outside of what is read", "write super()")
    for base in cls.order[cls.order.index(value.after) + 1 :]:
        if name in base.names:
            return bind(machine, base.names[name], me, line)
    if isinstance(me, Thing):
        return Method(f"super.{name}", me)
    return Unknown(f"{name} of a base class")


def _of_map(x: Map, name: str) -> Value:
    if name == "shape":
        return tuple(shapes.extents(x))
    if name == "ndim":
        return shapes.RANK[x.form]
    if name == "data":
        return x
    if name in ("device", "dtype", "is_cuda", "requires_grad"):
        return Unknown(f"the {name} of a map")
    return Method(name, x)
