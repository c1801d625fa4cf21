"""The train.py of a repository, in a process without cifar7, comes to what the run came to."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from cifar7.data import library
from cifar7.export.class_folders import write_class_folders
from cifar7.export.model_source import model_source
from cifar7.export.train_source import train_source
from cifar7.network.module import build
from cifar7.training.engine import Training
from cifar7.training.events import EpochEnd, Finished

# Loads what torch's optimisers load once, for seconds. Each script is the main program of a fork.
SERVER = """# forked: torch is loaded
import json, os, runpy, sys, torch._dynamo
for line in sys.stdin:
    script, folder, *arguments = json.loads(line)
    if not (child := os.fork()):
        os.chdir(folder)
        output = os.open("output", os.O_CREAT | os.O_WRONLY)
        os.dup2(output, 1), os.dup2(output, 2)
        sys.argv, sys.path[0] = [script, *arguments], os.path.dirname(script)
        runpy.run_path(script, run_name="__main__")
        sys.exit()
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.fixture(scope="module")
def clean_run() -> Iterator[Callable[..., str]]:
    """Runs a script in a folder with arguments, in a process that knows nothing of cifar7; its output."""
    environment = {"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], env=environment, cwd="/",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        requests, statuses = server.stdin, server.stdout

        def run(script: Path, folder: Path, *arguments: str) -> str:
            requests.write(json.dumps([str(script), str(folder), *arguments]) + "\n")
            requests.flush()
            status, output = statuses.readline().strip(), (folder / "output").read_text()
            assert status == "0", output
            return output

        yield run


@pytest.mark.parametrize(
    "settings",
    [
        {"rotation": 15, "scaling": 20},
        {"rotation": 30, "flip": "none", "crop_padding": 0},
        {"scaling": 50, "flip": "alternating", "optimiser": "adamw", "lr": 0.005},
        {"optimiser": "muon"},
        {"optimiser": "muon", "momentum": 0.6, "weight_decay": 0.01, "schedule": "constant"},
        {"optimiser": "muon", "weight_decay": 0.0, "schedule": "step", "step_epochs": 1},
    ],
    ids=str,
)
def test_one_epoch_comes_to_the_same_weights_to_the_bit(
    tmp_path: Path, settings: dict[str, Any], clean_run: Callable[..., str]
) -> None:
    torch.set_num_threads(1)
    tiny.make_set(tmp_path / "sets")
    images = library.open_set("tiny", data_dir=tmp_path / "sets")
    config = tiny.config(**{"epochs": 1, "precision": "fp32", "lr": 0.02, **settings})
    events = Training(build(tiny.SPEC, seed=config.seed), images, config).events()
    finished = next(event for event in events if isinstance(event, Finished))
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "train.py").write_text(train_source(config, images))
    (folder / "model.py").write_text(model_source(tiny.SPEC))
    write_class_folders(images, folder / "data")
    clean_run(folder / "train.py", folder, "--device", "cpu")
    kept = torch.load(folder / "trained.pt", weights_only=True)
    for found, expected in zip(kept.values(), finished.weights.values(), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"protocol": "holdout", "label_smoothing": 0.1},
        {"protocol": "test-each-epoch"},
        {"averaging": 0.8, "flip": "alternating", "normalisation": "half", "test_flip": True},
        {"optimiser": "adamw", "lr": 0.005, "protocol": "test-each-epoch"},
    ],
    ids=str,
)
def test_in_a_clean_process_it_comes_to_what_the_run_came_to(
    tmp_path: Path, settings: dict[str, Any], clean_run: Callable[..., str]
) -> None:
    """Two epochs by the engine and by the written file, on the same images in fp32."""
    torch.set_num_threads(1)
    tiny.make_set(tmp_path / "sets")
    images = library.open_set("tiny", data_dir=tmp_path / "sets")
    config = tiny.config(**{"epochs": 2, "precision": "fp32", "lr": 0.02, **settings})
    # A bias in front of a norm has no gradient but rounding, which AdamW makes as large as any.
    spec = replace(tiny.SPEC, bias=config.optimiser != "adamw")
    events = list(Training(build(spec, seed=config.seed), images, config).events())
    ends = [event for event in events if isinstance(event, EpochEnd)]
    finished = next(event for event in events if isinstance(event, Finished))

    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    repository.mkdir(), elsewhere.mkdir()
    (repository / "train.py").write_text(train_source(config, images))
    (repository / "model.py").write_text(model_source(spec))
    write_class_folders(images, elsewhere / "my data")
    output = clean_run(repository / "train.py", elsewhere, "--data", "my data", "--device", "cpu")
    told = re.findall(r"epoch (\d)/2  loss ([\d.]+)  train ([\d.]+)%  (held out|test) ([\d.]+)%", output)
    assert [int(epoch) for epoch, *_ in told] == [1, 2]
    for (_, loss, trained, _, watched), end in zip(told, ends, strict=True):
        assert float(loss) == pytest.approx(end.train_loss, abs=0.002)
        expected = end.heldout_accuracy if config.protocol == "holdout" else end.test_accuracy
        assert float(trained) / 100 == pytest.approx(end.train_accuracy, abs=0.011)  # two of 162 images
        assert float(watched) / 100 == pytest.approx(expected, abs=0.051)  # one of 20 images
    last = re.search(r"test accuracy ([\d.]+)%, loss ([\d.]+)", output)
    assert last is not None
    assert float(last[1]) / 100 == pytest.approx(finished.test_accuracy, abs=0.034)  # one of 30 images
    assert float(last[2]) == pytest.approx(finished.test_loss, abs=0.005)
    kept = torch.load(elsewhere / "trained.pt", weights_only=True)
    assert [tuple(value.shape) for value in kept.values()] == [
        tuple(value.shape) for value in finished.weights.values()
    ]
