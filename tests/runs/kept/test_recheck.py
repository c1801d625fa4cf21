"""The recorded figures come out again in a fresh process, from the run's folder and the images alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from calls import call, json_of
from where import ROOT

from cifar7.data import library, store
from cifar7.data.imageset import RawSet, Split
from cifar7.runs.execute import execute
from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder
from cifar7.runs.kept.recheck import Figure, recheck
from cifar7.runs.queue import start_here

WAYS = list(product(("holdout", "test-each-epoch"), (0.0, 0.8), (False, True), ("fp32", "bf16")))
FIGURES = ("train_accuracy", "heldout_accuracy", "test_accuracy", "test_loss")


def hard(count: int, seed: int) -> Split:
    """Noise with a hint of colour: a network that learns for a moment is right about some of them."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 3
    images = dice.integers(0, 240, (count, 3, 32, 32), dtype=np.uint8)
    images[np.arange(count), labels, :, :16] += 9  # on the left half only, so that a mirror image is another
    return Split(images, labels)


def train(home: Path, **settings: Any) -> RunFolder:
    """A run of 20 steps on 300 images, of which 100 are the sample of the train accuracy."""
    torch.set_num_threads(1)
    config = tiny.config(lr=0.05, holdout=30, train_sample=100, **settings)
    claim = start_here(home / "runs", tiny.SPEC, config, "hard")
    execute(claim, lambda name, progress: library.open_set(name, progress, home / "data"))
    assert claim.status["state"] == "finished", claim.status["reason"]
    return claim.run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("CIFAR7_HOME", str(home))
        patch.setenv("OMP_NUM_THREADS", "1")
        for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
            patch.delenv(name, raising=False)
        with store.exclusive(home / "data", "hard"):
            raw = RawSet("Hard", tiny.CLASSES, hard(300, 1), hard(90, 2), "made by a test", True, ())
            store.write_set(home / "data", "hard", raw, "test")
        yield home


IN_A_FRESH_PROCESS = """# forked: torch is loaded
import json, sys
from dataclasses import asdict
from cifar7 import paths
from cifar7.data import library
from cifar7.runs.folder import RunFolder
from cifar7.runs.kept.recheck import recheck
images = library.open_set("hard")
runs = [RunFolder.open(paths.runs_dir(), name) for name in sys.argv[1:]]
print(json.dumps({run.id: [asdict(figure) for figure in recheck(run, images)] for run in runs}))
"""


@pytest.fixture(scope="module")
def again(home: Path) -> dict[tuple[Any, ...], tuple[RunFolder, list[dict[str, Any]]]]:
    """Each way to train: the run, and its figures as another process has them."""
    names = ("protocol", "averaging", "test_flip", "precision")
    runs = {way: train(home, **dict(zip(names, way, strict=True))) for way in WAYS}
    command = [sys.executable, "-c", IN_A_FRESH_PROCESS, *(run.id for run in runs.values())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return {way: (run, told[run.id]) for way, run in runs.items()}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
def test_they_are_equal_to_the_image(again: dict[Any, Any], way: tuple[Any, ...]) -> None:
    run, figures = again[way]
    result = run.status()["result"]
    wanted = [name for name in FIGURES if result[name] is not None]
    assert [figure["name"] for figure in figures] == wanted
    assert ("heldout_accuracy" in wanted) == (way[0] == "holdout")
    for figure in figures:
        assert figure["recorded"] == result[figure["name"]]
        assert figure["recomputed"] == figure["recorded"], figure["name"]
    assert [f["images"] for f in figures] == [100, *([30] if way[0] == "holdout" else []), 90, 90]
    assert 0.35 < result["test_accuracy"] < 0.99, "too easy or too hard to tell weights apart"


def test_averaging_and_test_time_flips_change_the_figures(again: dict[Any, Any]) -> None:
    losses = {way: run.status()["result"]["test_loss"] for way, (run, _) in again.items()}
    assert len(set(losses.values())) == len(WAYS), "otherwise it shows nothing to compare them"


def test_the_command_says_so_and_says_when_it_is_not_so(
    home: Path, again: dict[Any, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run, figures = again[WAYS[0]]
    told = json_of(capsys, "check", run.id)
    assert (told["run"], told["same"]) == (run.id, True)
    assert told["figures"]["test_accuracy"] == {
        "recorded": figures[2]["recorded"],
        "recomputed": figures[2]["recorded"],
        "images": 90,
        "same": True,
    }
    status, out, _ = call(capsys, "check", run.id[:-1])
    assert status == 0
    assert [line.split("  ")[0] for line in out.splitlines()[2:]] == [
        "train accuracy",
        "held-out accuracy",
        "test accuracy",
        "test loss",
    ]
    assert out.count("same") == 4

    before = run.status()
    better = {**before["result"], "test_accuracy": before["result"]["test_accuracy"] + 1 / 90}
    replace_json(run.path / "status.json", {**before, "result": better})
    try:
        status, out, _ = call(capsys, "check", run.id)
        assert status == 1
        assert [line.split()[-1] for line in out.splitlines()[2:6]] == ["same", "same", "differs", "same"]
        status, out, _ = call(capsys, "check", run.id, "--json")
        assert (status, json.loads(out)["same"]) == (1, False)
    finally:
        replace_json(run.path / "status.json", dict(before))


def test_other_weights_are_noticed(home: Path) -> None:
    run, other = train(home, seed=5), train(home, seed=6)
    (other.path / "model.pt").replace(run.path / "model.pt")
    images = library.open_set("hard", data_dir=home / "data")
    assert not all(figure.same for figure in recheck(run, images))


def test_what_cannot_be_checked_is_refused_in_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished = start_here(home / "runs", tiny.SPEC, tiny.config(), "hard")
    unfinished.end("stopped", "Stopped.")
    unfinished.release()
    status, _, err = call(capsys, "check", unfinished.run.id)
    assert status == 2
    assert "did not come to its test" in err
    run = train(home)
    images = library.open_set("hard", data_dir=home / "data")
    with pytest.raises(ValueError, match="have changed"):
        recheck(run, replace(images, fingerprint="other"))
    torch.save({"a": torch.zeros(1)}, run.path / "model.pt")
    status, _, err = call(capsys, "check", run.id)
    assert status == 2
    assert "weights of another network" in err


def test_an_accuracy_is_compared_to_the_image_and_a_loss_save_for_rounding() -> None:
    assert Figure("test_accuracy", 3, 1 / 3, 0.3333333).same
    assert not Figure("test_accuracy", 10_000, 0.8, 0.8001).same
    assert Figure("test_loss", 3, 1.0, 1.000001).same
    assert not Figure("test_loss", 3, 1.0, 1.0001).same
