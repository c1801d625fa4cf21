"""Make the fixtures of this folder with the code of an old commit:

    git worktree add ../old a6cdcd7
    python tests/compat/make_fixtures.py ../old

Everything is imported from that checkout but how values are packed and which commands are kept. Run folders
get plain names; checkpoint.pt stays with the paused runs only, 20 kB each.
"""

# ruff: noqa: E402, I001 - what is imported is there once the checkout is in the path

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OLD = Path(sys.argv[1]).resolve() if __name__ == "__main__" else HERE.parent.parent
sys.path[:0] = [str(OLD), str(OLD / "tests"), str(HERE.parent)]

import tiny
import torch
from compat import commands, designs, record

from cifar7.commands.parser import main
from cifar7.data import store
from cifar7.data.imageset import RawSet, Split
from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.presets import PRESETS
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.runs import experiments, queue
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import RECIPES
from cifar7.ui.link import Link, encode

FP32 = {"precision": "fp32", "device": "cpu", "batch_size": 16, "epochs": 2, "holdout": 18}


def make_runs(runs: Path) -> None:
    """A run of every state, under several recipes and both protocols."""
    champion, velasoka = RECIPES["champion"].config, RECIPES["velasoka"].config
    default = tiny.config(**FP32, lr=0.03)
    adamw = replace(default, optimiser="adamw", schedule="cosine", averaging=0.9, flip="alternating",
                    cutout=8, protocol="test-each-epoch")  # fmt: skip
    _experiment(runs, replace(champion, **FP32, lr=0.05, averaging=0.9, test_flip=True))
    _run(runs, "finished-velasoka", replace(velasoka, **FP32, lr=0.005))
    _run(runs, "paused", default, pause_at=15)
    _run(runs, "paused-adamw", adamw, pause_at=15)
    _run(runs, "stopped", default, stop_at=15)
    _run(runs, "failed", replace(default, schedule="constant", lr=100.0), replace(designs.TINY, norm="none"))
    queue.enqueue(runs, designs.TINY, tiny.config(), "tiny").request_stop()
    _name(runs, "stopped-early")
    _orphan(runs)
    queue.enqueue(runs, PRESETS["starter"].spec, TrainConfig(), "cifar10")
    _name(runs, "waiting")


def _run(
    runs: Path,
    name: str,
    config: TrainConfig,
    spec: NetSpec = designs.TINY,
    *,
    pause_at: int | None = None,
    stop_at: int | None = None,
) -> None:
    """Train; `pause_at`, `stop_at`: before which batch, counted from 1, that is asked for."""
    claim = queue.start_here(runs, spec, config, "tiny")
    batch = iter(range(1, 10_000))

    def control() -> str | None:
        at = next(batch)
        if at == pause_at:
            claim.run.request_pause()
        return "Stopped by the maker" if at == stop_at else None

    _execute(claim, control)
    if not pause_at:
        (claim.run.path / "checkpoint.pt").unlink(missing_ok=True)
    _name(runs, name)


def _execute(claim: Claim, control: Callable[[], str | None] = lambda: None) -> None:
    execute(claim, lambda name, _: open_set(name), asked=control)


def _experiment(runs: Path, config: TrainConfig) -> None:
    """One toggle, tried with one seed."""
    dilated = designs.TINY.with_stage("C1", Stage((Unit(4, dilation=2),), pool=4))
    experiments.start(runs, "C1 dilation 2", designs.TINY, dilated, config, "tiny", 1)
    for name in ("finished-without", "finished-with"):
        claim = queue.claim_next(runs)
        assert claim is not None
        _execute(claim)
        (claim.run.path / "checkpoint.pt").unlink(missing_ok=True)
        _name(runs, name, claim.run)


def _orphan(runs: Path) -> None:
    """A run that says that it is being trained, whose process died."""
    claim = queue.start_here(runs, designs.TINY, tiny.config(), "tiny")
    beat = {"event": "beat", "epoch": 1, "epochs": 2, "step": 7, "steps": 20, "loss": 1.0, "lr": 0.1,
            "accuracy": 0.4, "images_per_second": 900.0, "seconds": 0.2, "seconds_left": 0.3}  # fmt: skip
    claim.record(beat)
    claim.release()
    _name(runs, "orphan")


def _name(runs: Path, name: str, run: RunFolder | None = None) -> None:
    """Give the newest run a plain name, in the order in which they are made."""
    made = [path for path in runs.iterdir() if re.fullmatch(r"\d{8}-\d{6}-.*-[a-z2-9]{12}", path.name)]
    path = run.path if run else max(made, key=lambda path: path.stat().st_mtime)
    number = sum(path.name.startswith("20250101") for path in runs.iterdir())
    path.rename(runs / f"20250101-0000{number:02}-{name}")


def make_links() -> dict[str, Any]:
    """Links to every design, and to every recipe and setting."""
    starter = PRESETS["starter"].spec
    old_flip = json.dumps({"network": starter.to_dict(), "training": {"flip": False}, "data": ""})
    return {
        "specs": {name: encode(Link(spec, TrainConfig())) for name, spec in designs.specs().items()},
        "configs": {
            name: [encode(Link(starter, config, "shapes")), _changes(config)]
            for name, config in designs.configs().items()
        },
        "flip before there were two": _packed(old_flip),
    }


