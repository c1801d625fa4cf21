"""Where cifar7 keeps what it writes. Nothing here creates a folder; the writers do."""

import os
from pathlib import Path


def home() -> Path:
    """The folder of everything written: `$CIFAR7_HOME`, else `~/.cifar7`."""
    return Path(os.environ.get("CIFAR7_HOME") or Path.home() / ".cifar7").expanduser()


def data_dir() -> Path:
    """The image sets: `$CIFAR7_DATA`, else `data` in `home()`."""
    return Path(os.environ.get("CIFAR7_DATA") or home() / "data").expanduser()


def runs_dir() -> Path:
    """The run folders: `$CIFAR7_RUNS`, else `runs` in `home()`."""
    return Path(os.environ.get("CIFAR7_RUNS") or home() / "runs").expanduser()
