"""The written train.py against the training room: the same recipe, part by part and as a whole."""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from export.folders import FOLDERS
from torch import nn
from training.gpu import stand

from cifar7.data import library
from cifar7.data.imageset import ImageSet
from cifar7.export.class_folders import write_class_folders
from cifar7.export.errors import ExportError
from cifar7.export.templates import quoted
from cifar7.export.train_source import CONSTANTS, check_known, train_source
from cifar7.training.config import TrainConfig
from cifar7.training.schedule import lr_at
from cifar7.training.selection import partition
from cifar7.training.step.average import Average
from cifar7.training.step.precision import DTYPES, best_precision

OFFICIAL = replace(
    FOLDERS, name="cifar10", title="CIFAR-10", mean=(0.4914, 0.4822, 0.4465), std=(0.247, 0.2435, 0.2616)
)


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "one-cycle", "lr": 0.3},
        {"schedule": "one-cycle", "warmup": 0.0},
        {"schedule": "one-cycle", "warmup": 1.0},
        {"schedule": "one-cycle", "warmup": 0.4},
        {"schedule": "cosine"},
        {"schedule": "step", "step_epochs": 2, "step_factor": 0.3},
    ],
    ids=str,
)
def test_the_learning_rate_is_that_of_the_training_room(written: Any, settings: dict[str, Any]) -> None:
    config, module = TrainConfig(**settings), written(**settings)
    steps, per_epoch = 70, 10
    for step in range(steps):
        expected = lr_at(step, steps, config, per_epoch)
        by_step = config.schedule != "step"
        found = module.learning_rate(step, steps) if by_step else module.learning_rate(step // per_epoch)
        assert found == pytest.approx(expected, rel=1e-12), step


@pytest.mark.parametrize("sizes", [(60, 60, 60), (31, 50, 7), (1, 2, 300)])
@pytest.mark.parametrize("holdout", [13, 20, 5000])
def test_the_same_images_are_held_out(written: Any, sizes: tuple[int, ...], holdout: int) -> None:
    labels = np.random.default_rng(4).permutation(np.repeat(np.arange(3), sizes)).astype(np.int64)
    config = TrainConfig(holdout=holdout, train_sample=40)
    module = written(holdout=holdout, train_sample=40)
    train, expected, heldout = partition(labels, config)
    rows, held_out = module.split(labels, min(module.HELD_OUT, len(labels) // 10))
    sample = rows[module.split(labels[rows], min(module.TRAIN_SAMPLE, len(rows)))[1]]
    assert rows.tolist() == train.tolist()
    assert held_out.tolist() == heldout.tolist()
    assert sample.tolist() == expected.tolist()


def test_averaged_weights_follow_alike(written: Any) -> None:
    module = written(averaging=0.7)
    live = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    theirs, mine = Average(live, 0.7), copy.deepcopy(live)
    for step in (0, 1, 50):
        with torch.no_grad():
            live[0].weight.add_(step + 1)
        live(torch.randn(3, 2))
        theirs.update(step)
        module.update(mine, live, step)
    for found, expected in zip(mine.state_dict().values(), theirs.module.state_dict().values()):
        torch.testing.assert_close(found, expected)


def test_kernels_and_matrices_decay_and_nothing_else_does(written: Any) -> None:
    module = written(weight_decay=0.003)
    network = module.Network()
    weighted = [m.weight for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    decaying, resting = module.parameter_groups(network)
    assert (decaying["weight_decay"], resting["weight_decay"]) == (0.003, 0.0)
    assert {id(p) for p in decaying["params"]} == {id(p) for p in weighted}
    assert len(decaying["params"]) + len(resting["params"]) == len(list(network.parameters()))


RECIPES = [
    dict(zip(("schedule", "protocol", "precision"), choice))
    for choice in itertools.product(
        ("one-cycle", "constant", "step", "cosine"),
        ("holdout", "test-each-epoch"),
        ("auto", "fp32", "bf16", "fp16"),
    )
]
PLAINEST = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0, "flip": "none", "crop_padding": 0}
RARER: list[dict[str, Any]] = [
    {"optimiser": "adamw", "lr": 0.01},
    {"optimiser": "adamw", "lr": 0.01, **PLAINEST, "schedule": "constant"},
    {"flip": "alternating", "cutout": 8, "normalisation": "half"},
    {"rotation": 15, "scaling": 10, "flip": "none", "crop_padding": 0},
    {"rotation": 45, "cutout": 8},
    {"scaling": 50, "precision": "fp32"},
    {"averaging": 0.9, "schedule": "step", "test_flip": True},
    {"averaging": 0.9, "protocol": "test-each-epoch", "precision": "bf16", "cutout": 4},
]
RARER += [
    {"optimiser": "muon", "weight_decay": 0.0},
    {"optimiser": "muon", "schedule": "constant"},
]
RECIPES += RARER
RECIPES += [PLAINEST, {**PLAINEST, "schedule": "constant", "label_smoothing": 0.1}, {"warmup": 0.0}]


@pytest.mark.parametrize("images", [OFFICIAL, FOLDERS], ids=["official", "folders"])
@pytest.mark.parametrize("settings", RECIPES, ids=lambda s: " ".join(map(str, s.values())))
def test_nothing_is_written_that_the_recipe_does_not_use(settings: dict[str, Any], images: ImageSet) -> None:
    text = train_source(TrainConfig(**settings), images)
    tree = ast.parse(text)
    assert max(map(len, text.splitlines())) <= 120
    assert len(text.splitlines()) <= (260 if settings.get("optimiser") == "muon" else 245)
    assert "cifar7" not in text
    assert "@" not in re.sub("@torch.(inference_mode|no_grad)| @ ", "", text)
    methods = {id(n) for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for n in c.body}
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and id(n) not in methods]
    defined = {n.name for n in (*functions, *(c for c in ast.walk(tree) if isinstance(c, ast.ClassDef)))}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {name.asname or name.name for name in node.names}
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    loaded = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert (defined | imported | stored) - loaded - {"_"} == set()
    arguments = {a.arg for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) for a in n.args.args}
    known = defined | imported | stored | arguments | set(dir(builtins)) | {"__doc__", "__name__"}
    assert loaded - known == set()


@pytest.mark.parametrize(
    ("name", "capability", "half"),
    [
        ("NVIDIA A100", (8, 0), torch.bfloat16),
        ("Tesla T4", (7, 5), torch.float16),
        ("NVIDIA GeForce GTX 1650", (7, 5), None),
        ("Tesla P100", (6, 0), None),
    ],
)
def test_automatic_means_there_what_it_means_here(
    written: Any, monkeypatch: pytest.MonkeyPatch, name: str, capability: tuple[int, int], half: Any
) -> None:
    """GPUs are stand-ins that name their compute capability."""
    stand.gpu(monkeypatch, name, capability)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: capability >= (8, 0))
    device = torch.device("cuda")
    assert written().half_precision(device) == half
    assert DTYPES[best_precision(device)] == (half or torch.float32)
    assert written().half_precision(torch.device("cpu")) is None


