"""`bench`: training as it is done here beside the ways that people write it."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cifar7.commands.output import Progress, duration, put_json, table, with_progress
from cifar7.commands.training import wait_patiently
from cifar7.data import library


def bench(arguments: argparse.Namespace) -> None:
    """Measure, about a minute with --quick, and print the figures."""
    wait_patiently()
    default = library.BUILT_IN if arguments.quick else library.OFFICIAL
    images = with_progress(library.open_data, arguments.data or default)
    from cifar7.bench import report  # loads torch

    machine = hardware(arguments.device or "auto")
    line = Progress()
    figures = report.bench(
        images, report.QUICK if arguments.quick else report.FULL, arguments.device or "auto", line.update
    )
    line.close()
    from cifar7.bench.memory import load

    figures = {
        "machine": {**machine, "load_after": load()},
        "data": {"name": images.name, "title": images.title, "fingerprint": images.fingerprint},
        "quick": arguments.quick,
        **figures,
    }
    if arguments.json:
        put_json(figures)
    else:
        _print(figures)


def hardware(device: str) -> dict[str, Any]:
    """Hardware, versions and what else went on when it began. No path, no name of machine or user."""
    import platform

    import torch

    from cifar7 import machine
    from cifar7.bench.memory import load
    from cifar7.training.devices import choose, describe_device

    chosen = choose(device)
    return {
        "device": describe_device(chosen),
        "processor": _processor() or platform.processor() or platform.machine(),
        "cores": machine.cores(),
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


def _print(figures: dict[str, Any]) -> None:
    machine, loops = figures["machine"], figures["loops"]
    print(f"{machine['device']} ({machine['processor']}), {machine['threads']} threads of torch, "
        f"{machine['system']}")  # fmt: skip
    print(f"python {machine['python']}, torch {machine['torch']}, torchvision {machine['torchvision']}, "
        f"numpy {machine['numpy']}" + (f", CUDA {machine['cuda']}" if machine["cuda"] else ""))  # fmt: skip
    if machine["load"] is not None:
        print(
            f"load when it began {machine['load']:.1f}, when it ended {machine['load_after']:.1f}: with more "
            f"than {machine['cores']} at work, all of it is slower, and uneven"
        )
    print(f"data: {figures['data']['title']}; medians of {loops['ours']['laps']} laps, taken in turns")
    print()
    print(table(_LOOPS, [_loop(loop) for loop in loops.values()], left=(0, 1)))
    print()
    for name, ratio in figures["ratios"].items():
        other = loops[name.removeprefix("ours/")]
        print(f"ours is {ratio:.1f} times as fast as the {other['title']} with {other['network']}")
    whole = figures["epoch_of_submissions"]
    print(f"an epoch of 50,000 images in the submissions' loop with their network: "
        f"{duration(whole['measured_seconds'])} measured for {whole['measured_images']:,} images "
        f"x {whole['factor']:g} = {duration(whole['seconds'])}, evaluation left out")  # fmt: skip
    print()
    print("Seconds by phase")
    print(table(_PHASES, [_phases(loop) for loop in loops.values()], left=(0, 1)))
    print()
    part = figures["convolutions"]
    if part["share"] is not None:
        print(f"a step of ours with {part['network']} and {part['batch_size']} images takes "
            f"{part['step'] * 1000:.2f} ms, of which {part['convolutions'] * 1000:.2f} ms "
            f"({part['share']:.0%}) are the convolutions' own: {part['flops'] / 1e9:,.0f} GFLOP/s in all, "
            f"{part['of_peak']:.0%} of the {part['peak'] / 1e9:,.0f} of a plain convolution")  # fmt: skip
        others = ", ".join(
            f"{kind} {seconds * 1000:.2f} ms ({seconds / part['step']:.0%})"
            for kind, seconds in part["others"].items()
        )
        print(f"the others: {others}; {part['copied'] / 1e9:.1f} GB/s are read to be copied")
        print()
    print("How ours grows")
    sizes = [*figures["growth"]["parameters"], *figures["growth"]["images"]]
    print(table(_GROWTH, [_growth(size) for size in sizes]))
    print()
    print(_accuracy(figures["accuracy"]))


_LOOPS = ("loop", "network", "batch", "images", "images/s", "slowest", "fastest", "first progress",
          "memory", "on the GPU", "precision")  # fmt: skip
_PHASES = ("loop", "network", "start", "data", "capture", "training", "evaluation", "images evaluated")
_GROWTH = ("network", "parameters", "images", "training", "per 1,000 images", "images/s")


def _loop(loop: dict[str, Any]) -> tuple[str, ...]:
    speeds = (f"{loop[name]:,.0f}" for name in ("images_per_second", "slowest", "fastest"))
    return (loop["title"], loop["network"], f"{loop['batch_size']:g}", f"{loop['images']:,}", *speeds,
            f"{loop['first_progress']:.2f} s", _size(loop["memory"]), _size(loop["cuda_memory"]),
            loop["precision"])  # fmt: skip


def _phases(loop: dict[str, Any]) -> tuple[str, ...]:
    capture = "none here" if loop["capture"] is None else f"{loop['capture']:.3f}"
    return (loop["title"], loop["network"], f"{loop['start']:.3f}", f"{loop['data']:.3f}", capture,
            f"{loop['training']:.3f}", f"{loop['evaluation']:.3f}", f"{loop['evaluated']:,}")  # fmt: skip


def _growth(size: dict[str, Any]) -> tuple[str, ...]:
    each = size["training"] / size["images"] * 1000
    return (size["network"], f"{size['parameters']:,}", f"{size['images']:,}", f"{size['training']:.2f} s",
            f"{each:.3f} s", f"{size['images_per_second']:,.0f}")  # fmt: skip


def _accuracy(marks: dict[str, Any]) -> str:
    if not marks["measured"]:
        return f"time to 80 % and 90 %: not measured, {marks['why']}"
    lines = []
    for mark, outcome in marks.items():
        if not isinstance(outcome, dict):
            continue
        at = outcome["reached"]
        when = f"{duration(at['seconds'])}, {at['epochs']} epochs" if at else outcome["why"]
        lines.append(f"{mark} test accuracy, {outcome['network']} with recipe {outcome['recipe']}: {when}")
    return "\n".join([*lines, "The other loops were not trained that far."])


def _size(count: float | None) -> str:
    return "-" if count is None else f"{count / 2**20:,.0f} MiB"
