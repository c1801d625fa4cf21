"""`sweep` and `sweeps`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calls import json_of
from sweeps.inline import carried_out

from cifar7.commands.parser import main
from cifar7.commands.sweeping import budget
from cifar7.sweeps import driver
from cifar7.sweeps.folder import list_sweeps
from cifar7.sweeps.knobs import SweepError

VARY = ("--vary", "c1.channels=4,8", "--vary", "lr=log:0.05:0.2")
SMALL = ("--epochs", "1", "--batch-size", "16", "--holdout", "20", "--device", "cpu")


@pytest.fixture
def undriven(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started: what a sweep comes to is carried out here."""
    monkeypatch.setattr(driver, "ensure", lambda *_, **__: None)


@pytest.mark.usefixtures("undriven")
def test_what_is_said_becomes_a_sweep(cli_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(cli_home / "tiny.json")
    said = (
        "sweep",
        spec,
        "--data",
        "tiny",
        *VARY,
        *SMALL,
        "--seeds",
        "2",
        "--sampler",
        "tpe",
        "--stop",
        "median",
    )
    made = json_of(
        capsys, *said, "--budget", "6", "--budget", "30m", "--require", "parameters<500", "--detach"
    )
    (sweep,) = list_sweeps(cli_home / "home" / "runs")
    assert made == {"sweep": sweep.id}
    definition = sweep.definition()
    assert [axis.name for axis in definition.axes] == ["c1.channels", "lr"]
    assert (definition.seeds, definition.sampler, definition.stop) == (2, "tpe", "median")
    assert (definition.trials, definition.minutes) == (3, 30.0)  # 6 runs of 2 seeds are 3 trials
    assert definition.config.epochs == 1
    assert definition.requirements[0].id == "parameters"


@pytest.mark.usefixtures("undriven", "one_thread")
def test_show_tells_what_was_learned(cli_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(cli_home / "tiny.json")
    json_of(
        capsys, "sweep", spec, "--data", "tiny", "--vary", "lr=0.1,0.2", *SMALL, "--seeds", "2", "--detach"
    )
    (sweep,) = list_sweeps(cli_home / "home" / "runs")
    carried_out(cli_home / "home", sweep.definition(), sweep=sweep)
    shown = json_of(capsys, "sweep", "show", sweep.id[:17])
    assert shown["state"] == "finished"
    assert [trial["values"] for trial in shown["trials"]] == [{"lr": 0.1}, {"lr": 0.2}]
    winner = shown["trials"][shown["winner"]]
    assert all(repeat["test"] is not None for repeat in winner["repeats"])
    assert shown["report"]["sentences"]
    assert main(["sweep", "show", sweep.id]) == 0
    text = capsys.readouterr().out
    assert "held out" in text
    assert "finished" in text
    (entry,) = json_of(capsys, "sweeps")["sweeps"]
    assert (entry["state"], entry["tried"], entry["planned"], entry["title"]) == (
        "finished",
        2,
        2,
        "lr=0.1,0.2",
    )
    assert main(["sweeps"]) == 0
    assert "2/2" in capsys.readouterr().out


@pytest.mark.usefixtures("undriven")
@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (("--data", "tiny"), "say what varies, as in --vary c3.dilation=1,2,3"),
        (("--vary", "lr=0.1"), "say what to learn from, as in --data shapes"),
        (("--data", "tiny", "--vary", "lr=fast"), "lr"),
        (("--data", "tiny", "--vary", "lr=0.1:0.2"), "lr is a range, which has no grid"),
        (("--data", "tiny", "--vary", "lr=0.1", "--budget", "soon"), "is no budget; give runs, as in 40"),
        (("--data", "tiny", "--vary", "lr=0.1", "--cluster"), "no cluster is configured; give an address"),
        (("--data", "tiny", "--vary", "lr=0.1", "--cluster", "nowhere"), "is no address of a Ray cluster"),
        (("--data", "tiny", "--vary", "lr=0.1", "--require", "beauty>3"), "is no requirement"),
        (
            ("--data", "tiny", "--vary", "lr=0.1", "--protocol", "test-each-epoch"),
            "set the protocol to holdout",
        ),
    ],
)
def test_mistakes_are_told_in_a_line(
    cli_home: Path, capsys: pytest.CaptureFixture[str], said: tuple[str, ...], answer: str
) -> None:
    assert main(["sweep", str(cli_home / "tiny.json"), *said]) == 2
    error = capsys.readouterr().err.strip()
    assert answer in error
    assert "\n" not in error.replace("Tiny", "")
    assert list_sweeps(cli_home / "home" / "runs") == []


def test_there_is_no_such_sweep(cli_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "show", "20990101"]) == 2
    assert "there is no sweep" in capsys.readouterr().err
    assert main(["sweeps"]) == 0
    assert "No sweeps in" in capsys.readouterr().out
    assert json.loads(json.dumps(json_of(capsys, "sweeps")))["sweeps"] == []


@pytest.mark.parametrize(("text", "runs", "minutes"), [("40", 40, 0.0), ("30m", 0, 30.0), ("1.5h", 0, 90.0)])
def test_a_budget_is_runs_or_a_time(text: str, runs: int, minutes: float) -> None:
    assert budget([text]) == (runs, minutes)
    with pytest.raises(SweepError):
        budget([f"-{text}"])
