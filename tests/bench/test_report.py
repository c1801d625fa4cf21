"""`bench`: what it measures and how it reckons. Nothing here asks how fast this machine is."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from calls import call, json_of

from cifar7.bench import report
from cifar7.bench.loops import SUBMISSIONS, TEXTBOOK, Lap, Pictures, ours, plain, time_to, transform
from cifar7.bench.memory import PeakMemory
from cifar7.bench.profile import KINDS, shares
from cifar7.bench.report import Contender, Plan, bench, epoch, fitted, ratios, summary, take_turns
from cifar7.commands import benching
from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_set
from cifar7.network.presets import preset
from cifar7.network.spec import Stage, Unit
from cifar7.training.recipes import Recipe

PLAN = Plan(1, 8, 32, 10, ("starter",), (16, 32), 2, to_marks=False)


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    torch.set_num_threads(1)
    tiny.make_set(tmp_path)
    return open_set("tiny", data_dir=tmp_path)


def lap(training: float, images: int = 100, memory: int | None = 5) -> Lap:
    return Lap(7, images, 4, "fp32", 1.0, 2.0, None, training, 3.0, 10, 1.5, memory, None)


def test_the_middle_lap_counts_and_the_outer_ones_are_reported() -> None:
    figures = summary([lap(1.0), lap(4.0), lap(2.0)])  # 100, 25 and 50 images a second
    assert (figures["images_per_second"], figures["slowest"], figures["fastest"]) == (50, 25, 100)
    assert (figures["training"], figures["images"], figures["laps"]) == (2.0, 100, 3)
    assert figures["capture"] is None
    assert summary([lap(1.0), lap(1.0, memory=None)])["memory"] is None


def test_ratios_are_ours_over_theirs() -> None:
    assert ratios({"submissions": 20.0, "textbook": 50.0, "ours": 100.0}) == {
        "ours/submissions": 5.0,
        "ours/textbook": 2.0,
    }


def test_an_epoch_is_what_was_measured_times_a_factor() -> None:
    figures = epoch({"images": 200, "training": 1.5})
    assert (figures["measured_images"], figures["measured_seconds"], figures["factor"]) == (200, 1.5, 250)
    assert figures["seconds"] == 375  # 50,000 / 200 x 1.5
    assert "200 images x 250" in figures["how"]


def test_contenders_take_turns_after_a_warm_up() -> None:
    log: list[tuple[str, int]] = []

    def taker(name: str):
        def take(images: int, tests: int) -> Lap:
            log.append((name, images))
            return lap(1.0)

        return take

    field = [Contender(name, name, "net", 100, 30, taker(name)) for name in ("a", "b")]
    laps = take_turns(field, replace(PLAN, repeats=2), lambda _: None)
    assert log == [("a", 30), ("b", 30), ("a", 100), ("b", 100), ("a", 100), ("b", 100)]
    assert {name: len(taken) for name, taken in laps.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(("loop", "trained", "batch"), [(SUBMISSIONS, 8, 4), (TEXTBOOK, 10, 10)])
def test_a_plain_loop_trains_on_whole_batches(images: ImageSet, loop, trained: int, batch: int) -> None:
    lap = plain(tiny.SPEC, images, replace(loop, device="cpu"), 10, 6)
    assert (lap.images, lap.batch_size, lap.evaluated, lap.capture) == (trained, batch, 6, None)
    assert lap.data < lap.first_progress < lap.start + lap.data + lap.training
    assert lap.training > 0
    assert lap.evaluation > 0


def test_the_submissions_recipe_is_the_one_of_their_account() -> None:
    assert (SUBMISSIONS.batch_size, SUBMISSIONS.lr, SUBMISSIONS.momentum) == (4, 0.001, 0.9)
    assert (SUBMISSIONS.flip, SUBMISSIONS.crop_padding) == ("none", 0)
    assert (SUBMISSIONS.normalisation, SUBMISSIONS.seed) == ("half", 6)


def test_the_textbook_crops_and_flips_what_it_trains_on_alone(images: ImageSet) -> None:
    names = [
        [type(step).__name__ for step in transform(TEXTBOOK, images, on).transforms] for on in (True, False)
    ]
    assert (
        names[0]
        == ["RandomCrop", "RandomHorizontalFlip", *names[1]]
        == [*names[0][:2], "ToTensor", "Normalize"]
    )


def test_pictures_are_transformed_one_by_one(images: ImageSet) -> None:
    some = Pictures(images.train, 5, transform(SUBMISSIONS, images, training=True))
    assert len(some) == 5
    x, label = some[0]  # (3, 32, 32)
    assert x.shape == (3, 32, 32)
    wanted = some.pixels[0].transpose(2, 0, 1) / 255 * 2 - 1  # mean and deviation of 0.5
    np.testing.assert_allclose(x.numpy(), wanted, atol=1e-6)
    where = (images.train.images == some.pixels[0].transpose(2, 0, 1)).all((1, 2, 3))
    assert images.train.labels[where].tolist() == [label]


@pytest.mark.parametrize(("asked", "trained"), [(64, 64), (70, 64), (176, 176)])
def test_ours_stops_after_so_many_images(images: ImageSet, asked: int, trained: int) -> None:
    lap = ours(tiny.SPEC, images, tiny.config(), asked, 6)
    # 180 images, 6 of them held out: 174, or 10 steps of 16; the 11th belongs to a second epoch.
    verdicts = 2 if trained > 160 else 1
    assert (lap.images, lap.batch_size) == (trained, 16)
    assert lap.evaluated == verdicts * (6 + 6) + 6  # train sample and held-out each, the test set once
    assert 0 < lap.first_progress < lap.start + lap.data + lap.training + lap.evaluation


def test_a_mark_is_stated_only_where_it_was_reached(images: ImageSet) -> None:
    assert time_to(tiny.SPEC, images, tiny.config(epochs=3), 1.1) is None
    reached = time_to(tiny.SPEC, images, tiny.config(epochs=3), 0.0)
    assert reached is not None
    assert reached[0] > 0
    assert reached[1] == 1


def test_marks_name_network_and_recipe_and_say_what_was_left_out(images, monkeypatch) -> None:
    quick = Recipe("quick", "Quick", "", tiny.config(epochs=1))
    marks = ((0.0, "starter", quick), (1.1, "starter", quick), (2.0, "starter", quick))
    monkeypatch.setattr(report, "MARKS", marks)
    monkeypatch.setattr(report, "ON_A_CPU", 1.5)
    times = report._accuracy(images, replace(PLAN, to_marks=True), "cpu", lambda _: None)
    assert times["0%"]["reached"]["epochs"] == 1
    assert (times["110%"]["reached"], times["110%"]["why"]) == (None, "not reached in the recipe's 1 epochs")
    assert (times["200%"]["reached"], times["200%"]["why"]) == (None, "takes too long on a CPU")
    lines = benching._accuracy(times).splitlines()
    assert lines[0].startswith("0% test accuracy, starter with recipe quick: ")
    assert lines[1].endswith("not reached in the recipe's 1 epochs")


def test_the_peak_of_memory_begins_anew() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux sets the peak back")
    first = PeakMemory(torch.device("cpu"))
    held = np.ones(25_000_000)  # 200 MB
    first.update()
    del held
    second = PeakMemory(torch.device("cpu"))
    second.update()
    assert first.peak is not None
    assert second.peak is not None
    assert first.peak - second.peak > 150e6
    assert second.cuda_peak is None


def test_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    tiny.make_set(tmp_path / "data")
    monkeypatch.setattr(report, "QUICK", PLAN)
    # What is asserted does not depend on the networks' size, and these are called by their names.
    monkeypatch.setattr(report, "fitted", lambda name, data: tiny.SPEC)
    results: list[dict[str, Any]] = []
    monkeypatch.setattr(report, "bench", lambda *args: results.append(bench(*args)) or results[-1])
    result = json_of(capsys, "bench", "--quick", "--data", "tiny", "--device", "cpu")
    assert list(result["loops"]) == ["submissions", "submissions-starter", "textbook", "ours"]
    assert {one["network"] for one in result["loops"].values()} == {"starter", "velasoka-separable"}
    assert result["loops"]["submissions"]["batch_size"] == 4
    for known in fields(Lap):
        assert all(known.name in one for one in result["loops"].values())
    speeds = {name: one["images_per_second"] for name, one in result["loops"].items()}
    assert result["ratios"]["ours/textbook"] == pytest.approx(speeds["ours"] / speeds["textbook"])
    # Ours takes at least one batch of 128, however few images are asked for.
    assert [one["images"] for one in result["growth"]["images"]] == [128, 128]
    assert result["accuracy"] == {"measured": False, "why": "left out by --quick"}
    assert result["machine"]["threads"] == torch.get_num_threads()
    # The same figures as text: measured once.
    monkeypatch.setattr(report, "bench", lambda *_: results[0])
    status, out, _ = call(capsys, "bench", "--quick", "--data", "tiny", "--device", "cpu")
    assert status == 0
    for words in ("none here", "times as fast as the textbook loop", "x 6250 =", "not measured, left out"):
        assert words in out
    assert str(tmp_path) not in out + json.dumps(result)


def test_a_preset_gets_the_classes_of_the_set(images: ImageSet) -> None:
    spec = fitted("starter", images)
    assert (spec.name, spec.classes) == (preset("starter").name, 3)


def test_data_that_is_not_here_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    monkeypatch.delenv("CIFAR7_DATA", raising=False)
    status, out, err = call(capsys, "bench")
    assert (status, out) == (2, "")
    assert "data fetch cifar10" in err


def test_the_convolutions_of_a_step_take_longer_where_they_are_larger(images):
    def share(channels):
        two = (Unit(channels, norm=False), Unit(channels, norm=False))
        spec = replace(tiny.SPEC, stages=(Stage(two, pool=4), Stage(), Stage(), Stage()))
        return shares(spec, images, tiny.config(precision="fp32", crop_padding=0, flip="none"), 4)

    few, many = share(2), share(64)
    assert (
        0 < few["convolutions"] < many["convolutions"]
    )  # 1,000 times the arithmetic, on however busy a machine
    assert many["share"] == many["convolutions"] / many["step"] > 0
    assert many["of_peak"] == many["flops"] / many["peak"] > few["of_peak"] > 0
    assert many["others"]["normalisation"] == 0 < many["others"]["pooling"]
    assert many["copied"] > 1e8


def test_every_kind_of_operation_of_a_step_has_its_time(images):
    parts = shares(tiny.SPEC, images, tiny.config(), 4)
    kinds = {"convolutions": parts["convolutions"], **parts["others"]}
    rest = kinds.pop("rest")
    assert list(kinds) == list(KINDS)
    assert all(seconds > 0 for seconds in kinds.values())
    assert rest == pytest.approx(max(0.0, parts["step"] - sum(kinds.values())))
