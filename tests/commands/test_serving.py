"""`serve`: what it sets before the pages are served."""

import json
import stat

import pytest

from cifar7.commands import serving
from cifar7.commands.parser import main
from cifar7.runs.limits import Limits


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Carries out `serve` with arguments; returns the server's command and environment."""
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    for name in ("CIFAR7_TEACHER", "CIFAR7_LIMITS"):
        monkeypatch.delenv(name, raising=False)
    calls = []
    monkeypatch.setattr(
        serving.subprocess, "call", lambda command, env, cwd: calls.append((command, env)) or 0
    )

    def serve(*arguments):
        status = main(["serve", *arguments])
        return (status, *calls.pop()) if calls else (status, None, None)

    return serve


def test_alone_it_listens_to_this_machine(served):
    status, command, environment = served("--port", "8600")
    assert status == 0
    assert "--server.address=localhost" in command
    assert "--server.port=8600" in command
    assert "CIFAR7_TEACHER" not in environment
    assert "CIFAR7_LIMITS" not in environment


def test_a_class_gets_a_teacher_and_limits_that_stay(served, tmp_path, capsys):
    _, command, environment = served("--class")
    assert "--server.address=0.0.0.0" in command
    secret = environment["CIFAR7_TEACHER"]
    assert len(secret) >= 20
    assert f"/?teacher={secret}" in capsys.readouterr().err
    file = tmp_path / "class-limits.json"
    assert environment["CIFAR7_LIMITS"] == str(file)
    assert Limits.from_dict(json.loads(file.read_text())) == Limits.of_class()
    assert stat.S_IMODE((tmp_path / "teacher-secret").stat().st_mode) == 0o600
    file.write_text('{"epochs": 3}')
    _, _, again = served("--class")
    assert again["CIFAR7_TEACHER"] == secret
    assert Limits.read(file).epochs == 3


def test_an_own_secret_and_own_limits_are_taken(served, tmp_path, monkeypatch):
    monkeypatch.setenv("CIFAR7_TEACHER", "long enough")
    own = tmp_path / "mine.json"
    own.write_text('{"minutes": 5}')
    _, _, environment = served("--class", "--limits", str(own), "--address", "10.0.0.7")
    assert environment["CIFAR7_TEACHER"] == "long enough"
    assert environment["CIFAR7_LIMITS"] == str(own)
    assert not (tmp_path / "teacher-secret").exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "not there"), ("[]", "no JSON object"), ('{"epoch": 3}', "there is no limit 'epoch'")],
)
def test_limits_that_are_not_right_are_told_before_anything_is_served(
    served, tmp_path, capsys, content, word
):
    file = tmp_path / "mine.json"
    if content:
        file.write_text(content)
    assert served("--class", "--limits", str(file))[0] == 2
    assert word in capsys.readouterr().err


def test_a_secret_that_could_be_guessed_is_refused(served, monkeypatch, capsys):
    monkeypatch.setenv("CIFAR7_TEACHER", "1234")
    assert served("--class")[0] == 2
    assert "guessed" in capsys.readouterr().err
