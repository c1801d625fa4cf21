"""`devices`: what a training on this machine would use."""

from __future__ import annotations

import argparse
from typing import Any

from cifar7 import machine
from cifar7.commands.output import put_json, table
from cifar7.commands.training import wait_patiently


def devices(arguments: argparse.Namespace) -> None:
    """Wake each device that there is, as a worker does, and print what was found."""
    wait_patiently()
    found = _found()
    if arguments.json:
        put_json(found)
        return
    print(f"torch {found['torch']}, " + (f"CUDA {found['cuda']}" if found["cuda"] else "without CUDA"))
    if found["driver"]:
        print(f"the driver names {' and '.join(found['driver'])}")
    print()
    names = ("name", "device", "precision")
    print(table((*names, ""), [_row(one, found["auto"]) for one in found["devices"]], left=(0, 1, 2, 3)))
    if found["why_not"]:
        print()
        print(machine.unused_gpu(found["why_not"]))


def _row(one: dict[str, Any], auto: str) -> tuple[str, ...]:
    return one["name"], one["device"], one["precision"], "what auto takes" if one["name"] == auto else ""


def _found() -> dict[str, Any]:
    import torch  # takes seconds

    from cifar7.training import devices

    auto = devices.choose("auto")
    devices.wake(auto)
    found = [auto] if auto.type == "cpu" else [auto, torch.device("cpu")]
    return {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "driver": [one.name for one in machine.accelerators()],
        "auto": auto.type,
        "devices": [
            {
                "name": device.type,
                "device": devices.describe_device(device),
                "precision": devices.best_precision(device),
            }
            for device in found
        ],
        "why_not": devices.why_not_gpu() if auto.type == "cpu" else None,
    }
