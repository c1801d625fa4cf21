"""`export`: a design or a run as a file that needs no cifar7."""

from __future__ import annotations

import argparse
from pathlib import Path

from cifar7.commands.history import find
from cifar7.commands.networks import read_network, read_profile
from cifar7.commands.output import Progress, put_json
from cifar7.export.errors import ExportError
from cifar7.export.model_source import model_source
from cifar7.export.submission import design_files, pack, spec_json, submission_files, write
from cifar7.export.turns import WAITS, turn
from cifar7.network.presets import PRESETS
from cifar7.network.profiles import Profile
from cifar7.network.spec import NetSpec, SpecError
from cifar7.runs.folder import RunFolder, list_runs

ENDINGS = {
    ".py": "model.py alone",
    ".json": "the design as data",
    ".zip": "a run's submission, or a design's repository",
}


def export(arguments: argparse.Namespace) -> None:
    """Write a run or a design to a file; its ending says as what."""
    out, kind = arguments.out, arguments.out.suffix.lower()
    if kind not in ENDINGS:
        endings = ", ".join(f"{ending} ({content})" for ending, content in ENDINGS.items())
        raise ExportError(f"{out}: the ending says what is written; it takes {endings}.")
    if out.is_dir() or not out.absolute().parent.is_dir():
        problem = "is a folder" if out.is_dir() else "lies in a folder that is not there"
        raise ExportError(f"{out} {problem}; name a file in a folder that is there.")
    if out.exists() and not arguments.force:
        raise ExportError(f"{out} is there already; name another file, or --force to replace it.")
    profile = read_profile(arguments.profile)
    run, spec = _find(arguments.what, arguments.runs)
    content, files = _content(kind, run, spec, profile)
    write(out, content)
    if arguments.json:
        put_json({"out": str(out), "run": run.id if run else None, "network": spec.name, "files": files,
                  "bytes": len(content)})  # fmt: skip
    else:
        print(f"{out}: {', '.join(files)}" if kind == ".zip" else f"{out}: {spec.name}")


def _content(kind: str, run: RunFolder | None, spec: NetSpec, profile: Profile) -> tuple[bytes, list[str]]:
    """What to write, and the names of the files in it."""
    if kind == ".py":
        return model_source(spec).encode(), ["model.py"]
    if kind == ".json":
        return spec_json(spec), ["spec.json"]
    if run is None:
        files = design_files(spec, profile)
    else:
        line = Progress()
        with turn(lambda: line.update(WAITS)):
            line.close()
            files = submission_files(run, profile)
    return pack(files), sorted(files)


def _find(what: str, runs: Path) -> tuple[RunFolder | None, NetSpec]:
    """A preset or a design's file by its name, or else a run by its id or the beginning of it."""
    if what in PRESETS or what.lower().endswith(".json"):
        return None, read_network(what)
    is_run = bool(what) and any(run.id.startswith(what) for run in list_runs(runs))
    if not is_run and Path(what).is_file():
        return None, read_network(what)
    if not is_run and not what[:1].isdigit():
        raise SpecError(
            f"{what!r:.80} is no preset, no file and no run; presets are {', '.join(PRESETS)}, "
            "and `python -m cifar7 runs` lists the runs."
        )
    run = find(runs, what)
    return run, run.spec()