def _changes(config: TrainConfig) -> dict[str, Any]:
    usual = TrainConfig().to_dict()
    return {name: value for name, value in config.to_dict().items() if value != usual[name]}


def make_networks() -> dict[str, Any]:
    """Of every design: its figures, the names and shapes of its weights, and what it says when untrained."""
    return {name: _network(spec) for name, spec in designs.specs().items()}


def _network(spec: NetSpec) -> dict[str, Any]:
    figures = analyse(spec)
    return {
        "parameters": figures.parameters,
        "macs": figures.macs,
        "receptive_field": [figures.receptive_field_before, figures.receptive_field_total],
        **record.behaviour(build(spec, seed=3), spec.in_channels, spec.image_size),
    }


def _packed(text: str) -> str:
    import base64
    import zlib

    return "1." + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def called(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and output of a command with --json."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as errors:
        status = main([*arguments, "--json"])
    assert out.getvalue(), errors.getvalue()
    return status, json.loads(out.getvalue())


def make_outputs(home: Path) -> None:
    """What the commands print: of the runs as they lie, of new ones, and of old ones that go on."""
    runs = home / "runs"
    names = sorted(path.name for path in runs.iterdir() if path.name.startswith("20250101"))
    results = [name for name in names if (runs / name / "predictions.npz").is_file()]
    record.write("show", {name: record.brief(called("show", name)[1]) for name in names})
    instant = {}
    for title, arguments in commands.INSTANT.items():
        output = called(*(part.format(home=home) for part in arguments))[1]
        if "--profile" in title:  # the rest is what it is without
            output = {key: output[key] for key in ("profile", "requirements")}
        elif title in commands.LONG:
            output["layers"] = record.digest(json.dumps(output["layers"]).encode())
        instant[title] = record.masked(output, record.PATHS)
    record.write("instant", instant)
    record.write("check", {name: called("check", name)[1] for name in results})
    exported = [name for name in results if name != names[1]] + [*PRESETS, "{home}/odd.json"]
    record.write("export", {name: _exported(home, name) for name in exported})
    record.write("trained", {
        title: record.masked(_trained(home, arguments), record.FRESH)
        for title, arguments in commands.TRAINED.items()
    })  # fmt: skip
    record.write("resumed", {name: _resumed(home, name) for name in commands.RESUMED})


def _trained(home: Path, arguments: tuple[str, ...]) -> dict[str, Any]:
    runs = () if arguments[0] == "find-lr" else ("--runs", str(home / "new"))
    return called(*(part.format(home=home) for part in arguments), *runs)[1]


def _resumed(home: Path, name: str) -> list[dict[str, Any]]:
    """What comes of a paused run that goes on to its end, and then for an epoch more."""
    copies = home / "again"
    shutil.copytree(home / "runs" / name, copies / name)
    steps = [called("resume", name, "--runs", str(copies), *more)[1] for more in ((), ("--epochs", "1"))]
    return [record.masked(step, record.FRESH) for step in steps]


def _exported(home: Path, what: str) -> dict[str, Any]:
    out = home / "out.zip"
    output = called("export", what.format(home=home), "--out", str(out), "--force")[1]
    del output["bytes"], output["out"]  # of pictures that another version draws otherwise
    return {**output, "contents": record.contents(out.read_bytes())}


def make_set() -> None:
    """A stored image set of two flat colours: three images."""
    shutil.rmtree(record.OLD_SETS, ignore_errors=True)
    images = torch.full((3, 3, 32, 32), 200, dtype=torch.uint8).numpy()
    images[1] = 40
    labels = torch.tensor([0, 1, 0]).numpy()
    raw = RawSet("Two flats", ("bright", "dark"), Split(images[:2], labels[:2]),
                 Split(images[2:], labels[2:]), "made by a script", True, ("nothing to learn",))  # fmt: skip
    with store.exclusive(record.OLD_SETS, "flats"):
        store.write_set(record.OLD_SETS, "flats", raw, "test")


def make_colours(data_dir: Path) -> None:
    """The set that the runs are trained on, which the tests make again."""
    splits = (Split(*record.colours(60, 1)), Split(*record.colours(10, 2)))
    with store.exclusive(data_dir, "tiny"):
        store.write_set(
            data_dir, "tiny", RawSet("Tints", record.CLASSES, *splits, "made by a script", True, ()), "test"
        )


def make() -> None:
    """All of it."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["CIFAR7_HOME"] = folder
        os.environ.pop("CIFAR7_DATA", None)
        os.environ.pop("CIFAR7_RUNS", None)
        make_colours(home / "data")
        for name, spec in (("tiny", designs.TINY), ("odd", designs.ODD)):
            (home / f"{name}.json").write_text(json.dumps(spec.to_dict()))
        runs = home / "runs"
        make_runs(runs)
        shutil.rmtree(record.OLD_RUNS, ignore_errors=True)
        locks = shutil.ignore_patterns("*.lock", "control.json")
        for path in sorted(runs.glob("20250101-*")):
            shutil.copytree(path, record.OLD_RUNS / path.name, ignore=locks)
        record.write("links", make_links())
        record.write("networks", make_networks())
        for name, spec in (("tiny", designs.TINY), ("odd", designs.ODD)):
            record.write(name, spec.to_dict())
        make_outputs(home)
        make_set()


if __name__ == "__main__":
    began = time.perf_counter()
    make()
    print(f"{OLD}: fixtures made in {time.perf_counter() - began:.0f} s")
