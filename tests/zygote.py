"""Python processes as forks of one that has loaded torch and the package: 2 s of work less for each.

A fork is a child of the process that asked for it, so that signals, exit statuses and `wait` are those of any
other child. On Linux only; elsewhere, and for every command that `Zygote.serves` does not name, processes
start as they always do.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGE = "cifar7"

# What workers and exports come to load. They are loaded and not used: an operation of torch could start
# threads, and a fork has only the thread that forked.
PRELOADED = (
    "torch", "cifar7.runs.execute", "cifar7.runs.kept.recheck", "cifar7.training.engine",
    "cifar7.network.module", "cifar7.commands.parser", "cifar7.commands.training", "cifar7.export.submission",
)  # fmt: skip

# A script of `python -c` that begins so finds torch loaded, and nothing of the package.
FORKED = "# forked: torch is loaded"

Request = dict[str, Any]  # command (without the executable), cwd, environment, new_session
PR_SET_CHILD_SUBREAPER = 36
_Popen = subprocess.Popen


class Zygote:
    """The process that is forked; it is started by the first fork."""

    def __init__(self) -> None:
        self.enabled = sys.platform == "linux"
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def serves(self, command: Sequence[object], environment: dict[str, str]) -> bool:
        """Whether it is `python -m cifar7...`, or a FORKED script; with one thread of arithmetic, as here."""
        if not self.enabled or isinstance(command, (str, bytes)) or len(command) < 3:
            return False
        executable, *options, text = map(str, command[: 4 if command[1] == "-I" else 3])
        is_module = options == ["-m"] and text.split(".")[0] == PACKAGE
        is_script = options in (["-c"], ["-I", "-c"]) and text.lstrip().startswith(FORKED)
        one_thread = environment.get("OMP_NUM_THREADS") == "1"
        return executable == sys.executable and one_thread and (is_module or is_script)

    def fork(self, request: Request, streams: Sequence[int]) -> int:
        """The pid of a new child of this process that executes `request` with these three streams."""
        with self._guard:
            if self._socket is None:
                self._start()
            assert self._socket is not None
            _adopt_orphans(True)
            try:
                socket.send_fds(self._socket, [b"!"], list(streams))
                self._socket.sendall(json.dumps(request).encode() + b"\n")
                with self._socket.makefile("rb") as replies:
                    pid = int(replies.readline())
                    replies.readline()  # its parent has ended: it is ours now
            finally:
                _adopt_orphans(False)
        return pid

    def close(self) -> None:
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait(10)
            self._socket = None

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = _Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the tests
                env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
            )


ZYGOTE = Zygote()


class Popen(_Popen):  # type: ignore[type-arg]
    """`subprocess.Popen`, but what the zygote serves is a fork of it."""

    def _execute_child(
        self, args: Any, executable: Any, preexec_fn: Any, close_fds: Any, pass_fds: Any, cwd: Any, env: Any,
        startupinfo: Any, creationflags: Any, shell: Any, p2cread: int, p2cwrite: int, c2pread: int,
        c2pwrite: int, errread: int, errwrite: int, restore_signals: Any, gid: Any, gids: Any, uid: Any,
        umask: Any, start_new_session: bool, *more: Any,
    ) -> None:  # fmt: skip
        environment = dict(os.environ if env is None else env)
        if executable or preexec_fn or pass_fds or shell or not ZYGOTE.serves(args, environment):
            super()._execute_child(  # type: ignore[misc]
                args, executable, preexec_fn, close_fds, pass_fds, cwd, env,
                startupinfo, creationflags, shell, p2cread, p2cwrite, c2pread,
                c2pwrite, errread, errwrite, restore_signals, gid, gids, uid,
                umask, start_new_session, *more,
            )  # fmt: skip
            return
        request: Request = {
            "command": list(map(str, args[1:])), "cwd": str(cwd or Path.cwd()), "environment": environment,
            "new_session": start_new_session,
        }  # fmt: skip
        streams = [fd if fd != -1 else own for own, fd in enumerate((p2cread, c2pwrite, errwrite))]
        self.pid = ZYGOTE.fork(request, streams)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]


def _adopt_orphans(adopt: bool) -> None:
    """Whether a descendant whose parent ends becomes a child of this process instead of init's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


# In the zygote


def load() -> None:
    for name in PRELOADED:
        import_module(name)
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, f"loading started {len(threads) - 1} threads, and a fork would lack them"
    gc.collect()
    gc.freeze()  # forks share the pages of what is loaded


def serve(server: socket.socket) -> Request | None:
    """Fork for every request. Returns in each fork, with its request, and at the end of the zygote."""
    while True:
        message, streams, *_ = socket.recv_fds(server, 1, 3)
        if not message:
            return None
        with server.makefile("rb") as requests:
            request: Request = json.loads(requests.readline())
        if (between := os.fork()) == 0:
            _leave_a_child(server)
            for own, stream in enumerate(streams):
                os.dup2(stream, own)
            os.closerange(3, 1 + max(streams))
            return request
        os.waitpid(between, 0)
        server.sendall(b"adopted\n")
        for stream in streams:
            os.close(stream)


def _leave_a_child(server: socket.socket) -> None:
    """Returns in a child, once its parent has ended and the process that asked has adopted it."""
    parent = os.getpid()
    if child := os.fork():
        server.sendall(b"%d\n" % child)
        os._exit(0)
    server.close()
    while os.getppid() == parent:
        time.sleep(0.0005)


def execute(request: Request, usual_path: list[str]) -> None:
    """What `python ...` does with the rest of its command line, in this process."""
    if request["new_session"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
    option, text, *arguments = command = request["command"]
    if option == "-I":
        _, option, text, *arguments = command
        sys.path[:] = usual_path
    else:
        extra = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:] = [request["cwd"] if option == "-m" else "", *filter(None, extra), *usual_path]
    sys.argv = [option, *arguments]
    if option == "-m":
        runpy.run_module(text, run_name="__main__", alter_sys=True)
        return
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(text, "<string>", "exec"), main.__dict__)


def _exit_status(request: Request, usual_path: list[str]) -> int:
    try:
        execute(request, usual_path)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> None:
    """End as Python does, but free nothing: that would copy all the shared pages, for 0.4 s."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    extra = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    usual_path = [folder for folder in sys.path[1:] if folder not in extra]
    sys.path[0] = str(ROOT)
    load()
    if request := serve(socket.socket(fileno=int(sys.argv[1]))):
        _end(_exit_status(request, usual_path))


if __name__ == "__main__":
    main()
