"""What looking at a class of 300 finished runs costs the server."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from laid import lay_result

from cifar7.network.presets import PRESETS
from cifar7.network.profiles import profile
from cifar7.ui.classroom import moment
from cifar7.ui.classroom.moment import Moment
from cifar7.ui.classroom.standings import Standings

RUNS = 300


@pytest.mark.slow
def test_a_tick_of_the_projector_costs_little(tmp_path):
    designs = list(PRESETS.values())
    for number in range(RUNS):
        spec = replace(designs[number % len(designs)].spec, name=f"design {number}")
        lay_result(tmp_path, spec, 0.5 + number / 1000, name=f"person {number % 30}")
    version = profile("three-max-pools")
    looking = Standings(tmp_path, seconds=0)

    def milliseconds(work, times: int) -> float:
        begin = time.process_time()
        for _ in range(times):
            work()
        return 1000 * (time.process_time() - begin) / times

    first = milliseconds(lambda: looking.lines(version), 1)
    page = milliseconds(lambda: looking.lines(version), 20)
    look = milliseconds(looking.listing, 20)
    shared = Standings(tmp_path, seconds=3600)
    lines, _ = shared.lines(version)

    def tick() -> None:
        moment.html(Moment(shared.listing().entries, lines, {}, time.time()))

    told = milliseconds(tick, 200)
    print(
        f"\n{RUNS} runs, CPU milliseconds: {first:.0f} the first time, then {page:.1f} for the page's lines, "
        f"{look:.1f} for a look at all folders (once a second for all), {told:.2f} for a projector's tick"
    )
    assert look < 50
    assert told < 10
