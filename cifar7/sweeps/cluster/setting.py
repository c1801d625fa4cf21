"""Which cluster sweeps may use: its address, checked, and what one run takes of a GPU.

The command line names one, or the server's own configuration does; what a browser sends never does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any

from cifar7 import paths
from cifar7.fields import number, read_value
from cifar7.runs.files import read_json
from cifar7.sweeps.knobs import SweepError

VARIABLE, FILE = "CIFAR7_CLUSTER", "cluster.json"  # environment; in cifar7's home
_ADDRESS = re.compile(
    r"(?:ray://)?(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200})|\[[0-9A-Fa-f:]{2,40}\]):([0-9]{1,5})"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A cluster. Raises SweepError for what is no address, or no share."""

    address: str
    gpu_share: float = number(1.0, low=0.05, high=1)  # of a GPU, for each run, where there are GPUs

    def __post_init__(self) -> None:
        read_address(self.address)
        for declared in fields(self):
            if declared.metadata:
                value = read_value(getattr(self, declared.name), declared, declared.name, SweepError)
                object.__setattr__(self, declared.name, value)


def read_address(address: Any) -> str:
    """The address of a cluster, from anywhere. Raises SweepError for what is none."""
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if address == "auto" or (match and 0 < int(match[1]) < 65536):
        return str(address)
    raise SweepError(
        f"{str(address)!r:.60} is no address of a Ray cluster; write auto on one of its nodes, the HOST:PORT "
        "that `ray start --head` says, or ray://HOST:10001 from outside"
    )


def configured() -> Setting | None:
    """The cluster that this server may use: `$CIFAR7_CLUSTER`, an address, and cluster.json in its home.

    The file holds "address" and may hold "gpu_share"; the variable takes the place of its address. None
    without either. Raises SweepError where what is there is not right.
    """
    path = paths.home() / FILE
    data: dict[str, Any] = {}
    try:
        data = read_json(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SweepError(
            f"{path} cannot be read as settings of a cluster ({error}); mend or remove it"
        ) from None
    if address := os.environ.get(VARIABLE):
        data["address"] = address
    if not data:
        return None
    known = {declared.name for declared in fields(Setting)}
    if set(data) - known or "address" not in data:
        raise SweepError(f'{path} is to hold "address" and may hold "gpu_share", and nothing else')
    return Setting(**data)


def check_installed() -> None:
    """Raises SweepError where Ray is not installed: cifar7 does without it but for clusters."""
    if find_spec("ray") is None:
        raise SweepError('a cluster needs Ray, which is not installed here: pip install "ray[default]"')
