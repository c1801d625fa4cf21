"""The Design page: what a toggle does to design and figures, and what is said of one that cannot be built."""

import random
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.ui.design.growth import growth_data
from cifar7.ui.design.layer_table import table_html
from cifar7.ui.design.status_panel import change_html
from cifar7.ui.shell import state
from cifar7.ui.strip.strip import Against, difference, strip_html
from cifar7.ui.words.lines import lines
from cifar7.ui.words.summary import flow_words, head_words, millions, stage_words

PLACE = ("Shapes", "CPU, 2 cores")


def design(app: AppTest) -> NetSpec:
    return app.session_state["cifar7_design"]


def html(app: AppTest, css_class: str) -> str:
    """The piece of HTML of this class."""
    return next(piece.value for piece in app.html if piece.value.startswith(f'<div class="{css_class}'))


def type_into(app: AppTest, key: str, text: str) -> None:
    """Type what is not in the list."""
    box = app.selectbox(key=key)
    assert text not in box.options
    box.options.append(text)
    box.set_value(text).run()


# On the page


def test_a_preset_brings_its_figures(app):
    app.selectbox(key="preset").set_value("velasoka-dilated").run()
    strip = html(app, "c7-strip")
    assert "413,002" in strip  # the submission's own count
    assert ">40 <" in strip
    assert "px, 48 with pooling" in strip
    assert design(app) == preset("velasoka-dilated")
    assert app.button(key="reset").disabled


def test_dilation_changes_the_receptive_field_as_computed_by_hand(app):
    """C2 has two 3x3 at jump 2: dilation 2 adds (2-1)(3-1)2 = 4 pixels for each of them."""
    before = analyse(preset("starter"))
    app.segmented_control(key="C2_dilation").set_value(2).run()
    strip = html(app, "c7-strip")
    assert f">{before.receptive_field_before + 8} <" in strip
    assert f"px, {before.receptive_field_total + 8} with pooling" in strip
    assert "▲\u202f8 px wider" in strip
    assert f"{before.parameters:,}" in strip  # a dilated kernel has as many numbers
    assert "<b>C2: dilation 2.</b>" in html(app, "c7-said")
    assert "3×3, dilation 2 → 48, 64" in html(app, 'c7-card"><b>C2')


def test_separable_changes_the_parameters_as_computed_by_hand(app):
    """C2 of the starter is 32 → 48 → 64, 3x3, no biases, a normalisation after each convolution.

    Standard: 9·32·48 + 9·48·64. Separable: depthwise 9·32 and 9·48, pointwise 32·48 and 48·64, and the two
    normalisations in between, 2·32 and 2·48.
    """
    standard = 9 * 32 * 48 + 9 * 48 * 64
    separable = 9 * 32 + 9 * 48 + 32 * 48 + 48 * 64 + 2 * 32 + 2 * 48
    before = analyse(preset("starter")).parameters
    app.segmented_control(key="C2_kind").set_value("separable").run()
    strip = html(app, "c7-strip")
    assert f">{before - standard + separable:,} <" in strip
    assert f"▼\u202f{standard - separable:,} fewer" in strip


def test_channels_pool_and_dropout(app):
    type_into(app, "C1_channels", "40")
    app.toggle(key="C1_pool").set_value(False).run()
    app.select_slider(key="C1_dropout").set_value(0.15).run()
    stage = design(app).stage("C1")
    assert stage == Stage((Unit(16, dropout=0.15), Unit(40, dropout=0.15)), pool=None)


def test_groups_that_do_not_divide_are_said_with_the_cure_and_undone(app):
    app.segmented_control(key="C2_kind").set_value("grouped").run()
    built = html(app, "c7-strip")
    type_into(app, "C2_groups", "7")
    assert not app.exception
    said = html(app, "c7-said")
    assert "cannot be built" in said
    assert "7 groups do not divide its 32 input channels" in said
    assert "Choose 1, 2, 4, 8, 16 groups" in said
    assert "7 groups" in app.error[0].value  # on the card too
    assert app.button(key="to_train").disabled
    strip = html(app, "c7-strip stale")  # the figures of the last design that could be built
    assert f"{analyse(app.session_state['cifar7_valid']).parameters:,}" in strip
    app.button(key="undo").click().run()
    assert html(app, "c7-strip") == built
    assert not app.error
    assert not app.button(key="to_train").disabled


def test_a_map_that_vanishes_keeps_the_page_alive(app):
    """32 pixels halved five times are one; a 2x2 pool has nothing left to pool after five."""
    for name in ("C1", "C2", "C3"):
        app.session_state[f"{name}_folded"] = True
        app.run()
        app.selectbox(key=f"{name}_pool_size").set_value(4).run()
    assert not app.exception
    assert "the map vanishes" in html(app, "c7-said")
    app.segmented_control(key="C1_dilation").set_value(2).run()
    assert not app.exception


def test_units_that_differ_select_nothing_and_a_choice_sets_them_all(app):
    """The starter's C3: one standard convolution of dilation 2, one separable of dilation 1."""
    dilation = app.segmented_control(key="C3_dilation")
    assert dilation.value is None
    assert dilation.label == "Dilation (mixed)"
    dilation.set_value(3).run()
    assert [unit.dilation for unit in design(app).stage("C3").units] == [3, 3]
    assert app.segmented_control(key="C3_dilation").label == "Dilation"


