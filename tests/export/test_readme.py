"""The README of a run: its figures are the run's, all of them, and nobody's name does harm in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import handmade
import pytest
from where import ROOT

from cifar7.export import readme as readme_module
from cifar7.export.model_source import model_source
from cifar7.export.readme import design_readme, run_readme
from cifar7.export.record import read_record
from cifar7.export.train_source import train_source
from cifar7.export.wording import duration, plain
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.module import build
from cifar7.network.profiles import PROFILES, Profile, quantity, read_profile
from cifar7.network.spec import Head, Unit
from cifar7.runs.folder import RunFolder

ASKED = PROFILES["three-max-pools"]


@pytest.fixture(scope="module")
def readme(place: Path, run: RunFolder) -> str:
    return readme_of(run, place)


def readme_of(run: RunFolder, place: Path, profile: Profile = ASKED) -> str:
    return run_readme(read_record(run, place / "data"), profile)


def test_the_readme_tells_the_figures_of_the_folder(readme: str) -> None:
    text = readme
    # From handmade: TRAIN, WATCHED, TEST, and the third epoch as the one with the best held-out accuracy.
    parameters = sum(p.numel() for p in build(handmade.SPEC).parameters())
    for row in (
        ("Parameters", f"{parameters:,}"),
        ("Epochs", "4 (the weights of epoch 3 are kept)"),
        ("Dropout", "15 %, in 2 places"),
        ("First training accuracy", "40.37 %"),
        ("Best training accuracy", "71.11 %"),
        ("First held-out accuracy", "35.00 %"),
        ("Best held-out accuracy", "65.00 %"),
        ("**Test accuracy**", "**70.00 %**"),
        ("Device", "CPU, 64 cores"),
        ("Time", "2 min 05 s, evaluation included"),
    ):
        assert f"| {' | '.join(row)} |" in text
    assert "162 images to train on, 18 images held out, 30 images to test" in text
    assert "the test images were read once, at the end" in text
    assert "not the official CIFAR-10" in text
    # Observations: 66.30 - 65.00; 7, 5 and 9 of 10; the largest cells off the diagonal.
    assert "66.30 % of the training images and 65.00 % of the held-out ones, 1.30 points apart" in text
    assert "Recognised best: red, 90.00 %. Least: green, 50.00 %." in text
    assert "green taken for blue (4 of 10), blue taken for green (2 of 10)" in text
    assert "from 35.00 % after epoch 1 to its best, 65.00 %, after epoch 3" in text
    assert "epoch 4 cost 5.00 points" in text
    assert "a probability of 80.00 % and is right in 70.00 %: 10.00 points surer" in text
    # The receptive field, from 1: 3x3; 3x3 dilated by 2; pool; jump 2: 3x3.
    for step in ("1 + (3−1)·1 = 3", "3 + 2·(3−1)·1 = 7", "7 + (2−1)·1 = 8", "8 + (3−1)·2 = 12"):
        assert f"| {step} |" in text
    assert "| Trained on a GPU | yes | CPU, 64 cores | ✗ failed |" in text
    assert (
        "| Test accuracy | ≥ 80 % | 70 % (test set read once, on Colours, not the official CIFAR-10)" in text
    )


def test_under_the_other_protocol_the_last_reading_is_the_result(place: Path) -> None:
    run = handmade.make_run(place, protocol="test-each-epoch")
    text = readme_of(run, place)
    assert "the test images were read after every epoch" in text
    assert "held-out" not in text
    assert "| First test accuracy | 35.00 % |" in text
    assert "| Best test accuracy | 65.00 % |" in text


def test_names_that_stand_as_boxes_in_the_pictures_are_told(
    place: Path, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "boxes stand there" not in readme_of(run, place)
    monkeypatch.setattr(readme_module, "lacking", lambda names: ["飞机"])
    assert "has no font for 飞机: boxes stand there instead of this name." in readme_of(run, place)


def test_the_readme_is_written_without_torch(place: Path, run: RunFolder) -> None:
    """A page shows it; torch would make that page slow to start and heavy to keep."""
    code = (
        "import sys; from pathlib import Path; from cifar7.runs.folder import RunFolder\n"
        "from cifar7.export.readme import run_readme; from cifar7.export.record import read_record\n"
        "from cifar7.network.profiles import PROFILES\n"
        f"record = read_record(RunFolder(Path({str(run.path)!r})), Path({str(place / 'data')!r}))\n"
        "assert '70.00 %' in run_readme(record, PROFILES['strict'])\n"
        "print(sorted({'torch', 'streamlit', 'vl_convert', 'PIL.ImageFont'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- no figure from elsewhere


def test_the_readme_has_no_figure_that_does_not_follow_from_the_folder(
    place: Path, run: RunFolder, readme: str
) -> None:
    assert strangers(readme, run, ASKED) == []
    other = handmade.make_run(place, protocol="test-each-epoch", schedule="step", label_smoothing=0.1)
    assert strangers(readme_of(other, place), other, ASKED) == []


@pytest.mark.parametrize(
    ("true", "false", "noticed"),
    [
        ("70.00 %", "70.03 %", "70.03 %"),
        ("1.30 points", "1.33 points", "1.33 points"),
        ("162 images", "163 images", "163"),
        ("(4 of", "(34 of", "34"),
    ],
)
def test_a_figure_from_elsewhere_is_noticed(
    run: RunFolder, readme: str, true: str, false: str, noticed: str
) -> None:
    text = readme
    assert true in text
    assert set(strangers(text.replace(true, false), run, ASKED)) == {noticed}


NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)*(?!\w)")


def strangers(text: str, run: RunFolder, asked: Profile) -> list[str]:
    """The numbers of a README that cannot be had from the run's folder and the profile."""
    shares = fractions(run)
    # A percentage and a difference of two have to be of the accuracies; no other number will do for them.
    percents = {f"{100 * share:.2f}" for share in shares}
    percents |= {f"{100 * row.layer.rate:g}" for row in analyse(run.spec()).rows if row.layer.rate}
    percents |= {quantity("accuracy", share).removesuffix(" %") for share in shares}
    percents |= {
        quantity("accuracy", asked_for.limit).removesuffix(" %")
        for asked_for in asked.requirements
        if asked_for.id == "accuracy"
    }
    points = {f"{abs(100 * (a - b)):.2f}" for a, b in combinations(shares, 2)}
    others = plain_numbers(run, asked)
    text = text.replace("CIFAR-10", "")
    found = []
    for match in NUMBER.finditer(text):
        after = text[match.end() :]
        if after.startswith(" %"):
            if match[0] not in percents:
                found.append(f"{match[0]} %")
        elif after.startswith(" points"):
            if match[0] not in points:
                found.append(f"{match[0]} points")
        elif match[0] not in others:
            found.append(match[0])
    return found


