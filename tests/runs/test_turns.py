"""Whose turn is next: lines made by hand, each with its order in sight."""

from __future__ import annotations

from math import inf

import pytest

from cifar7.runs.status import Status, fresh
from cifar7.runs.turns import Standing, order, seconds_left, seconds_needed, starts


def waits(name: str, since: float, kind: str = "training") -> Standing:
    """A run that waits; the first letter of its name is whose it is."""
    return Standing(name, name[0], kind, "queued", since, since)  # type: ignore[arg-type]


def runs(name: str, since: float) -> Standing:
    return Standing(name, name[0], "training", "running", since, since, since)


def ended(name: str, at: float) -> Standing:
    return Standing(name, name[0], "training", "finished", 0, 0, at)


def test_turns_go_round() -> None:
    line = [waits("a1", 1), waits("a2", 2), waits("a3", 3), waits("b1", 4), waits("b2", 5), waits("c1", 6)]
    assert order(line) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_is_served_goes_to_the_end() -> None:
    """b waits while one of a's five is trained: b is next, though all of a's came before."""
    assert order([runs("a0", 10), waits("a1", 1), waits("a2", 2), waits("b1", 11)]) == ["b1", "a1", "a2"]
    assert order([ended("a0", 20), waits("a1", 1), waits("a2", 2), waits("b1", 11)]) == ["b1", "a1", "a2"]


def test_who_comes_later_is_not_put_before_those_who_wait() -> None:
    """a was served until 5, b until 9, and c comes at 12, d at 13: however many come, a and b are next."""
    line = [ended("a0", 5), ended("b0", 9), waits("a1", 1), waits("b1", 1), waits("c1", 12), waits("d1", 13)]
    assert order(line) == ["a1", "b1", "c1", "d1"]


def test_a_run_that_is_resumed_begins_to_wait_anew() -> None:
    """a's run was made and trained first, left at 6 and resumed at 8: c, who waits since 7, comes before."""
    resumed = Standing("a1", "a", "training", "queued", created=1, queued=8, served=6)
    assert order([resumed, waits("c1", 7)]) == ["c1", "a1"]


def test_the_person_with_one_run_waits_for_one_turn_of_each_other() -> None:
    """Played to its end: five people with four runs each, a sixth with one, that comes at any moment."""
    for arrival in range(20):
        line = [waits(f"{person}{number}", number) for number in range(4) for person in "abcde"]
        served: list[str] = []
        for clock in range(100, 121):
            if clock == 100 + arrival:
                line.append(waits("z1", clock))
            name = order(line, free=True)[0]
            served.append(name)
            line = [one for one in line if one.id != name] + [ended(name, clock + 0.5)]
        between = [name[0] for name in served[arrival : served.index("z1")]]
        assert len(set(between)) == len(between) <= 5, (arrival, served)
        assert sorted(served) == sorted(one.id for one in line), "all were served, none twice"


def test_of_two_places_each_person_gets_one() -> None:
    """a has both; the next place is b's, and after it c's, though a came first."""
    line = [runs("a1", 1), runs("a2", 2), waits("a3", 3), waits("b1", 4), waits("b2", 5), waits("c1", 6)]
    assert order(line, free=True) == ["b1", "c1", "a3", "b2"]


def test_a_learning_rate_test_waits_for_one_training_at_most() -> None:
    test = waits("t1", 15, "lr-test")
    training = [waits("a1", 1), waits("b1", 2)]
    assert order([test, runs("c0", 10), *training]) == ["t1", "a1", "b1"], "for the one that goes on"
    assert order([test, ended("c0", 20), *training]) == ["t1", "a1", "b1"], "it waited for that one"
    assert order([test, ended("c0", 10), *training]) == ["a1", "t1", "b1"], "it came since: for the next one"
    assert order([test, *training]) == ["a1", "t1", "b1"]
    assert order([test]) == ["t1"]


def test_learning_rate_tests_do_not_starve_trainings() -> None:
    """A new test each second, each done in a second, beside three trainings of ten."""
    line, served, clock, number = [waits(f"a{n}", n) for n in range(3)], [], 100.0, 0
    while any(one.kind == "training" and one.state == "queued" for one in line):
        while number < clock - 100 + 1:
            line.append(waits(f"t{number}", 100 + number, "lr-test"))
            number += 1
        name = order(line, free=True)[0]
        served.append(name[0])
        one = next(one for one in line if one.id == name)
        clock += 10 if one.kind == "training" else 1
        line.remove(one)
        line.append(Standing(name, one.by, one.kind, "finished", one.created, one.queued, clock))
    # The first training lasts from 100 to 110; 11 tests came by then, and take until 121. The second lasts
    # until 131; since 111, 21 more have come.
    assert "".join(served) == "a" + 11 * "t" + "a" + 21 * "t" + "a"


def test_while_one_place_trains_the_other_is_not_for_tests_alone() -> None:
    """A training goes on since 10; the test came at 15. The free place takes a training first."""
    assert order([runs("c0", 10), waits("t1", 15, "lr-test"), waits("a1", 1)], free=True) == ["a1", "t1"]


@pytest.mark.parametrize(
    ("left", "takes", "begins"),
    [
        ([], [60, 30, 10], [0, 60, 90]),  # nothing runs: at once, after 60, after 60 + 30
        ([40], [60, 30], [40, 100]),
        ([40, 10], [60, 30, 5], [10, 40, 70]),  # places free at 40, 10; then 40, 70; then 70, 70
        ([None], [60, 30], [None, None]),
        ([None, 10], [60, 30], [10, 70]),  # the other place takes them
        ([40], [None, 30], [40, None]),
    ],
)
def test_when_it_begins(left: list[float], takes: list[float], begins: list[float]) -> None:
    assert starts(left, takes) == begins


BEAT = {"event": "beat", "epoch": 1, "epochs": 2, "step": 5, "steps": 20, "seconds_left": 33.0}


def status(**known: object) -> Status:
    return {**fresh("Net", "shapes", "auto"), **known}  # type: ignore[typeddict-item]


def test_how_long_a_run_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert seconds_left(status(progress=BEAT, phase="training", expected=500.0)) == 33
    assert seconds_left(status(phase="starting", expected=50.0, served=980.0)) == 30  # 20 of 50 have passed
    assert seconds_left(status(phase="starting", expected=50.0, served=900.0)) == 0
    assert seconds_left(status(phase="starting")) is None
    assert seconds_needed(status(expected=50.0)) == 50
    assert seconds_needed(status(expected=50.0, progress=BEAT)) == 33  # it was left, and goes on from there
    assert seconds_needed(status()) is None


def test_an_old_status_has_a_standing() -> None:
    old = Standing.of("x", "training", status(state="finished", started=5.0, ended=9.0, created=1.0))
    assert (old.by, old.queued, old.served) == ("", 1.0, 9.0)
    assert Standing.of("x", "training", status(created=1.0)).served == -inf