def test_a_mixed_dropout_has_a_step_of_its_own(app):
    app.session_state["C1_folded"] = True
    app.run()
    app.selectbox(key="C1_unit1_dropout").set_value(0.2).run()
    assert app.select_slider(key="C1_dropout").value == "mixed"
    app.select_slider(key="C1_dropout").set_value(0.0).run()
    assert [unit.dropout for unit in design(app).stage("C1").units] == [0.0, 0.0]


def test_a_unit_adds_its_input_or_says_why_it_cannot(app):
    """The starter's C1 is 3 → 16 → 32, its C4 a row of units of 128 channels."""
    app.session_state["C1_folded"] = app.session_state["C4_folded"] = True
    app.run()
    first, added = app.selectbox(key="C1_unit1_residual"), app.selectbox(key="C4_unit1_residual")
    assert first.options == ["no", "around this unit (does not fit)"]  # 3 channels to 16; no unit before it
    assert "the 3 channels that go into unit 1 to its own 16" in first.help
    assert added.options == ["no", "around this unit"]
    added.set_value(1).run()
    assert design(app).stage("C4").units[0].residual == 1
    assert app.segmented_control(key="C4_unit").options[0] == "1: separable 3×3, residual → 128"
    app.segmented_control(key="C4_unit").set_value(2).run()
    second = app.selectbox(key="C4_unit2_residual")
    # Around both would overlap with the connection around the first.
    assert second.options == ["no", "around this unit", "around this and the one before (does not fit)"]
    second.set_value(2).run()
    assert not app.exception
    assert any("that of unit 1 ends inside it" in error.value for error in app.error)
    app.selectbox(key="C4_unit2_residual").set_value(1).run()
    assert not app.error
    assert [unit.residual for unit in design(app).stage("C4").units] == [1, 1]


def test_a_single_unit_is_edited_added_and_removed(app):
    app.session_state["C4_folded"] = True
    app.run()
    app.segmented_control(key="C4_unit").set_value(2).run()
    app.selectbox(key="C4_unit2_kernel").set_value(5).run()
    app.selectbox(key="C4_unit2_padding").set_value(1).run()
    app.toggle(key="C4_unit2_norm").set_value(False).run()
    first, second = design(app).stage("C4").units
    assert first == preset("starter").stage("C4").units[0]
    assert second == Unit(128, kernel=5, kind="separable", padding=1, norm=False)
    app.selectbox(key="C4_unit2_padding").set_value("same").run()
    assert design(app).stage("C4").units[1].padding is None
    app.button(key="C4_add").click().run()
    assert len(design(app).stage("C4").units) == 3
    assert app.segmented_control(key="C4_unit").value == 3  # the editor turns to it
    for _ in range(3):
        app.button(key="C4_remove").click().run()
    assert design(app).stage("C4") == Stage()
    assert "empty: passes its input on" in html(app, 'c7-card"><b>C4')
    app.button(key="C4_first").click().run()
    assert len(design(app).stage("C4").units) == 1


def test_the_output_and_the_whole_network(app):
    app.segmented_control(key="O_classifier").set_value("none").run()
    app.selectbox(key="O_pool").set_value(4).run()
    app.segmented_control(key="net_activation").set_value("gelu").run()
    app.segmented_control(key="net_order").set_value("conv-act-norm").run()
    app.toggle(key="net_bias").set_value(True).run()
    spec = design(app)
    assert (spec.output.classifier, spec.output.pool) == ("none", 4)
    assert (spec.activation, spec.order, spec.bias) == ("gelu", "conv-act-norm", True)
    assert not app.error


@pytest.mark.parametrize("name", PRESETS)
def test_toggling_never_throws(app, name):
    """Twelve toggles at random on every preset, whatever they make of it."""
    dice = random.Random(name)
    app.selectbox(key="preset").set_value(name).run()
    for _ in range(12):
        button = dice.choice([group for group in app.segmented_control if group.key[2:] != "unit"])
        stages = edits_of(button.key)
        button.set_value(dice.choice(stages)).run()
        assert not app.exception
    assert html(app, "c7-strip")


def edits_of(key: str) -> list:
    """The values that this group of buttons takes."""
    from cifar7.network import spec

    kind = key.partition("_")[2]
    return {
        "dilation": [1, 2, 3, 4],
        "kind": list(spec.KINDS),
        "classifier": list(spec.CLASSIFIERS),
        "activation": list(spec.ACTIVATIONS),
        "norm": list(spec.NORMS),
        "order": list(spec.ORDERS),
        "view": ["network", "lessons", "assignment"],  # not the picture, which loads torch
    }[kind]


def test_another_number_of_classes_reaches_figures_and_comparison(app, tmp_path):
    """Three classes, not ten: the linear layer of the starter loses 7 rows of 128 weights and a bias."""
    import tiny

    tiny.make_set(tmp_path / "data")
    app.run()  # an imported set is preselected before the built-in one
    assert not app.exception
    expected = analyse(preset("starter")).parameters - 7 * (128 + 1)
    strip = html(app, "c7-strip same")  # nothing was toggled
    assert f"{expected:,}" in strip


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
