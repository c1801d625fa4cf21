"""The lines of the Class page: verdicts, filters, the front, names; and what is drawn of them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from laid import lay_result

from cifar7.network.presets import preset
from cifar7.network.profiles import profile, read_profile
from cifar7.runs import people
from cifar7.runs.listing.index import Listing
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import RECIPES
from cifar7.ui.classroom import chart, moment, standings
from cifar7.ui.classroom.moment import Moment
from cifar7.ui.classroom.standings import (
    Standings,
    best_first,
    drawn,
    filtered,
    image_sets,
    on_front,
)

ASSIGNMENT = profile("three-max-pools")
STARTER = preset("starter")  # 153,306 parameters, all that the assignment asks of a design
OFTEN = TrainConfig(protocol="test-each-epoch")


def lines_of(folder, version=ASSIGNMENT):
    return Standings(folder, seconds=0).lines(version)[0]


@pytest.mark.parametrize(
    ("design", "accuracy", "device", "missing"),
    [
        ("starter", 0.80, "cuda", ()),
        ("starter", 0.7999, "cuda", ("Test accuracy",)),
        ("starter", 0.81, "cpu", ("Trained on a GPU",)),
        ("velasoka-simple", 0.81, "cuda",
         ("Receptive field", "Depthwise separable convolutions", "Dilated convolutions")),
    ],
)  # fmt: skip
def test_the_verdict_is_that_of_the_card(tmp_path, design, accuracy, device, missing):
    lay_result(tmp_path, preset(design), accuracy, device_type=device)
    (line,) = lines_of(tmp_path)
    assert line.missing == missing
    assert line.fulfilled is (not missing)


def test_the_verdict_follows_the_assignment(tmp_path):
    lay_result(tmp_path, STARTER, 0.81)
    standings = Standings(tmp_path, seconds=0)
    small = read_profile(
        {"name": "mine", "requirements": [{"id": "parameters", "is": "below", "limit": 153_306}]}
    )
    assert [line.verdict for line in standings.lines(ASSIGNMENT)[0]] == ["fulfilled"]
    assert [line.verdict for line in standings.lines(small)[0]] == ["missing: Parameters"]
    run = standings.lines(small)[0][0].id
    assert [verdict.passed for verdict in standings.card(run, small)] == [False]
    assert standings.card("20260101-000000-nothing-aaaaaaaaaaaa", small) == []


def test_filters(tmp_path):
    lay_result(tmp_path, STARTER, 0.81, name="Ada Lovelace")
    lay_result(tmp_path, replace(STARTER, name="Deep ÄGEAN"), 0.5, name="Grace")
    lay_result(tmp_path, replace(STARTER, name="ada's"), 0.6)
    lines = best_first(lines_of(tmp_path))

    def chosen(text, fulfilled=None):
        return [line.accuracy for line in filtered(lines, text, fulfilled)]

    assert chosen("") == [0.81, 0.6, 0.5]
    assert chosen(" ADA ") == [0.81, 0.6], "person or design"
    assert chosen("ägean") == [0.5]
    assert chosen("", True) == [0.81]
    assert chosen("ada", False) == [0.6]


def test_images_of_one_name_that_differ_are_two_sets(tmp_path):
    lay_result(tmp_path, STARTER, 0.7, data="mine", fingerprint="aaaa1", seconds_ago=100)
    lay_result(tmp_path, STARTER, 0.8, data="mine", fingerprint="bbbb2", seconds_ago=50)
    lay_result(tmp_path, STARTER, 0.9, seconds_ago=10)
    sets = image_sets(lines_of(tmp_path))
    assert list(sets.values()) == ["CIFAR-10", "mine (mine, bbbb)", "mine (mine, aaaa)"]
    assert [images.official for images in sets] == [True, False, False]


def test_who_reads_the_test_set_often_is_marked_and_on_no_front(tmp_path):
    lay_result(tmp_path, STARTER, 0.9, config=OFTEN)
    lay_result(tmp_path, preset("champion"), 0.85)
    lay_result(tmp_path, preset("featherweight"), 0.8)
    lines = lines_of(tmp_path)
    assert {line.accuracy: line.scored for line in lines}[0.9] == "read after each epoch"
    assert [line.accuracy for line in on_front(lines)] == [0.8, 0.85]
    row = next(row for row in chart.rows(lines) if row["accuracy"] == 0.9)
    assert (row["front"], row["test set"]) == ("", "read after each epoch")


def test_the_recipe_in_words(tmp_path):
    configs = (
        replace(RECIPES["sprint"].config, seed=9, device="cpu"),
        TrainConfig(optimiser="adamw", lr=0.002),
    )
    for accuracy, config in zip((0.9, 0.8), configs, strict=True):
        lay_result(tmp_path, STARTER, accuracy, config=config)
    recipes = [line.recipe.replace("\u00a0", " ") for line in best_first(lines_of(tmp_path))]
    assert recipes == ["Sprint, 3 epochs", "own: AdamW, learning rate 0.002, 8 epochs"]


def test_a_person_has_the_present_name(tmp_path):
    token = people.new_token()
    run = lay_result(tmp_path, STARTER, 0.8, name="as it was")
    run._change(by=people.public_id(token))
    assert [line.person for line in lines_of(tmp_path)] == ["as it was"]
    people.rename(tmp_path, token, "Noor")
    assert [line.who for line in lines_of(tmp_path)] == ["Noor · starter"]


def test_the_limits_and_references_of_the_drawing(tmp_path):
    lay_result(tmp_path, STARTER, 0.8)
    values = chart.rows(lines_of(tmp_path))

    def words(version, official):
        drawn = chart.drawing(values, version, chart.references(official))
        rows = [row for layer in drawn["layer"] for row in layer.get("data", {}).get("values", [])]
        return {row["words"] for row in rows if "words" in row}

    published = {"ResNet-20, published", "ResNet-56, published"}
    assert words(ASSIGNMENT, True) == {"< 1,000,000 parameters", "≥ 80 %", *published}
    assert words(profile("strict"), False) == {"< 100,000 parameters", "≥ 87 %"}


def test_the_projector_escapes_names(tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    run = lay_result(tmp_path, replace(STARTER, name=evil), 0.8, name=evil)
    lines = lines_of(tmp_path)
    run._change(state="running")
    entries = Standings(tmp_path, seconds=0).listing().entries
    html = moment.html(Moment(entries, lines, {}, time.time())) + moment.title(evil, lines)
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") == 2 * 3 + 1, "bar, its label, newest; the title"


def test_an_empty_class_has_a_drawing(tmp_path):
    standings = Standings(tmp_path / "none", seconds=0)
    assert standings.listing() == Listing(ended=hash(()))
    assert standings.lines(ASSIGNMENT) == ([], 0)
    assert chart.drawing([], ASSIGNMENT, chart.references(True))["layer"]


def test_of_more_runs_than_are_drawn_the_newest_the_front_and_the_picked_one_are(tmp_path):
    """Six runs, the first ended first and is the most accurate; two are to be drawn beside it."""
    for number in range(6):
        lay_result(tmp_path, preset("starter"), 0.9 - number / 10, seconds_ago=100 - number)
    best, second, *_, newest = lines = best_first(lines_of(tmp_path))
    assert drawn(lines, None, 6) == lines
    assert drawn(lines, None, 2) == [best, *lines[-2:]]
    assert drawn(lines, second.id, 1) == [best, second, newest]


def test_only_the_newest_are_looked_into(tmp_path, monkeypatch):
    monkeypatch.setattr(standings, "MOST_RUNS", 2)
    for _ in range(3):
        lay_result(tmp_path, preset("starter"), 0.8)
    looking = Standings(tmp_path, seconds=0)
    assert (len(looking.lines(ASSIGNMENT)[0]), looking.older()) == (2, 1)
