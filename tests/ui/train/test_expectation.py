"""What is said of the time before a training on a CPU is begun."""

from __future__ import annotations

import pytest

from cifar7.training.config import TrainConfig
from cifar7.ui.train.expectation import PastRun, before_it, estimate

CONFIG = TrainConfig(batch_size=128)
BEGIN = "No GPU here: it trains on the CPU, 2 cores. "


def test_an_earlier_run_is_the_guide_in_proportion_to_the_arithmetic():
    # 240,000 images of 20 M MACs, after a run of 40 M MACs at 1,000 images/s: 2,000 images/s, two minutes.
    runs = [PastRun(40_000_000, 128, "auto", 1000.0)]
    assert estimate(240_000, CONFIG, 20_000_000, runs, 2) == (
        f"{BEGIN}Going by an earlier run, this takes about 2 min."
    )


def test_the_run_with_the_nearest_arithmetic_is_taken():
    runs = [
        PastRun(40_000_000, 128, "auto", 1000.0),
        PastRun(21_000_000, 128, "auto", 4000.0),
        PastRun(5_000_000, 128, "auto", 9.0),
    ]
    assert "about 57 s" not in estimate(240_000, CONFIG, 20_000_000, runs, 2)
    assert estimate(240_000, CONFIG, 20_000_000, runs, 2).endswith("about 1 min.")


@pytest.mark.parametrize(
    "far",
    [
        PastRun(81_000_000, 128, "auto", 1.0),
        PastRun(20_000_000, 4, "auto", 1.0),
        PastRun(20_000_000, 128, "fp32", 1.0),
    ],
)
def test_a_run_of_another_kind_is_no_guide(far):
    # 300,000 images of 20 M MACs at 50e9 MACs a second: two minutes, said as one to four.
    said = estimate(300_000, CONFIG, 20_000_000, [far], 2)
    assert said == f"{BEGIN}Expect roughly 1 min to 4 min; with a GPU, seconds."


def test_of_small_batches_no_rule_is_known():
    assert "batches as small as 4" in estimate(350_000, TrainConfig(batch_size=4), 58_000_000, [], 2)


@pytest.mark.parametrize(
    ("seconds", "said"), [(2, "5 s"), (44, "45 s"), (50, "1 min"), (3000, "50 min"), (7200, "2.0 h")]
)
def test_an_estimate_is_round(seconds, said):
    runs = [PastRun(1_000_000, 128, "auto", 1000.0)]
    assert (
        estimate(1000 * seconds, CONFIG, 1_000_000, runs, 1).replace("\u00a0", " ").endswith(f"about {said}.")
    )


def test_who_chose_the_cpu_is_not_told_that_there_is_no_gpu():
    text = estimate(350_000, TrainConfig(batch_size=4, device="cpu"), 58_000_000, [], 2)
    assert text.startswith("It trains on the CPU, 2 cores. ")


def test_who_comes_first_is_said():
    assert [before_it(runs) for runs in (0, 1, 2)] == [
        "",
        " 1\u00a0run comes before it.",
        " 2\u00a0runs come before it.",
    ]
