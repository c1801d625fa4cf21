"""The one connection of this process to a Ray cluster, and what Ray's errors mean."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

import ray
from ray import exceptions

import cifar7

KNOCK_SECONDS = 3.0  # that a cluster has to answer at its address
TROUBLE = (exceptions.RayError, ConnectionError, TimeoutError)

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody


class UnreachableError(Exception):
    """There is no cluster at an address for now; says why, in words."""


def connect(address: str) -> None:
    """Connect this process to the cluster, unless it is. Raises UnreachableError."""
    if ray.is_initialized():
        return
    try:
        if address != "auto":
            _knock(address)
        # Nodes have the libraries; this package goes along, so that every node has the version of the driver.
        package = str(Path(cifar7.__file__).parent)
        environment = {"py_modules": [package], "excludes": ["**/__pycache__/"]}
        ray.init(address=address, runtime_env=environment, logging_level=logging.WARNING)
    except (*TROUBLE, OSError, RuntimeError, ValueError) as error:
        raise UnreachableError(f"the cluster {address} cannot be reached ({first_line(error)})") from error


def disconnect() -> None:
    """End the connection; what this process had begun there ends."""
    ray.shutdown()


def _knock(address: str) -> None:
    """Whether anything answers there: Ray itself takes long to find that nothing does."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def slots(share: float, gpus: bool) -> int:
    """How many runs the cluster can train at a time."""
    found = ray.cluster_resources()
    cpus = int(found.get("CPU", 0))
    return min(cpus, int(found.get("GPU", 0) / share + 1e-9)) if gpus else cpus


def has_gpus() -> bool:
    """Whether any of its nodes has one."""
    return ray.cluster_resources().get("GPU", 0) > 0


def mistake(error: BaseException) -> str | None:
    """Why a node could not carry out a task at all, in words; None where its process died."""
    cause = error.cause if isinstance(error, exceptions.RayTaskError) else None
    if isinstance(error, exceptions.RayTaskError) and not isinstance(cause, exceptions.RayError):
        return f"The node could not carry it out ({first_line(cause or error)})"
    if isinstance(error, exceptions.RuntimeEnvSetupError):
        return f"The node could not be set up for it ({first_line(error)})"
    return None


def ending(error: BaseException, node: str) -> str:
    """How the process of a task ended, as the end of a sentence that begins with "The process ..."."""
    if isinstance(error, exceptions.OutOfMemoryError):
        return "was ended by Ray as the memory of its node ran out"
    if isinstance(error, exceptions.NodeDiedError) or (node and node not in _alive()):
        return "was lost with its node"
    return f"ended without a word ({type(error).__name__})"


def _alive() -> set[str]:
    return {str(node["NodeID"]) for node in ray.nodes() if node["Alive"]}


def first_line(error: BaseException) -> str:
    """An error in one line."""
    lines: list[Any] = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
