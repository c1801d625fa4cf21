"""The process that makes a run's submission for a page, which loads no torch: RUNS RUN PROFILE.json OUT.zip.

A mistake is one line on stderr and status 2, as on the command line. Whoever starts it holds a turn.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cifar7.errors import UserError
from cifar7.export.submission import pack, submission_files, write
from cifar7.network.profiles import read_profile
from cifar7.runs.folder import RunFolder


def main(runs: str, run: str, profile: str, out: str) -> int:
    """Write the zip; the exit status."""
    try:
        version = read_profile(json.loads(Path(profile).read_bytes()))
        write(Path(out), pack(submission_files(RunFolder.open(Path(runs), run), version)))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
