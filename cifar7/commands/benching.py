"""`bench`: training as it is done here beside the ways that people write it."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cifar7.commands.output import DataProgress, Progress, duration, put, put_json, table
from cifar7.commands.training import wait_patiently
from cifar7.data import library


def bench(given: argparse.Namespace) -> int:
    """Measure, which takes about a minute with --quick, and tell."""
    wait_patiently()
    progress = DataProgress()
    images = library.open_data(
        given.data or (library.BUILT_IN if given.quick else library.OFFICIAL), progress.report
    )
    progress.close()
    from cifar7.bench import report as measuring  # loads torch

    machine = _machine(given.device or "auto")
    line = Progress()
    told = measuring.bench(
        images, measuring.QUICK if given.quick else measuring.FULL, given.device or "auto", line.update
    )
    line.close()
    from cifar7.bench.memory import load

    told = {
        "machine": {**machine, "load_after": load()},
        "data": {"name": images.name, "title": images.title, "fingerprint": images.fingerprint},
        "quick": given.quick,
        **told,
    }
    if given.json:
        put_json(told)
    else:
        _put(told)
    return 0


def _machine(device: str) -> dict[str, Any]:
    """Hardware, versions and what else went on when it began. No path, no name of machine or user."""
    import platform

    import torch

    from cifar7.bench.memory import load
    from cifar7.training.devices import choose, cpu_cores, describe_device

    chosen = choose(device)
    return {
        "device": describe_device(chosen),
        "processor": _processor() or platform.processor() or platform.machine(),
        "cores": cpu_cores(),
        "threads": torch.get_num_threads(),
        "load": load(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "torchvision", "numpy")},
        "cuda": torch.version.cuda if chosen.type == "cuda" else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _put(told: dict[str, Any]) -> None:
    machine, loops = told["machine"], told["loops"]
    put(f"{machine['device']} ({machine['processor']}), {machine['threads']} threads of torch, "
        f"{machine['system']}")  # fmt: skip
    put(f"python {machine['python']}, torch {machine['torch']}, torchvision {machine['torchvision']}, "
        f"numpy {machine['numpy']}" + (f", CUDA {machine['cuda']}" if machine["cuda"] else ""))  # fmt: skip
    if machine["load"] is not None:
        put(
            f"load when it began {machine['load']:.1f}, when it ended {machine['load_after']:.1f}: with more "
            f"than {machine['cores']} at work, all of it is slower, and uneven"
        )
    put(f"data: {told['data']['title']}; medians of {loops['ours']['laps']} laps, taken in turns")
    put()
    put(table(_LOOPS, [_loop(one) for one in loops.values()], left=(0, 1)))
    put()
    for name, ratio in told["ratios"].items():
        other = loops[name.removeprefix("ours/")]
        put(f"ours is {ratio:.1f} times as fast as the {other['title']} with {other['network']}")
    whole = told["epoch_of_submissions"]
    put(f"an epoch of 50,000 images in the submissions' loop with their network: "
        f"{duration(whole['measured_seconds'])} measured for {whole['measured_images']:,} images "
        f"x {whole['factor']:g} = {duration(whole['seconds'])}, evaluation left out")  # fmt: skip
    put()
    put("Seconds by phase")
    put(table(_PHASES, [_phases(one) for one in loops.values()], left=(0, 1)))
    put()
    part = told["convolutions"]
    if part["share"] is not None:
        put(f"a step of ours with {part['network']} and {part['batch_size']} images takes "
            f"{part['step'] * 1000:.2f} ms, of which {part['convolutions'] * 1000:.2f} ms "
            f"({part['share']:.0%}) are the convolutions' own")  # fmt: skip
        put()
    put("How ours grows")
    grown = [*told["growth"]["parameters"], *told["growth"]["images"]]
    put(table(_GROWTH, [_growth(one) for one in grown]))
    put()
    put(_accuracy(told["accuracy"]))


_LOOPS = ("loop", "network", "batch", "images", "images/s", "slowest", "fastest", "first progress",
          "memory", "on the GPU", "precision")  # fmt: skip
_PHASES = ("loop", "network", "start", "data", "capture", "training", "evaluation", "images evaluated")
_GROWTH = ("network", "parameters", "images", "training", "per 1,000 images", "images/s")


def _loop(one: dict[str, Any]) -> tuple[str, ...]:
    speeds = (f"{one[name]:,.0f}" for name in ("images_per_second", "slowest", "fastest"))
    return (one["title"], one["network"], f"{one['batch_size']:g}", f"{one['images']:,}", *speeds,
            f"{one['first_progress']:.2f} s", _size(one["memory"]), _size(one["cuda_memory"]),
            one["precision"])  # fmt: skip


def _phases(one: dict[str, Any]) -> tuple[str, ...]:
    capture = "none here" if one["capture"] is None else f"{one['capture']:.3f}"
    return (one["title"], one["network"], f"{one['start']:.3f}", f"{one['data']:.3f}", capture,
            f"{one['training']:.3f}", f"{one['evaluation']:.3f}", f"{one['evaluated']:,}")  # fmt: skip


def _growth(one: dict[str, Any]) -> tuple[str, ...]:
    each = one["training"] / one["images"] * 1000
    return (one["network"], f"{one['parameters']:,}", f"{one['images']:,}", f"{one['training']:.2f} s",
            f"{each:.3f} s", f"{one['images_per_second']:,.0f}")  # fmt: skip


def _accuracy(told: dict[str, Any]) -> str:
    if not told["measured"]:
        return f"time to 80 % and 90 %: not measured, {told['why']}"
    lines = []
    for mark, found in told.items():
        if not isinstance(found, dict):
            continue
        at = found["reached"]
        when = f"{duration(at['seconds'])}, {at['epochs']} epochs" if at else found["why"]
        lines.append(f"{mark} test accuracy, {found['network']} with recipe {found['recipe']}: {when}")
    return "\n".join([*lines, "The other loops were not trained that far."])


def _size(count: float | None) -> str:
    return "-" if count is None else f"{count / 2**20:,.0f} MiB"