def test_what_an_apple_gpu_cannot_do_or_would_wait_for_is_not_written() -> None:
    text = train_source(TrainConfig(), OFFICIAL)
    assert ".double()" not in text  # an Apple GPU has none
    normalise = text[text.index("def normalise") : text.index("def ", text.index("def normalise") + 4)]
    assert "tensor(" not in normalise  # copied to the device for every batch


def test_every_setting_that_there_is_can_be_written() -> None:
    check_known(TrainConfig().to_dict())


def test_adamw_is_told_what_it_would_assume_otherwise() -> None:
    # torch's AdamW decays by 0.01 where nothing is said.
    text = train_source(TrainConfig(optimiser="adamw", weight_decay=0.0), OFFICIAL)
    assert "AdamW(network.parameters(), lr=LEARNING_RATE, betas=(MOMENTUM, 0.999), weight_decay=0.0)" in text


def head(text: str) -> dict[str, str]:
    """The constants of a written train.py, each with its line."""
    return {line.split(" = ")[0]: line for line in text.splitlines() if re.match(r"[A-Z_]+ = ", line)}


def test_a_constant_is_written_where_the_recipe_uses_it_and_not_for_a_name_like_it() -> None:
    named = replace(FOLDERS, title="CUTOUT", classes=("AVERAGING", "CUTOUT"))
    plain = head(train_source(TrainConfig(), named))
    assert {"AVERAGING", "CUTOUT", "STEP_EPOCHS"} & plain.keys() == set()
    assert plain["WARMUP"] == "WARMUP = 0.25  # share of all steps in which the learning rate rises"
    assert head(train_source(TrainConfig(cutout=8), named))["CUTOUT"] == "CUTOUT = 8  # pixels a side"


