"""The Design page: what a toggle does to design and figures, and what is said of one that cannot be built."""

import random

import pytest
from streamlit.testing.v1 import AppTest
from ui.opened import design

from cifar7.network.arithmetic import analyse
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import Stage, Unit


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
    app.segmented_control(key="C4_unit").set_value("2").run()
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
    app.segmented_control(key="C4_unit").set_value("2").run()
    app.selectbox(key="C4_unit2_kernel").set_value(5).run()
    app.selectbox(key="C4_unit2_padding").set_value(1).run()
    app.selectbox(key="C4_unit2_norm").set_value("none").run()
    first, second = design(app).stage("C4").units
    assert first == preset("starter").stage("C4").units[0]
    assert second == Unit(128, kernel=5, kind="separable", padding=1, norm=False)
    app.selectbox(key="C4_unit2_padding").set_value("same").run()
    assert design(app).stage("C4").units[1].padding is None
    app.button(key="C4_add").click().run()
    assert len(design(app).stage("C4").units) == 3
    assert app.segmented_control(key="C4_unit").value == "3"  # the editor turns to it
    for _ in range(3):
        app.button(key="C4_remove").click().run()
    assert design(app).stage("C4") == Stage()
    assert "empty: passes its input on" in html(app, 'c7-card"><b>C4')
    app.button(key="C4_first").click().run()
    assert len(design(app).stage("C4").units) == 1


def test_the_output_and_the_whole_network(app):
    app.segmented_control(key="O_classifier").set_value("none").run()
    app.selectbox(key="O_pool").set_value(("average", 4)).run()
    app.selectbox(key="net_activation").set_value("gelu").run()
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
        "kind": list(spec.CONVOLUTIONS),
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
