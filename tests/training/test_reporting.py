import pytest

from cifar7.training import reporting
from cifar7.training.reporting import ReportTimer


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand: `clock[0]` seconds."""
    now = [100.0]
    monkeypatch.setattr(reporting, "perf_counter", lambda: now[0])
    return now


def test_a_look_after_the_first_step_and_then_by_the_clock(clock):
    timer = ReportTimer(0.25, queued=False)
    timer.start(0)
    assert timer.due(1)
    assert timer.lap(1) == (1, 0.0)
    clock[0] += 0.2
    assert not timer.due(500)  # a CPU's host is never ahead, however many steps there were
    clock[0] += 0.05
    assert timer.due(501)
    assert timer.lap(501) == (500, pytest.approx(0.25))
    assert not timer.due(502)


def test_a_queue_is_looked_at_by_steps_too(clock):
    # The host queues steps in no time; the device takes 10 ms each, which shows while the host waits.
    timer = ReportTimer(0.25, queued=True)
    timer.start(0)
    looks, queued = [], 0
    for step in range(1, 200):
        queued += 1
        if timer.due(step):
            clock[0] += 0.01 * queued
            queued = 0
            looks.append(timer.lap(step)[0])
    # After the first step at most 16 at once, then as many as 0.25 s holds: 25.
    assert looks[:4] == [1, 16, 25, 25]
    assert set(looks[2:]) == {25}


def test_what_was_spent_otherwise_is_left_out(clock):
    timer = ReportTimer(0.25, queued=True)
    timer.start(4)
    clock[0] += 1.0
    timer.exclude(0.75)
    assert timer.lap(10) == (6, pytest.approx(0.25))
