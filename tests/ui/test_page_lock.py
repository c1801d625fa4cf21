"""Pages are drawn one after the other, and none keeps the others for long."""

import threading
import time
from itertools import pairwise

import pytest

from cifar7.ui.page_lock import PageLock

LONG = 20.0  # seconds, far above what any wait here takes


def draw(lock: PageLock, seconds: float, done: list[tuple[int, float, float]], number: int) -> None:
    with lock.held():
        began = time.monotonic()
        time.sleep(seconds)
        done.append((number, began, time.monotonic()))


def drawn_at_once(lock: PageLock, seconds: list[float]) -> list[tuple[int, float, float]]:
    """Which was ready when, in the order of their ends; they come in their order."""
    done: list[tuple[int, float, float]] = []
    pages = [threading.Thread(target=draw, args=(lock, s, done, i)) for i, s in enumerate(seconds)]
    for number, page in enumerate(pages):
        page.start()
        while len(lock.line) + len(done) <= number:  # it has come, before the next one does
            time.sleep(0.001)
    for page in pages:
        page.join(LONG)
        assert not page.is_alive()
    return done


def test_first_come_first_served_and_never_two():
    done = drawn_at_once(PageLock(LONG), [0.05] * 6)
    assert [number for number, _, _ in done] == list(range(6))
    assert all(then <= began for (_, _, then), (_, began, _) in pairwise(done))


def test_a_page_that_waits_does_not_keep_the_others():
    done = drawn_at_once(PageLock(0.1), [0.8, 0.01, 0.01])
    assert [number for number, _, _ in done] == [1, 2, 0]


def test_whoever_lost_it_takes_it_from_nobody_when_it_ends():
    done = drawn_at_once(PageLock(0.2), [0.3, 0.15, 0.15, 0.15])  # the first ends while the second draws
    began = {number: start for number, start, _ in done}
    ended = {number: end for number, _, end in done}
    assert began[2] >= ended[1]
    assert began[3] >= ended[2]


def test_an_error_on_a_page_lets_the_next_one_in():
    lock = PageLock(LONG)
    with pytest.raises(ZeroDivisionError), lock.held():
        raise ZeroDivisionError
    assert drawn_at_once(lock, [0.0])
