"""All that is to be measured on a machine with a GPU, by one command, without Streamlit or pandas.

    python tests/on_a_gpu.py --data PATH [--only tests,bench,...] [--minutes 8] [--seeds 5] [--out DIR]
    python tests/on_a_gpu.py --small

PATH: a data set's name, class folders, or an archive of them. Each part has a process of its own, so that
what goes wrong in one harms no other:

    tests           the tests marked gpu, through pytest where it is installed
    bench           `python -m cifar7 bench`
    result          from pressing Train to a tested `sprinter`, with a warm worker
    champion        its recipe, for as many epochs as --minutes allow for all seeds together
    featherweight   likewise
    airbench        airbench94, a published network, on the same images

On stdout: one JSON record on a line, and a Markdown table for tests/measured/README.md; with --out both as
files too. --small has the smallest of everything and a made-up set, to see on any machine that all of it
works. Exit status 1 where a part failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).absolute().parent))
sys.path.insert(0, str(Path(__file__).absolute().parent.parent))

import tiny
from gpu.parts import INSIDE, PARTS, Options
from gpu.words import markdown

from cifar7.commands.training import wait_patiently
from cifar7.runs.files import plain


def main(arguments: list[str] | None = None) -> int:
    """Carry out the parts that are asked for."""
    given = sys.argv[1:] if arguments is None else arguments
    chosen = _parser().parse_args(given)
    chosen.data = "tiny" if chosen.small else chosen.data
    wait_patiently()
    if chosen.part:
        Path(chosen.into).write_text(json.dumps(plain(INSIDE[chosen.part](_options(chosen)))))
        return 0
    with _home(chosen.small):
        record = measure(chosen, given)
    text = json.dumps(record, ensure_ascii=False)
    table = markdown(record)
    if chosen.out:
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "record.json").write_text(text + "\n")
        (chosen.out / "table.md").write_text(table + "\n")
    print(text, table, sep="\n\n", flush=True)
    return 1 if any("why" in part or part.get("status") for part in record["parts"].values()) else 0


def measure(chosen: argparse.Namespace, given: list[str]) -> dict[str, Any]:
    """The record of all parts: plain data. Ends the process where not even the images can be opened."""
    about = in_a_process("about", chosen)
    if "why" in about:
        sys.exit(f"on_a_gpu.py: {about['why']}")
    return {
        "command": shlex.join(["python", "tests/on_a_gpu.py", *map(_without_folders, given)]),
        "commit": _commit(),
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": about["machine"],
        "data": about["data"],
        "options": {name: getattr(chosen, name) for name in ("seeds", "minutes", "small")},
        "parts": {name: in_a_process(name, chosen) for name in chosen.only},
    }


def in_a_process(name: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """What a part returns, with its seconds; why there is nothing, where it fails."""
    say(f"--- {name}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "part.json"
        command = [sys.executable, __file__, "--part", name, "--into", str(into), "--data", chosen.data]
        command += ["--device", chosen.device, "--seeds", str(chosen.seeds), "--minutes", str(chosen.minutes)]
        command += ["--small"] if chosen.small else []
        status, last = _follow(command, 60 * chosen.most)
        if not into.is_file():
            return {"part": name, "why": f"status {status}: {last[:500] or 'nothing was said'}"}
        return {"part": name, **json.loads(into.read_text()), "part_seconds": time.monotonic() - began}


def _follow(command: list[str], seconds: float) -> tuple[int, str]:
    """The exit status and the last line on stderr of a process, which is ended after so many seconds."""
    last = ""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    ending = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
    ending.start()
    try:
        assert process.stderr is not None
        for line in process.stderr:
            say(line.rstrip())
            last = line.strip() or last
        return process.wait(), last
    finally:
        ending.cancel()


def say(words: str) -> None:
    """A line for whoever waits."""
    print(words, file=sys.stderr, flush=True)


def _options(chosen: argparse.Namespace) -> Options:
    return Options(chosen.data, chosen.device, chosen.seeds, chosen.minutes, chosen.small)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="cifar10", metavar="NAME|PATH")
    parser.add_argument("--only", type=_names, default=list(PARTS), metavar="PART,...")
    parser.add_argument("--minutes", type=float, default=8.0, help="of each long part; default: %(default)s")
    parser.add_argument("--most", type=float, default=30.0, help="minutes after which a part is given up")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each training; default: %(default)s")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument("--small", action="store_true", help="see that all of it works, in about two minutes")
    parser.add_argument("--part", choices=INSIDE, help=argparse.SUPPRESS)  # in a process of its own
    parser.add_argument("--into", help=argparse.SUPPRESS)
    return parser


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return names


@contextmanager
def _home(small: bool) -> Iterator[None]:
    """For --small, a home of its own with a made-up set; nothing of the person's is touched."""
    if not small:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        tiny.make_set(Path(folder) / "data")
        os.environ["CIFAR7_HOME"] = folder
        for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
            os.environ.pop(name, None)
        yield


def _commit() -> str:
    """The checkout's, in short; it may have come without its history."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _without_folders(argument: str) -> str:
    """A path by its last name: a record is shown to others."""
    return Path(argument).name if os.sep in argument else argument


if __name__ == "__main__":
    sys.exit(main())
