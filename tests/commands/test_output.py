"""What the command line shows to people: progress, numbers, tables."""

from __future__ import annotations

import io
import time

from cifar7.commands.output import Progress, duration, percent, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_redrawn_on_a_terminal_and_told_now_and_then_elsewhere() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = Progress(stream)
        for i in range(3):
            progress.update(f"step {i}")
            time.sleep(0.11)  # a terminal is redrawn every 0.1 s, a file gets a line every 5 s
        progress.keep("done")
        progress.close()
    assert "\n" not in terminal.getvalue().split("step 2")[0]
    assert terminal.getvalue().endswith("\r\x1b[Kdone\n")
    assert file.getvalue() == "step 0\ndone\n"


def test_numbers_for_people() -> None:
    assert percent(0.80251) == "80.25 %"
    assert percent(None) == "-"
    assert [duration(s) for s in (3.14159, 42.4, 65.0, 3725.0)] == [
        "3.1 s",
        "42 s",
        "1 min 05 s",
        "1 h 02 min",
    ]
    assert table(("a", "n"), [("x", 1), ("yy", 100)]).splitlines() == [
        "a     n",
        "--  ---",
        "x     1",
        "yy  100",
    ]
