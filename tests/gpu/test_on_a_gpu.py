"""That the one command for a GPU machine is wired: its parts, processes and words. On a CPU, and tiny."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import on_a_gpu
import pytest
import tiny
import torch
from gpu import airbench, parts
from gpu.parts import INSIDE, PARTS, Options, counts, epochs_within, spread
from gpu.words import markdown

from cifar7.data import library
from cifar7.data.imageset import ImageSet

SMALL = Options("tiny", "cpu", seeds=2, minutes=0.01, small=True)


@pytest.fixture
def images(empty_home: Path, one_thread: None) -> ImageSet:
    tiny.make_set(empty_home / "data")
    return library.open_set("tiny")


def chosen(*arguments: str) -> argparse.Namespace:
    return on_a_gpu._parser().parse_args(arguments)


def test_every_part_can_be_asked_for_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(PARTS) == ["tests", "bench", "result", "champion", "featherweight", "airbench"]
    assert chosen().only == list(PARTS)
    assert chosen("--only", "bench, airbench").only == ["bench", "airbench"]
    with pytest.raises(SystemExit):
        chosen("--only", "bench,speed")
    assert "there is no part 'speed'" in capsys.readouterr().err
    assert all(name in (on_a_gpu.__doc__ or "") for name in PARTS)


def test_a_part_in_its_process_returns_what_it_measured(images: ImageSet) -> None:
    told = on_a_gpu.in_a_process("about", chosen("--data", "tiny", "--small", "--device", "cpu"))
    assert told["data"] == {
        "title": "Tiny colours",
        "fingerprint": images.fingerprint,
        "train": 180,
        "test": 30,
    }
    assert torch.__version__.startswith(told["machine"]["torch"])
    assert told["part_seconds"] > 0


def test_a_part_that_fails_harms_no_other(empty_home: Path) -> None:
    told = on_a_gpu.in_a_process("about", chosen("--data", "absent"))
    assert told["part"] == "about"
    assert "status 1: " in told["why"]
    assert "absent" in told["why"]


def test_a_part_that_takes_too_long_is_ended(empty_home: Path) -> None:
    status, _ = on_a_gpu._follow([sys.executable, "-c", "import time; time.sleep(60)"], 0.3)
    assert status == -9


def test_long_trainings_fit_into_their_time() -> None:
    # Nine tenths of 600 s for five runs are 108 s each, 8 of which are for other things.
    assert epochs_within(600, 5, one_epoch=2.0, besides=8.0) == 50
    assert epochs_within(600, 5, one_epoch=200.0, besides=8.0) == parts.TRIAL_EPOCHS
    assert epochs_within(600, 5, one_epoch=0.01, besides=8.0) == parts.MOST_EPOCHS


def test_mean_and_spread() -> None:
    assert spread([{"a": 0.8}, {"a": 0.9}], "a") == pytest.approx(
        {"mean": 0.85, "deviation": 0.0707}, rel=1e-3
    )
    assert spread([{"a": 0.8}], "a") == {"mean": 0.8, "deviation": None}


def test_a_long_training_in_small(images: ImageSet) -> None:
    told = PARTS["champion"](SMALL)
    assert (told["network"], told["epochs"], len(told["runs"])) == ("Tiny Net", parts.TRIAL_EPOCHS, 2)
    assert {run["seed"] for run in told["runs"]} == {1, 2}


def test_the_tests_of_a_gpu_are_found_and_counted() -> None:
    report = ElementTree.fromstring(
        '<testsuites><testsuite><testcase classname="a" name="one"/>'
        '<testcase classname="a" name="two"><failure/></testcase>'
        '<testcase classname="a" name="three"><skipped/></testcase></testsuite></testsuites>'
    )
    assert counts(report) == {"passed": 1, "failed": ["a::two"], "skipped": 1}


def test_without_pytest_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.importlib.util, "find_spec", lambda name: None)
    assert PARTS["tests"](SMALL) == {"why": "pytest is not installed here: pip install pytest"}


def test_the_parts_need_neither_streamlit_nor_pandas() -> None:
    """Those that are not on a rented GPU machine are kept out of reach."""
    code = (
        "import sys\n"
        "for name in ('streamlit', 'pandas', 'altair', 'optuna', 'pytest', 'playwright', 'vl_convert'):\n"
        "    sys.modules[name] = None\n"
        "import on_a_gpu, time_to_result, gpu.airbench, cifar7.bench.report, cifar7.runs.worker\n"
        "print(sorted(on_a_gpu.PARTS))"
    )
    tests = Path(on_a_gpu.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tests, env={"PYTHONPATH": f"{tests}:{tests.parent}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(sorted(PARTS)), done.stderr


MACHINE = {
    "device": "NVIDIA H100", "processor": "A processor", "cores": 16, "system": "Linux x86_64",
    "python": "3.12.1", "torch": "2.11.0", "torchvision": "0.26.0", "cuda": "13.0",
}  # fmt: skip


def test_a_record_as_a_table() -> None:
    record = {
        "command": "python tests/on_a_gpu.py --data x.tar", "commit": "abc", "when": "today",
        "machine": MACHINE,
        "data": {"title": "A copy", "fingerprint": "f0", "train": 50_000, "test": 10_000},
        "parts": {
            "tests": {"passed": 9, "failed": ["a::b"], "skipped": 0, "part_seconds": 40.0},
            "bench": {"part": "bench", "why": "status 1: a | b"},
            "result": {"network": "sprinter", "epochs": 3, "runs": [{"first_progress": 0.25}], "mean": 0.81,
                       "deviation": None, "first": 4.0, "later": 2.5},
            "airbench": {"network": "airbench94", "epochs": 9.9, "parameters": 1_972_792, "mean": 0.94,
                         "deviation": 0.0011, "mean_plain": 0.93, "seconds": 3.1, "runs": [{}, {}]},
        },
    }  # fmt: skip
    about, table = markdown(record).split("\n\n")
    assert about == (
        "**Hardware**: A processor, 16 cores, NVIDIA H100. Python 3.12.1, torch 2.11.0, CUDA 13.0, "
        "torchvision 0.26.0, Linux x86_64. **Data**: A copy, 50,000 and 10,000 images, fingerprint f0. "
        "Commit abc, today (`python tests/on_a_gpu.py --data x.tar`)."
    )
    assert table.splitlines()[2:] == [
        "| tests that need CUDA | 1 | 9 passed, 1 failed, 0 skipped: a::b | 40 s in all |",
        "| bench | – | not measured: status 1: a / b | – |",
        "| from Train to the result, warm worker, `sprinter`, 3 epochs | 1 | 81.00 % of the test images | "
        "4.00 s the first time, 2.50 s after it; progress after 0.25 s |",
        "| `airbench94`, 1,972,792 parameters, 9.9 epochs | 2 | 94.00 ± 0.11 % of the test images; 93.00 % "
        "without mirror images and shifts | 3.1 s |",
    ]
    assert json.dumps(record)


# airbench94


def test_it_has_the_published_size() -> None:
    """By hand: whitening 24 * 12 + 24, then kernels, the norms' biases and factors, and the classes."""
    kernels = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 256 * 256 + 256 * 256 + 256 * 256)
    norms = 2 * 2 * (64 + 256 + 256)
    made = airbench.network(airbench.Settings(), 10)
    assert sum(p.numel() for p in made.parameters()) == 312 + kernels + norms + 2560
    assert made(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_whitened_patches_are_uncorrelated_and_of_one_size() -> None:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(50, 3, 32, 32, generator=generator).cumsum(3) / 4  # neighbours are alike
    convolution = torch.nn.Conv2d(3, airbench.CHANNELS, airbench.PATCH)
    airbench.whiten(convolution, images, eps=0.0)
    assert convolution.bias is not None
    with torch.no_grad():
        maps = convolution(images) - convolution.bias.view(1, -1, 1, 1)  # (50, 24, 31, 31)
    rows = maps[:, :12].permute(1, 0, 2, 3).flatten(1)  # (12, N): the other half is their opposite
    torch.testing.assert_close(rows @ rows.T / rows.shape[1], torch.eye(12), rtol=0, atol=1e-2)
    torch.testing.assert_close(maps[:, 12:], -maps[:, :12])


def test_the_learning_rate_rises_and_falls_in_straight_lines() -> None:
    shares = [airbench.lr_share(step, 100, airbench.Settings()) for step in (0, 23, 100)]
    assert shares == pytest.approx([0.2, 1.0, 0.07])
    assert airbench.lr_share(61, 100, airbench.Settings()) == pytest.approx(1 - 0.93 * 38 / 77)


def test_it_learns_colours(images: ImageSet) -> None:
    settings = airbench.Settings(epochs=15.5, batch_size=15, widths=(8, 16, 16))
    outcome = airbench.train(images, 1, torch.device("cpu"), settings)
    assert outcome.steps == 186  # 12 an epoch
    assert min(outcome.accuracy, outcome.accuracy_plain) > 0.9


def test_inside_knows_all_parts() -> None:
    assert INSIDE.keys() == {"about", *PARTS}
