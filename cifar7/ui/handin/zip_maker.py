"""The submission of a run as a zip, made by a process of its own, so that the page loads no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cifar7
from cifar7 import paths
from cifar7.disk import why_not
from cifar7.errors import UserError
from cifar7.network.profiles import Profile
from cifar7.runs.folder import RunFolder

ROOT = Path(cifar7.__file__).parents[1]  # where `python -m cifar7` finds the package
TIMEOUT = 300  # seconds; a few are usual


def make(run: RunFolder, profile: Profile) -> bytes:
    """The bytes of the zip. Raises UserError with the command line's message, or what cannot be written."""
    try:
        return _make(run, profile)
    except OSError as error:
        raise UserError(f"the zip cannot be made: {why_not(error)}") from None


def _make(run: RunFolder, profile: Profile) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cifar7-") as folder:
        out, version = Path(folder) / "submission.zip", Path(folder) / "profile.json"
        version.write_text(json.dumps(profile.to_dict()), encoding="utf-8")
        command = [sys.executable, "-m", "cifar7", "export", run.id, "--out", str(out)]
        command += ["--runs", str(paths.runs_dir()), "--profile", str(version)]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        try:
            process = subprocess.run(
                command, cwd=ROOT, env=env, timeout=TIMEOUT, capture_output=True, text=True, check=False
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"It was not ready after {TIMEOUT} s; try again when less runs.") from None
        if process.returncode != 0 or not out.is_file():
            status = f"The export ended with status {process.returncode}."
            raise UserError([status, *process.stderr.strip().splitlines()][-1])
        return out.read_bytes()