def test_a_constant_without_a_comment_of_its_own_bears_the_unit_of_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cutout = next(field for field in fields(TrainConfig) if field.name == "cutout")
    monkeypatch.setattr(cutout, "metadata", {**cutout.metadata, "unit": "percent of a side"})
    monkeypatch.setitem(CONSTANTS, "cutout", None)
    assert head(train_source(TrainConfig(cutout=8), FOLDERS))["CUTOUT"] == "CUTOUT = 8  # percent of a side"


def test_a_setting_that_is_not_known_is_refused_and_not_dropped() -> None:
    with pytest.raises(ExportError, match=r"the setting mixup \(8\) cannot be written"):
        check_known({**TrainConfig().to_dict(), "mixup": 8})
    with pytest.raises(ExportError, match="schedule is 'sawtooth'"):
        check_known({**TrainConfig().to_dict(), "schedule": "sawtooth"})


@pytest.mark.parametrize("name", ['"""', "\\", "'; import os; '", "a\nb", "日本", "\ud800", "ok name"])
def test_class_names_mean_the_same_in_the_text(name: str) -> None:
    text = train_source(TrainConfig(), replace(FOLDERS, classes=(name, "other"), title=f"x{name}"))
    assert text.isascii()
    node = next(
        n
        for n in ast.parse(text).body
        if isinstance(n, ast.Assign) and n.targets[0].id == "CLASSES"  # type: ignore[attr-defined]
    )
    assert ast.literal_eval(node.value) == (name, "other")
    assert quoted("ok name") == '"ok name"'


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "constant", "precision": "bf16"},
        {"schedule": "constant", "precision": "fp16"},  # which is for CUDA: elsewhere it takes fp32
        {"schedule": "cosine", "protocol": "test-each-epoch"},
        {"schedule": "step", "step_epochs": 1, **PLAINEST},
        {"warmup": 0.0, "label_smoothing": 0.2},
        {"warmup": 1.0, "batch_size": 1000},
        {"flip": "alternating", "cutout": 6, "schedule": "constant"},
    ],
    ids=str,
)
def test_every_kind_of_recipe_learns(
    written: Any, settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    tiny.make_set(tmp_path / "sets", each=20)
    images = library.open_set("tiny", data_dir=tmp_path / "sets")
    write_class_folders(images, tmp_path / "folders")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # trained.pt goes there
        module = written(images, **{"lr": 0.05, "batch_size": 6, "holdout": 6, **settings})
        module.train(tmp_path / "folders", 2, torch.device("cpu"))
    told = capsys.readouterr().out
    assert told.count("epoch ") == (3 if settings.get("protocol") is None else 2)  # the kept one's is named
    accuracy = re.search(r"test accuracy ([\d.]+)%", told)
    assert accuracy is not None
    assert float(accuracy[1]) > (40 if settings.get("batch_size") is None else 0)  # a third is chance
    assert (tmp_path / "trained.pt").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere"], "there is no folder nowhere/train/blue"),
        (["--epochs", "0"], "--epochs takes 1 or more"),
    ],
)
def test_a_mistake_on_its_command_line_is_said(
    written: Any,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        written().main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
