"""The submission of a run as a zip, made by a process of its own, so that the page loads no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cifar7
from cifar7 import paths
from cifar7.disk import why_not
from cifar7.errors import UserError
from cifar7.network.profiles import Profile
from cifar7.runs.folder import RunFolder

ROOT = Path(cifar7.__file__).parents[1]  # where `python -m cifar7` finds the package
TIMEOUT = 300.0  # seconds; a few are usual
PAUSE = 0.1  # seconds between two looks at the process


def make(run: RunFolder, profile: Profile, going: Callable[[], object]) -> bytes:
    """The bytes of the zip; hold a turn of `export.turns`. Raises UserError with what went wrong.

    `going` is called while the files are written; what it raises ends that.
    """
    try:
        return _make(run, profile, going)
    except OSError as error:
        raise UserError(f"the zip cannot be made: {why_not(error)}") from None


def _make(run: RunFolder, profile: Profile, going: Callable[[], object]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cifar7-") as folder:
        out, version, said = (Path(folder) / name for name in ("submission.zip", "profile.json", "said"))
        version.write_text(json.dumps(profile.to_dict()), encoding="utf-8")
        command = [sys.executable, "-m", "cifar7.export.process"]
        command += [str(paths.runs_dir()), run.id, str(version), str(out)]
        with said.open("wb") as errors:
            status = _run(command, errors.fileno(), going)
        if status != 0 or not out.is_file():
            lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise UserError([f"The export ended with status {status}.", *lines][-1])
        return out.read_bytes()


def _run(command: list[str], errors: int, going: Callable[[], object]) -> int:
    """The exit status. Whatever happens here, the process has ended afterwards."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    null, deadline = subprocess.DEVNULL, time.monotonic() + TIMEOUT
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=null, stdout=null, stderr=errors)
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise UserError(f"It was not ready after {TIMEOUT:.0f} s; try again when less runs.")
            going()
            time.sleep(PAUSE)
    finally:
        process.kill()
        process.wait()
    return process.returncode
