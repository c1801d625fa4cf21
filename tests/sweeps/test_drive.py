"""A sweep from its start to its end, its runs trained in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
import tiny
import torch
from sweeps.inline import Inline, carried_out, define, runs_of, table

from cifar7.runs.kept.cleaning import clean, old_runs
from cifar7.runs.people import Person
from cifar7.runs.queue import enqueue
from cifar7.sweeps.definition import requirement
from cifar7.sweeps.drive import Drive
from cifar7.sweeps.folder import SweepFolder, list_sweeps, read_part
from cifar7.sweeps.knobs import SweepError
from cifar7.sweeps.removal import old_sweeps, remove, without_needed
from cifar7.sweeps.study import JOURNAL

GRID = ["c1.channels=4,8", "lr=0.01,0.2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the tiny set; one thread of arithmetic."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("sweeps")
    tiny.make_set(home / "data")
    yield home
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def undisturbed(place: Path) -> SweepFolder:
    """A grid of four with two seeds."""
    return carried_out(place, define(GRID, seeds=2))[0]


def fresh(place: Path, tmp_path: Path) -> Path:
    """A home of its own with the same images."""
    (tmp_path / "data").symlink_to(place / "data")
    return tmp_path


def test_a_grid_is_tried_as_a_whole(undisturbed: SweepFolder) -> None:
    trials, _ = undisturbed.trials()
    assert [dict(trial.values) for trial in trials] == list(define(GRID).grid())
    assert [[repeat.seed for repeat in trial.repeats] for trial in trials] == [[1, 2]] * 4
    assert all(repeat.complete and repeat.epochs == 2 for trial in trials for repeat in trial.repeats)
    assert [trial.parameters for trial in trials] == [291, 291, 555, 555]  # 4 * 28 + 8, 4 * 37 + 8, 15
    status = undisturbed.status()
    assert (status["state"], status["tried"], status["left_out"]) == ("finished", 4, 0)
    assert status["active"] == []


def test_each_run_says_of_which_trial_it_is(undisturbed: SweepFolder) -> None:
    parts = [read_part(run.path) for run in runs_of(undisturbed)]
    mine = [part for part in parts if part and part["sweep"] == undisturbed.id]
    assert sorted((part["trial"], part["seed"]) for part in mine) == [
        (trial, seed) for trial in range(4) for seed in (1, 2)
    ]


def test_the_test_images_are_read_for_the_winner_only(undisturbed: SweepFolder) -> None:
    status = undisturbed.status()
    best = max(undisturbed.trials()[0], key=lambda trial: (trial.heldout, -trial.parameters, -trial.number))
    assert status["winner"] == best.number
    assert set(status["tests"]) == {repeat.run for repeat in best.repeats}
    for run in runs_of(undisturbed):
        if run.id in status["tests"]:
            assert run.status()["state"] == "finished"
            assert run.predictions().accuracy == pytest.approx(status["tests"][run.id])
        else:
            assert run.status()["result"] is None
            assert not run.has_predictions()


def test_the_figures_are_those_of_a_run_of_its_own(place: Path, undisturbed: SweepFolder) -> None:
    trial = undisturbed.trials()[0][1]
    spec, config = undisturbed.definition().run(trial.values, 1)
    run = enqueue(place / "runs", spec, config, "tiny")
    Inline(place / "runs", place / "data").tend()
    ends = [event for event in run.events()[0] if event.kind == "epoch"]
    assert trial.repeats[1].heldout == max(end.heldout_accuracy for end in ends)  # type: ignore[attr-defined]


def test_optuna_opens_the_journal(undisturbed: SweepFolder) -> None:
    backend = optuna.storages.journal.JournalFileBackend(str(undisturbed.path / JOURNAL))
    study = optuna.load_study(study_name=undisturbed.id, storage=optuna.storages.JournalStorage(backend))
    assert [trial.params for trial in study.trials] == list(define(GRID).grid())
    assert [trial.value for trial in study.trials] == [trial.heldout for trial in undisturbed.trials()[0]]


@pytest.mark.parametrize("looks", [1, 2, 5])
def test_left_at_any_look_it_comes_to_the_same(
    place: Path, tmp_path: Path, undisturbed: SweepFolder, looks: int
) -> None:
    home = fresh(place, tmp_path)
    sweep, first = carried_out(home, define(GRID, seeds=2), looks)
    journal = sweep.path / JOURNAL
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 4, "wor')  # its writer was killed
    sweep, second = carried_out(home, sweep.definition(), sweep=sweep)
    assert table(sweep) == table(undisturbed)
    assert sweep.status()["state"] == "finished"
    trained = first.trained + second.trained
    tested = list(sweep.status()["tests"])
    assert len(trained) == len(set(trained)) + len(tested)  # a run of the winner is taken twice: to be tested
    assert len(runs_of(sweep)) == 8


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_what_is_proposed_and_stopped_does_not_depend_on_interruptions(
    place: Path, tmp_path: Path, sampler: str
) -> None:
    plan = define(
        ["lr=log:0.0005:0.5", "dropout=0:0.3"], sampler=sampler, trials=6, stop="asha", epochs=4, seed=3
    )
    one, _ = carried_out(fresh(place, tmp_path), plan)
    (tmp_path / "again").mkdir()
    home = fresh(place, tmp_path / "again")
    other = SweepFolder.create(home / "runs", plan)
    while other.status()["state"] == "running":
        carried_out(home, plan, looks=2, sweep=other)
    assert table(one) == table(other)
    early = [trial for trial in one.trials()[0] if trial.early]
    assert early
    assert all(trial.repeats[0].epochs in (1, 3) for trial in early)  # where a third goes on
    assert all(not trial.complete for trial in early)


def test_with_a_rule_a_second_seed_waits_for_the_first(place: Path, tmp_path: Path) -> None:
    plan = define(["lr=0.2,0.0001,0.3,0.0002"], seeds=2, stop="asha", epochs=3)
    sweep, _ = carried_out(fresh(place, tmp_path), plan)
    seeds = [len(trial.repeats) for trial in sweep.trials()[0]]
    assert seeds == [1 if trial.early else 2 for trial in sweep.trials()[0]]
    assert 1 in seeds


def test_what_breaks_a_requirement_is_left_out_untrained(place: Path, tmp_path: Path) -> None:
    plan = define(["c1.channels=4,8,16"], requirements=(requirement("parameters<500"),))
    sweep, inline_ = carried_out(fresh(place, tmp_path), plan)
    assert [bool(trial.obstacle) for trial in sweep.trials()[0]] == [False, True, True]
    assert sweep.trials()[0][1].obstacle == "Parameters: 555, not < 500"
    assert sweep.status()["left_out"] == 2
    assert len(runs_of(sweep)) == 1
    assert len(inline_.trained) == 2  # and its test


def test_a_sampler_that_finds_nothing_more_ends(place: Path, tmp_path: Path) -> None:
    plan = define(["lr=0.1,0.2"], sampler="random", trials=5, epochs=1)
    sweep, _ = carried_out(fresh(place, tmp_path), plan)
    status = sweep.status()
    assert (status["state"], status["tried"]) == ("finished", 2)
    assert "had been tried" in status["reason"]


def test_paused_and_stopped_sweeps_go_on(place: Path, tmp_path: Path, undisturbed: SweepFolder) -> None:
    home = fresh(place, tmp_path)
    sweep, _ = carried_out(home, define(GRID, seeds=2), looks=3)
    for ask, state in (("pause", "paused"), ("stop", "stopped")):
        sweep.request(ask)  # type: ignore[arg-type]
        carried_out(home, sweep.definition(), looks=3, sweep=sweep)
        assert sweep.status()["state"] == state
        assert all(run.status()["state"] not in ("queued", "running") for run in runs_of(sweep))
        sweep.request_resume()
        carried_out(home, sweep.definition(), looks=1, sweep=sweep)
    carried_out(home, sweep.definition(), sweep=sweep)
    assert table(sweep) == table(undisturbed)


def test_it_waits_where_its_person_may_have_no_more_runs(
    place: Path, tmp_path: Path, limit: Callable[..., None]
) -> None:
    limit(waiting=1)
    home = fresh(place, tmp_path)
    student = Person("a" * 16, "Ada", False)
    plan = define(["lr=0.1,0.2,0.3"], epochs=1)
    sweep = SweepFolder.create(home / "runs", plan, student)
    drive = Drive(sweep, Inline(home / "runs", home / "data"))
    most = 0
    while drive.step():
        waiting = [run for run in runs_of(sweep) if run.status()["state"] == "queued"]
        most = max(most, len(waiting))
        assert all(run.status()["by"] == student.id for run in waiting)
    assert sweep.status()["tried"] == 3
    assert most <= 1


def test_a_trial_whose_run_fails_has_no_result_and_says_why(place: Path, tmp_path: Path) -> None:
    home = fresh(place, tmp_path)
    sweep = SweepFolder.create(home / "runs", define(["lr=0.1,0.2"], epochs=1))
    drive = Drive(sweep, Inline(home / "runs", home / "data"))
    drive.step()
    waiting = next(run for run in runs_of(sweep) if run.status()["state"] == "queued")
    waiting.request_stop()  # by hand
    while drive.step():
        pass
    good, bad = sweep.trials()[0]
    assert good.heldout is not None
    assert bad.heldout is None
    assert bad.state == "stopped"
    assert sweep.status()["winner"] == 0


def test_a_record_that_lacks_its_last_line_is_mended(place: Path, tmp_path: Path) -> None:
    home = fresh(place, tmp_path)
    sweep, _ = carried_out(home, define(["lr=0.1,0.2,0.3"], epochs=1), looks=4)
    record = sweep.path / "trials.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    assert lines
    record.write_bytes(b"".join(lines[:-1]))
    carried_out(home, sweep.definition(), sweep=sweep)
    assert [trial.number for trial in sweep.trials()[0]] == [0, 1, 2]


def test_only_its_person_and_the_teacher_may_touch_it(place: Path, tmp_path: Path) -> None:
    ada, ben = Person("a" * 16, "Ada", False), Person("b" * 16, "Ben", False)
    sweep = SweepFolder.create(tmp_path / "runs", define(["lr=0.1"]), ada)
    with pytest.raises(Exception, match="only its owner or the teacher can stop this sweep"):
        sweep.request("stop", ben)
    sweep.request("stop", ada)
    assert sweep.asked() == "stop"


def test_what_is_no_sweep_is_told(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="there is no sweep of that name"):
        SweepFolder.open(tmp_path, "../elsewhere")
    sweep = SweepFolder.create(tmp_path, define(["lr=0.1"]))
    (sweep.path / "status.json").write_text('{"state": "dancing"}')
    with pytest.raises(SweepError, match=r"status\.json of the sweep .* is damaged"):
        sweep.status()
    assert list_sweeps(tmp_path) == [sweep]


def test_old_sweeps_go_and_runs_that_one_comes_back_to_stay(place: Path, tmp_path: Path) -> None:
    home = fresh(place, tmp_path)
    ended, _ = carried_out(home, define(["lr=0.1"], epochs=1))
    paused, _ = carried_out(home, define(["lr=0.2,0.3"], epochs=1), looks=2)
    paused.request("pause")
    carried_out(home, paused.definition(), sweep=paused)
    runs = {run.id for run in runs_of(paused)}
    mine = {run.id for run in runs_of(paused) if (read_part(run.path) or {}).get("sweep") == paused.id}
    assert mine < runs
    with pytest.raises(SweepError, match="goes on; stop it first"):
        remove(SweepFolder.create(home / "runs", define(["lr=0.1"])))
    old = old_runs(home / "runs", 0.0)
    assert {one.name for one in without_needed(home / "runs", old)} == runs - mine
    assert [one.name for one in old_sweeps(home / "runs", 0.0)] == [ended.id]
    clean(old_sweeps(home / "runs", 0.0))
    assert not ended.path.exists()
    remove(paused)
    assert {run.id for run in runs_of(paused)} == runs


def test_a_run_whose_worker_was_asked_to_end_goes_on(place: Path, tmp_path: Path) -> None:
    """As at a shutdown: the worker ends in good order, and nobody has stopped the run."""
    plan = define(["lr=0.1,0.2"], epochs=2)
    undisturbed, _ = carried_out(fresh(place, tmp_path), plan)
    (tmp_path / "again").mkdir()
    home = fresh(place, tmp_path / "again")
    sweep = SweepFolder.create(home / "runs", plan)
    inline_ = Inline(home / "runs", home / "data")
    drive = Drive(sweep, inline_)
    inline_.ending = "Stopped because its worker was asked to end"
    drive.step()
    (left,) = [run for run in runs_of(sweep) if run.status()["state"] == "stopped"]
    assert "worker was asked to end" in (left.status()["reason"] or "")
    inline_.ending = None
    while drive.step():
        pass
    assert table(sweep) == table(undisturbed)
    assert len(runs_of(sweep)) == 2
