"""The design in words: strip, sentences, table and growth."""

from dataclasses import replace

import pytest

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.ui.design.growth import growth_data
from cifar7.ui.design.layer_table import table_html
from cifar7.ui.design.status_panel import change_html
from cifar7.ui.shell import state
from cifar7.ui.strip.strip import Against, difference, strip_html
from cifar7.ui.words.lines import lines
from cifar7.ui.words.summary import flow_words, head_words, millions, stage_words

PLACE = ("Shapes", "CPU, 2 cores")
# In words


def test_the_strip_tells_each_change_against_the_preset():
    starter = preset("starter")
    wider = edits.set_dilation(starter, "C4", 2)  # two 3x3 at jump 8: 2·2·8 = 32 pixels more
    shown = strip_html(wider, wider, Against(starter, starter), PLACE, [])
    assert "▲\u202f32 px wider" in shown
    assert "starter<abbr" in shown  # the star
    assert shown.count("unchanged") == 2  # parameters and MACs
    named = replace(starter, name="<img onerror=x>")
    assert "<img" not in strip_html(named, named, Against(named, named), PLACE, [])


def test_a_change_is_told_in_sign_number_and_word():
    assert "▼\u202f1,500 fewer" in difference(500, 2000, "more", "fewer")
    assert "▲\u202f8 px wider" in difference(84, 76, "px wider", "px narrower")
    assert difference(5, 5, "more", "fewer") == "unchanged"


def test_what_a_toggle_did_is_one_sentence():
    starter = preset("starter")
    r = analyse(starter).receptive_field_before
    wider = edits.set_dilation(starter, "C2", 2)
    assert change_html("C2: dilation 2", starter, wider) == (
        f"<b>C2: dilation 2.</b> Receptive field {r} → {r + 8}\u202fpx before pooling; "
        "parameters and MACs unchanged."
    )
    dropped = edits.set_dropout(starter, "C1", 0.2)
    assert change_html("c1: dropout", starter, dropped).endswith("None of the figures changes.")


def test_stages_in_short_words():
    shrimali = preset("shrimali")
    rows = analyse(shrimali).rows
    assert stage_words(shrimali, "C1") == "2 × conv 3×3 → 32, 64 · max-pool 2×2"
    assert stage_words(shrimali, "C2") == "separable 3×3 → 128 · max-pool 2×2"
    assert stage_words(shrimali, "C4") == "conv 3×3, dilation 2 → 256"
    assert head_words(shrimali) == "2 × conv 1×1 → 64, 10 · global average pool"
    assert flow_words(rows, "C4") == "map 8×8 → 4×4, RF 20 → 36"  # the submission's table
    assert stage_words(preset("velasoka-simple"), "C4") == "empty: passes its input on"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (812, "812"),
        (9_999, "9,999"),
        (153_306, "153\u202fk"),
        (1_000_000, "1\u202fM"),
        (58_100_000, "58.1\u202fM"),
        (1_234_000_000, "1,234\u202fM"),
    ],
)
def test_large_counts_in_short(number, words):
    assert millions(number) == words


def test_the_table_folds_what_follows_a_convolution_and_loses_no_parameter():
    found = analyse(preset("velasoka-simple"))
    folded, every = lines(found.rows), lines(found.rows, every=True)
    # 6 convolutions, 3 max-pools, the average pool and the classifier; each convolution has norm and ReLU.
    assert len(folded) == 6 + 3 + 2
    assert len(every) == len(folded) + 6 * 2
    assert sum(line.parameters for line in folded) == found.parameters
    assert folded[0].settings == "batch norm, ReLU"
    assert folded[3].working == "6 + (3−1)·2 = 10"


def test_the_table_marks_what_sees_more_than_the_image():
    """velasoka-simple: 32 after C3's second convolution, 36 after its pool, 44 with the average pool."""
    found = analyse(preset("velasoka-simple"))
    assert [line.row.receptive_field for line in lines(found.rows)][-4:] == [32, 36, 44, 44]
    table = table_html(found, 32, every=False)
    assert table.count("field beyond") == 3
    assert f"{found.parameters:,}" in table


def test_the_growth_is_drawn_from_image_to_logits():
    simple = analyse(preset("velasoka-simple"))
    data = growth_data(simple, ("starter", analyse(preset("starter"))), 32, state.required("receptive_field"))
    points = [row for row in data if row["what"] == "design"]
    assert [row["y"] for row in points] == [1, 3, 5, 6, 10, 14, 16, 24, 32, 36, 44, 44]
    # 8 px apart on the starter's axis of 100 is too near for two labels; on one of 44 it is not.
    assert [row["label"] for row in points if row["label"]] == ["36 before pooling, 44 with it"]
    alone = [row for row in growth_data(simple, None, 32, None) if row["what"] == "design"]
    assert [row["label"] for row in alone if row["label"]] == ["36 before pooling", "44 with pooling"]
    bands = [(row["label"], row["x"], row["x2"]) for row in data if row["what"] == "band"]
    # Two convolutions and a pool each; the average pool and the classifier.
    assert bands == [("C1", 0.5, 3.5), ("C2", 3.5, 6.5), ("C3", 6.5, 9.5), ("O", 9.5, 11.5)]
    limits = {row["stage"]: row["y"] for row in data if row["what"] == "limit"}
    assert limits == {"image": 32, "required": 44}
    assert [row["label"] for row in data if row["what"] == "compared"][-1] == "starter"
