"""Numbers as people read them, and how pages, command line and exports differ in it."""

from __future__ import annotations

import math

import pytest

from cifar7 import wording
from cifar7.commands import output
from cifar7.export import wording as in_exports


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7620, "2 h 07 min"),  # 2 * 3600 + 7 * 60
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_a_duration_is_rounded_before_it_is_divided(seconds: float | None, text: str) -> None:
    assert wording.duration(seconds) == text


def test_a_short_duration_may_have_tenths() -> None:
    assert [wording.duration(seconds, tenths_below=10) for seconds in (9.94, 10, 59.6)] == [
        "9.9 s", "10 s", "1 min 00 s",
    ]  # fmt: skip


def test_shares_and_counts() -> None:
    assert [wording.percent(0.84321, digits) for digits in (0, 1, 2)] == ["84 %", "84.3 %", "84.32 %"]
    assert [wording.percent(fraction) for fraction in (None, math.nan)] == ["–", "–"]
    assert wording.count(1, "epoch") == "1 epoch"
    assert wording.count(45000, "image") == "45,000 images"
    assert wording.count(0, "run") == "0 runs"


def test_the_command_line_has_plain_dashes_and_tenths_below_ten_seconds() -> None:
    assert (output.percent(None), output.percent(0.8025)) == ("-", "80.25 %")
    assert [output.duration(seconds) for seconds in (None, 3.14, 42.4)] == ["-", "3.1 s", "42 s"]


def test_exports_have_tenths_below_a_minute() -> None:
    assert [in_exports.duration(seconds) for seconds in (8.42, 42.42, 61)] == [
        "8.4 s",
        "42.4 s",
        "1 min 01 s",
    ]
    assert in_exports.percent(None) == "–"


def test_pages_do_not_break_a_number_from_its_unit() -> None:
    on_pages = pytest.importorskip("cifar7.ui.words.wording")
    assert on_pages.percent(0.843) == "84.3\u00a0%"
    assert on_pages.duration(7620) == "2\u00a0h 07\u00a0min"
    assert on_pages.count(2, "run") == "2\u00a0runs"
