"""Calling the command line within the test's own process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cifar7.commands.parser import main


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of one command."""
    capsys.readouterr()
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse's way
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def json_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What a command that goes well prints with --json."""
    status, out, err = call(capsys, *arguments, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert isinstance(told, dict)
    return told


def quick(home: Path, *more: object) -> tuple[object, ...]:
    """`train` with the network and the set of the fixture `cli_home`, for two epochs."""
    said = ("train", home / "tiny.json", "--data", "tiny", "--device", "cpu")
    return (*said, "--epochs", 2, "--batch-size", 16, *more)
