"""At most two exports at a time: the others wait, are told so, and have their turn."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import handmade
import pytest
from calls import call

from cifar7.export import turns
from cifar7.export.errors import ExportError
from cifar7.export.turns import turn


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(turns, "PAUSE", 0.001)
    return tmp_path


def unexpected() -> None:
    raise AssertionError("it had to wait")


def test_the_third_waits_until_one_of_two_has_ended() -> None:
    looks = []
    with ExitStack() as first, turn(unexpected):
        first.enter_context(turn(unexpected))

        def look() -> None:
            looks.append(1)
            if len(looks) == 3:
                first.close()

        with turn(look):
            assert len(looks) == 3


def test_who_leaves_while_waiting_or_at_work_keeps_no_place() -> None:
    class LeftError(Exception):
        pass

    def leave() -> None:
        raise LeftError

    with turn(unexpected):
        with turn(unexpected), pytest.raises(LeftError), turn(leave):
            pass
        with pytest.raises(LeftError), turn(unexpected):
            leave()
        with turn(unexpected):
            pass


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    late = pytest.raises(ExportError, match=r"two other exports have not ended .* try again later")
    with turn(unexpected), turn(unexpected), late, turn(nothing):
        pass


def nothing() -> None:
    pass


def test_places_are_those_of_all_processes_and_a_killed_one_gives_its_own_back() -> None:
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        with turn(unexpected):
            os.write(writer, b"holds")
            signal.pause()
    assert os.read(reader, 5) == b"holds"
    with turn(unexpected):
        asked = []

        def look() -> None:
            if not asked:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            asked.append(1)

        with turn(look):
            assert asked
    os.close(reader)
    os.close(writer)


def test_a_home_that_cannot_be_written_to_is_named(home: Path) -> None:
    (home / "exports").write_text("no folder")
    named = pytest.raises(ExportError, match=r"exports cannot be written to .* takes its turn there")
    with named, turn(nothing):
        pass


def test_the_command_line_waits_too_and_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handmade.make_set(home / "data")
    run = handmade.make_run(home)
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    with turn(unexpected), turn(unexpected):
        status, _, said = call(capsys, "export", run.id, "--out", home / "mine.zip")
        assert status == 2
        assert turns.WAITS in said
        assert "try again later" in said
        assert call(capsys, "export", run.id, "--out", home / "mine.py")[0] == 0  # loads no torch: no turn
    assert call(capsys, "export", run.id, "--out", home / "mine.zip")[0] == 0