def fractions(run: RunFolder) -> list[float]:
    """Every accuracy of a run: recorded ones, those of the classes, and the mean confidence."""
    records = [*(event.to_dict() for event in run.events()[0]), run.status()["result"] or {}]
    values = [v for event in records for key, v in event.items() if "accuracy" in key and v is not None]
    predictions = run.predictions()
    return sorted(
        {*values, *predictions.class_accuracy().tolist(), float(predictions.confidence.mean(dtype=float))}
    )


def plain_numbers(run: RunFolder, asked: Profile) -> set[str]:
    """Every number that is not an accuracy, as it may be written."""
    values: list[Any] = [1]  # the (k - 1) of the formula
    for name in ("spec.json", "config.json", "environment.json"):
        values += leaves(json.loads((run.path / name).read_text()))
    values += leaves(run.status()["result"]) + leaves([event.to_dict() for event in run.events()[0]])
    values += run.predictions().confusion().ravel().tolist() + run.predictions().confusion().sum(1).tolist()
    found = analyse(run.spec())
    values += [found.parameters, found.macs, found.receptive_field_before, found.receptive_field_total]
    for row in found.rows:
        values += leaves([getattr(row, field) for field in row.__slots__ if field not in ("layer", "centre")])
        values += [
            getattr(row.layer, field) for field in ("kernel", "stride", "padding", "dilation", "groups")
        ]
        values += [2 * row.layer.padding, 2]  # both sides; scale and shift
    values += [asked_for.limit for asked_for in asked.requirements]
    values += [sum(row.layer.kind == "dropout" for row in found.rows), len(run.predictions().classes)]
    values += NUMBER.findall(asked.title)
    values += [n for measured in measured_words(run, asked) for n in NUMBER.findall(measured)]
    result = run.status()["result"]
    assert result is not None
    values += NUMBER.findall(duration(result["seconds"]))
    return {text for value in values for text in written(value)}


def measured_words(run: RunFolder, asked: Profile) -> Iterator[str]:
    """The card's counts, by the assignment room, which has tests of its own."""
    yield from (verdict.words for verdict in card(analyse(run.spec()), asked))


