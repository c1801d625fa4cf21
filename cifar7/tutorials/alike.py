"""In what two runs can be alike: a closed list, each with what is compared."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from cifar7.network.spec import STAGE_NAMES, NetSpec, Unit
from cifar7.training.config import TrainConfig

# What `same` of a pair of runs may name; and which fields of the network's units are left out of account.
SAME = {
    "data": "the same image set",
    "settings": "the same settings",
    "network": "the same network",
    "network but dropout": "the same network but for dropout",
    "network but dilation": "the same network but for dilation",
}
_LEFT_OUT = {"network but dropout": "dropout", "network but dilation": "dilation"}


def alike(
    same: str,
    differ: Collection[str],
    networks: tuple[NetSpec, NetSpec],
    settings: tuple[TrainConfig, TrainConfig],
    data: tuple[str, str],
) -> bool:
    """Whether two runs are alike in what `same` names; `differ`: settings that are left out of account."""
    if same == "data":
        return data[0] == data[1]
    if same == "settings":
        kept = [{k: v for k, v in each.to_dict().items() if k not in differ} for each in settings]
        return bool(kept[0] == kept[1])
    left_out = _LEFT_OUT.get(same)
    bare = [_bare(spec, left_out) for spec in networks]
    return bare[0] == bare[1]


def _bare(spec: NetSpec, left_out: str | None) -> NetSpec:
    """The network without its name, and with one field of all units as though it had not been touched."""
    spec = replace(spec, name="")
    if left_out is None:
        return spec
    default: Any = next(f.default for f in Unit.__dataclass_fields__.values() if f.name == left_out)
    edit: Callable[[Unit], Unit] = lambda unit: replace(unit, **{left_out: default})  # noqa: E731
    for name in (*STAGE_NAMES, "O"):
        spec = spec.with_every(name, tuple(map(edit, spec.every(name))))
    return spec
