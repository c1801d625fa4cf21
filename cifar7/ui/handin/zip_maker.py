"""The submission of a run as a zip, made by a process of its own: torch and drawing stay out of the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cifar7
from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network.profiles import PROFILES, Profile
from cifar7.runs.folder import RunFolder

ROOT = Path(cifar7.__file__).parents[1]  # where `python -m cifar7` finds the package
PATIENCE = 300  # seconds; usually it takes a few


class SubmissionError(UserError):
    """The zip could not be made: says why."""


def make(run: RunFolder, profile: Profile) -> bytes:
    """The zip. Raises SubmissionError with what the command line says."""
    with tempfile.TemporaryDirectory(prefix="cifar7-") as folder:
        out = Path(folder) / "submission.zip"
        command = [sys.executable, "-m", "cifar7", "export", run.id, "--out", str(out)]
        command += ["--runs", str(paths.runs_dir()), "--profile", _profile(profile, Path(folder))]
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env=quiet,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SubmissionError(f"It was not ready after {PATIENCE} s; try again when less runs.") from None
        if done.returncode != 0 or not out.is_file():
            said = done.stderr.strip().splitlines()
            raise SubmissionError(said[-1] if said else f"The export ended with status {done.returncode}.")
        return out.read_bytes()


def profile_dict(profile: Profile) -> dict[str, object]:
    """A profile as the file that `profiles.read_profile` reads."""
    asked = [{"id": r.id, "is": r.relation, "limit": r.limit, "title": r.title} for r in profile.requirements]
    return {"name": profile.name, "title": profile.title, "requirements": asked}


def _profile(profile: Profile, folder: Path) -> str:
    """A built-in one by its name; any other as a file."""
    if PROFILES.get(profile.name) == profile:
        return profile.name
    path = folder / "profile.json"
    path.write_text(json.dumps(profile_dict(profile)), encoding="utf-8")
    return str(path)