def leaves(value: Any) -> list[Any]:
    """The numbers in plain data, those within its texts too."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, str):
        return NUMBER.findall(value)
    return [] if value is None or isinstance(value, bool) else [value]


def written(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {f"{value:,.0f}", f"{value:g}"}


def test_a_residual_sum_is_explained_where_there_is_one() -> None:
    first = handmade.SPEC.stages[0]
    units = (Unit(6), Unit(6, residual=1))
    spec = replace(handmade.SPEC, stages=(replace(first, units=units), *handmade.SPEC.stages[1:]))
    text = design_readme(spec, ASKED)
    # The branch sees 1 + 2 + 2 pixels, what it is added to the 3 of the first unit.
    assert "| C1 | residual sum, plus the input of unit 2 | max(5, 3) = 5 | 1 |" in text
    assert "A residual sum sees what the wider of its two maps sees." in text
    assert "residual" not in design_readme(handmade.SPEC, ASKED)
    harmless(text)


def test_a_branch_and_layers_behind_the_pooling_have_their_lines() -> None:
    units = (Unit(6, residual=1, join="concat", shortcut=(Unit(4, dilation=2),)),)
    stages = (replace(handmade.SPEC.stages[0], units=units), *handmade.SPEC.stages[1:])
    head = Head(behind=(Unit(7, kind="linear", norm=False),), classifier="linear")
    text = design_readme(replace(handmade.SPEC, stages=stages, output=head), ASKED)
    assert "| C1 | beside: conv 3×3, dilation 2 | 1 + 2·(3−1)·1 = 5 | 1 |" in text
    assert "| C1 | concatenation, with the branch beside | max(3, 5) = 5 | 1 |" in text
    assert "| C1 | concatenation, with the branch beside | 10×32×32 |" in text
    assert "Where two ways join, a value sees what either of their two maps sees" in text
    assert "| O | linear | 7 |" in text
    assert "| O | ReLU | 7 |" in text
    harmless(text)


# ---- hostile names

HOSTILE = '# **b** | <img src=x> [l](http://u) `c` """ \\ $x$ @you'


def test_names_break_neither_markdown_nor_code(tmp_path: Path) -> None:
    classes = ("a|b <i>x</i>", "1. `tick`", '"""\\')
    handmade.make_set(tmp_path / "data", title=HOSTILE, classes=classes)
    run = handmade.make_run(tmp_path, replace(handmade.SPEC, name=HOSTILE))
    profile = read_profile(
        {
            "title": HOSTILE,
            "requirements": [{"id": "parameters", "is": "below", "limit": 9, "title": HOSTILE}],
        }
    )
    record = read_record(run, tmp_path / "data")
    compile(model_source(record.spec), "model.py", "exec")
    compile(train_source(record.config, record.images), "train.py", "exec")
    text = run_readme(record, profile)
    harmless(text)
    assert f"# {plain(HOSTILE)}\n" in text
    harmless(design_readme(record.spec, profile))


def harmless(text: str) -> None:
    """No HTML, no link but the pictures, no formula, and tables whose rows are as wide as their heads."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    prose = re.sub(r"`[^`\\|<]+`", "", prose)  # our own words of code
    prose = re.sub(r"!\[[^\]]*\]\(\w+\.png\)", "", prose)
    active = re.sub(r"\\[\\`*_\[\]<>|~$&@#:+=.-]", "", prose)  # what a backslash makes plain
    active = re.sub(r"(?<=\| )[<>] [\d,]+", "", active)  # a limit in the card: < before a space is no HTML
    for mark in "<[`$@":
        assert mark not in active, active[max(0, active.index(mark) - 40) :][:80]
    assert "://" not in active
    rows = [line for line in active.splitlines() if line.startswith("|")]
    for before, row in zip(active.splitlines(), active.splitlines()[1:]):
        if before.startswith("|") and row.startswith("|"):
            assert row.count("|") == before.count("|"), row
    assert rows


@pytest.mark.parametrize("text", ["# x", "- x", "+ x", "1. x", "12) x", "= x", "> x", "a\nb", "x\u202ey"])
def test_no_text_is_anything_but_text_at_the_beginning_of_a_line(text: str) -> None:
    told = plain(text)
    assert "\n" not in told
    assert not re.match(r"[#+=>-]|\d+[.)] ", told)
    assert told.isprintable()
