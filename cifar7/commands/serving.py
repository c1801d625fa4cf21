"""`serve`: the pages, for oneself or, with `--class`, for a class on the network."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import cifar7
from cifar7 import paths
from cifar7.commands.output import say
from cifar7.errors import UserError
from cifar7.runs import limits, people
from cifar7.runs.files import replace_json
from cifar7.runs.limits import Limits

APP = Path(cifar7.__file__).absolute().parent.parent / "streamlit_app.py"
TEACHER, CLASS_LIMITS = "teacher-secret", "class-limits.json"  # files in cifar7's home
EVERY_ADDRESS = "0.0.0.0"  # of this machine


def serve(arguments: argparse.Namespace) -> int:
    """Serve the pages until Ctrl-C; returns the server's exit status."""
    if not APP.is_file():
        raise UserError(f"the pages are not here: {APP.name} is missing beside the folder cifar7")
    environment = dict(os.environ)
    if arguments.limits or arguments.class_:
        environment[limits.FILE] = str(_limits_file(arguments.limits))
    address = arguments.address or (EVERY_ADDRESS if arguments.class_ else "localhost")
    if arguments.class_:
        secret = environment[people.TEACHER] = environment.get(people.TEACHER) or _teachers_secret()
        people.check_secret(secret)
        _tell(address, arguments.port, secret, environment[limits.FILE])
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += [f"--server.address={address}", f"--server.port={arguments.port}", "--server.headless=true"]
    with suppress(KeyboardInterrupt):
        return subprocess.call(command, env=environment, cwd=APP.parent)
    return 0


def _limits_file(given: Path | None) -> Path:
    """The file of limits that is in force, read once to see that it is right.

    Without one, a class has a file in cifar7's home, made with its usual limits, to be edited. Raises
    LimitError.
    """
    path = (given or paths.home() / CLASS_LIMITS).absolute()
    if given is None and not path.exists():
        _write(path, lambda: replace_json(path, Limits.of_class().to_dict()))
    Limits.read(path)
    return path


def _teachers_secret() -> str:
    """The secret of the teacher's link: the same at each start, so that the link can be kept."""
    path = paths.home() / TEACHER
    with suppress(OSError):
        if secret := path.read_text(encoding="ascii").strip():
            return secret
    secret = secrets.token_urlsafe(16)

    def write() -> None:
        path.touch(mode=0o600)
        path.write_text(f"{secret}\n", encoding="ascii")

    _write(path, write)
    return secret


def _write(path: Path, write: Callable[[], object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write()
    except OSError as error:
        raise UserError(f"{path.name} cannot be written to {path.parent} ({error.strerror})") from None


def _tell(address: str, port: int, secret: str, limits_file: str) -> None:
    host = _own_address() if address == EVERY_ADDRESS else address
    say(f"For the class:   http://{host}:{port}")
    say(f"For the teacher: http://{host}:{port}/?teacher={quote(secret)}   (keep it: it may stop any run)")
    say(f"Limits:          {limits_file}   (read anew at every start of a run)")


def _own_address() -> str:
    """This machine's address in its network; no packet is sent for it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for documentation
        return str(probe.getsockname()[0])
    return socket.gethostname()
