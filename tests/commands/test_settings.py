"""The settings of `train` and `find-lr`: a flag for each field, and recipes from files."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from calls import call, json_of, quick
from where import ROOT

from cifar7.commands.parser import build
from cifar7.commands.recipes import read_config
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.training.config import GROUPS, OPTIONS, TrainConfig
from cifar7.training.recipes import recipe

# Another value than the default for every setting, as it is typed.
OTHER = {
    "epochs": "3",
    "batch_size": "64",
    "lr": "0.05",
    "optimiser": "adamw",
    "momentum": "0.8",
    "nesterov": False,
    "weight_decay": "0.001",
    "schedule": "step",
    "warmup": "0.5",
    "step_epochs": "2",
    "step_factor": "0.25",
    "label_smoothing": "0.1",
    "normalisation": "half",
    "flip": "alternating",
    "crop_padding": "1",
    "rotation": "15",
    "scaling": "20",
    "cutout": "4",
    "averaging": "0.99",
    "test_flip": True,
    "protocol": "test-each-epoch",
    "holdout": "40",
    "train_sample": "30",
    "precision": "fp32",
    "device": "cpu",
    "seed": "7",
}


@pytest.fixture
def home(cli_home: Path) -> Path:
    return cli_home


def parse(*words: object) -> argparse.Namespace:
    return build().parse_args([str(word) for word in words])


def train(*words: object) -> TrainConfig:
    """The settings that a run of `train` would have."""
    return read_config(parse("train", "starter", "--data", "tiny", *words))


def typed(name: str, value: str | bool) -> list[str]:
    """The flag of a setting as it is typed."""
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    return [f"--{dashed}", value]


@pytest.mark.parametrize("name", TrainConfig().to_dict())
def test_every_setting_has_a_flag_that_sets_it_and_nothing_else(name: str) -> None:
    usual, value = TrainConfig().to_dict(), OTHER[name]
    config = train(*typed(name, value)).to_dict()
    expected = value if isinstance(value, bool) else type(usual[name])(value)
    assert expected != usual[name]
    assert config == {**usual, name: expected}


def test_all_flags_together_and_none() -> None:
    words = [word for name, value in OTHER.items() for word in typed(name, value)]
    assert train(*words) == TrainConfig(
        epochs=3, batch_size=64, lr=0.05, optimiser="adamw", momentum=0.8, nesterov=False,
        weight_decay=0.001, schedule="step", warmup=0.5, step_epochs=2, step_factor=0.25, label_smoothing=0.1,
        normalisation="half", flip="alternating", crop_padding=1, rotation=15, scaling=20, cutout=4,
        averaging=0.99, test_flip=True,
        protocol="test-each-epoch", holdout=40, train_sample=30, precision="fp32", device="cpu", seed=7,
    )  # fmt: skip
    assert train() == TrainConfig()


def test_a_flag_changes_a_recipe_and_may_undo_a_switch_of_it() -> None:
    velasoka = recipe("velasoka").config
    config = train("--recipe", "velasoka", "--nesterov", "--no-test-flip")
    assert config.to_dict() == {**velasoka.to_dict(), "nesterov": True}


def test_two_settings_that_need_each_other_are_changed_at_once() -> None:
    assert train("--momentum", 0, "--no-nesterov").momentum == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--weight-decay", 2), "weight_decay is 2.0; it takes a number from 0 to 1"),
        (("--cutout", 33), "cutout is 33; it takes a whole number from 0 to 32"),
        (("--cutout", 1.5), "argument --cutout: '1.5' is not a whole number"),
        (("--averaging", "nan"), "averaging is nan"),
        (("--flip", "sometimes"), "'sometimes'"),
        (("--momentum", 0), "nesterov needs momentum"),
        (("--test-flip", "yes"), "yes"),
    ],
)
def test_a_wrong_setting_is_one_line(
    capsys: pytest.CaptureFixture[str], home: Path, words: tuple[object, ...], message: str
) -> None:
    status, out, err = call(capsys, *quick(home, *words))
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err
    assert list_runs(home / "home" / "runs") == []


def test_the_settings_reach_the_run(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    words = ("--weight-decay", 0.001, "--flip", "alternating", "--averaging", 0.99, "--test-flip")
    run = RunFolder.open(home / "home" / "runs", json_of(capsys, *quick(home, *words))["run"])
    assert run.config() == TrainConfig(
        epochs=2, batch_size=16, device="cpu",
        weight_decay=0.001, flip="alternating", averaging=0.99, test_flip=True,
    )  # fmt: skip


def sections(text: str) -> dict[str, str]:
    """The sections of a --help, each by its heading, with single spaces."""
    parts = re.split(r"^(\S[^\n]*):\n(?=  )", text, flags=re.MULTILINE)
    return {heading: " ".join(body.split()) for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_help_groups_the_settings_with_units_ranges_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "train", "--help")
    assert status == 0
    helps = sections(out)
    assert [heading for heading in helps if heading in GROUPS] == list(GROUPS)
    for option in OPTIONS.values():
        assert f"--{option.name.replace('_', '-')} " in f"{helps[option.group]} ".replace(",", " "), (
            option.name
        )
    assert "--cutout N pixels a side, from 0 to 32; default: 0" in helps["images"]
    assert "--lr X peak learning rate, above 0 and up to 100; default: 0.2" in helps["basics"]
    assert "--schedule {one-cycle,constant,step,cosine}" in helps["learning rate schedule"]
    assert "--test-flip, --no-test-flip" in helps["images"]
    assert "default: 8; read with --schedule step only" in helps["learning rate schedule"]


def test_find_lr_takes_what_a_test_reads(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--batch-size", 16, "--optimiser", "adamw", "--weight-decay", 0.001, "--cutout", 4, "--seed", 3)
    config = read_config(parse("find-lr", "starter", "--data", "tiny", *words))
    assert config == TrainConfig(batch_size=16, optimiser="adamw", weight_decay=0.001, cutout=4, seed=3)
    for flag in ("--epochs", "--lr", "--schedule", "--protocol", "--averaging"):
        status, _, err = call(capsys, "find-lr", "starter", "--data", "tiny", flag, 1)
        assert (status, len(err.splitlines())) == (2, 1)
        assert flag in err


def test_help_loads_no_torch() -> None:
    code = (
        "import sys; from cifar7.commands.parser import build; build().format_help(); "
        "print(sorted({'torch', 'numpy', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Recipes from files


def weights(run: RunFolder) -> dict[str, Any]:
    path = run.weights_path()
    assert path is not None
    return torch.load(path, weights_only=True)


def test_the_config_of_a_run_fed_back_repeats_it_to_the_bit(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    words = ("--seed", 5, "--flip", "alternating", "--averaging", 0.9, "--cutout", 6, "--warmup", 0.4)
    runs = home / "home" / "runs"
    first = RunFolder.open(runs, json_of(capsys, *quick(home, *words))["run"])
    command = ("train", first.path / "spec.json", "--data", "tiny", "--recipe", first.path / "config.json")
    status, out, err = call(capsys, *command, "--json")
    assert (status, "the recipe is of a run on" in err) == (0, False)
    again = RunFolder.open(runs, json.loads(out)["run"])
    other = RunFolder.open(runs, json_of(capsys, *command, "--seed", 6)["run"])
    assert again.config() == first.config()
    assert weights(again).keys() == weights(first).keys()
    assert all(torch.equal(weights(again)[name], tensor) for name, tensor in weights(first).items())
    assert not all(torch.equal(weights(other)[name], tensor) for name, tensor in weights(first).items())


def test_a_file_may_hold_some_settings_and_flags_come_on_top(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"epochs": 3, "flip": "none"}))
    assert train("--recipe", path) == TrainConfig(epochs=3, flip="none")
    assert train("--recipe", path, "--epochs", 4) == TrainConfig(epochs=4, flip="none")
    path.write_text(json.dumps(recipe("shrimali").config.to_dict()))
    assert train("--recipe", path) == recipe("shrimali").config


def test_a_recipe_of_a_run_on_other_images_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**TrainConfig(epochs=3).to_dict(), "data": "cifar10"}))
    assert train("--recipe", path) == TrainConfig(epochs=3)
    assert capsys.readouterr().err == "the recipe is of a run on cifar10, and this is on tiny\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "give an object with named fields"),
        ('{"epoch": 3}', "there is no training setting 'epoch'"),
        ('{"epochs": "3"}', "epochs is '3'; it takes a whole number from 1 to 1000"),
        ('{"data": 3}', "data is 3; it takes the name of an image set"),
        (" " * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    status, out, err = call(capsys, "train", "starter", "--data", "shapes", "--recipe", path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert f"{path}: " in err
    assert message in err
