"""What a sweep will be, found before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import lay_result

from cifar7.network.presets import preset
from cifar7.runs import expected
from cifar7.runs.files import replace_json
from cifar7.sweeps.ahead.forecast import MOST_EXACT, SAMPLE, Forecast
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition, requirement
from cifar7.training.config import TrainConfig

SPEC = preset("starter")


def forecast(folder: Path, *axes: str, asked: tuple[str, ...] = (), **more: object) -> Forecast:
    required = tuple(map(requirement, asked))
    plan = Definition(
        SPEC, TrainConfig(), "shapes", tuple(axis(text, SPEC) for text in axes), requirements=required, **more
    )  # type: ignore[arg-type]
    found = Forecast(folder, plan)
    found.look(60.0)
    assert found.complete
    return found


def test_a_grid_is_counted_to_the_last_combination(tmp_path: Path) -> None:
    found = forecast(tmp_path, "c4.dilation=1,2", "lr=0.1,0.2,0.3", seeds=3)
    assert (found.combinations, found.left_out, found.designs, found.runs) == (6, 0, 6, 18)


def test_what_breaks_a_requirement_is_left_out_with_its_reason(tmp_path: Path) -> None:
    found = forecast(tmp_path, "c1.channels=32,512", "lr=0.1,0.2", asked=("parameters<200000",), seeds=2)
    assert (found.combinations, found.left_out, found.designs, found.runs) == (4, 2, 2, 4)
    assert found.exact
    (reason,) = found.reasons
    assert reason.startswith("Parameters:")


def test_settings_that_do_not_go_together_are_left_out(tmp_path: Path) -> None:
    found = forecast(tmp_path, "momentum=0,0.9", "nesterov=on,off")
    assert found.left_out == 1  # nesterov without momentum


def test_many_are_counted_on_a_sample(tmp_path: Path) -> None:
    numbers = ",".join(str(n / 1000) for n in range(1, 60))
    found = forecast(tmp_path, f"lr={numbers}", f"weight_decay={numbers}")
    assert MOST_EXACT < 59 * 59
    assert not found.exact
    assert (found.looked, found.designs) == (SAMPLE, 59 * 59)
    endless = forecast(tmp_path, "lr=log:0.01:1", sampler="random", trials=7, seeds=2)
    assert (endless.combinations, endless.designs, endless.runs) == (None, 7, 14)


def test_the_time_goes_by_an_earlier_run(tmp_path: Path, empty_home: Path) -> None:
    found = forecast(tmp_path, "c4.dilation=1,2")
    assert found.seconds is None, "nothing was trained here"
    run = lay_result(tmp_path, SPEC, 0.8, data="shapes")
    result = {**(run.status()["result"] or {}), "steps": 100, "seconds": 50.0}
    replace_json(run.path / "status.json", {**run.status(), "result": result})
    found = forecast(tmp_path, "lr=0.1,0.2", seeds=2)
    # 100 steps of 128 images took 50 s; the same design on the images that it will learn from, four times.
    one = expected.seconds(tmp_path, SPEC, TrainConfig(), "shapes")
    assert one
    assert found.seconds == pytest.approx(4 * one)
    limited = forecast(tmp_path, "lr=0.1,0.2", seeds=2, minutes=one / 60)
    assert limited.seconds == pytest.approx(one)
