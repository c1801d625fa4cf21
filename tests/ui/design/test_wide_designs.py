"""Designs over the whole vocabulary: drawn, told, tabled and edited, with a second way beside the row."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from ui.opened import design, open_app
from wide_specs import wide_specs

from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.network.problems import problems
from cifar7.network.spec import OUTPUT, STAGE_NAMES, Head, NetSpec, Stage, Unit
from cifar7.ui.design.drawing import HEIGHT, LANE, SMALL, TOP, TOTAL, description, drawing_html, drawing_png
from cifar7.ui.design.field_drawing import middle_field
from cifar7.ui.design.growth import growth_data
from cifar7.ui.design.layer_files import growth_csv, layers_csv, network_csv
from cifar7.ui.design.layer_table import layers_table, table_html
from cifar7.ui.design.marks import marks
from cifar7.ui.words.lines import labels, lines
from cifar7.ui.words.summary import head_words, stage_words
from cifar7.ui.words.ways import Way, layout

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "50"))
HEAD = Head()
BESIDE = Unit(8, residual=1, dilation=1, shortcut=(Unit(8, dilation=2), Unit(8, kernel=1, activation=False)))
RESNET = Unit(16, stride=2, residual=1, shortcut=(Unit(16, kernel=1, stride=2, activation=False),))


def net(*units: Unit, head: Head = HEAD) -> NetSpec:
    return NetSpec("wide", (Stage(units), Stage(), Stage(), Stage()), head)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(wide_specs())
def test_whatever_can_be_built_can_be_shown(spec):
    assume(not problems(spec))
    analysis = analyse(spec)
    html = drawing_html(spec, analysis)
    ElementTree.fromstring(html.replace("&nbsp;", " "))  # well formed
    columns = lines(analysis.rows)
    assert [row for line in columns for row in line.rows] == list(analysis.rows)
    assert len(set(labels(columns))) == len(columns)
    laid = layout(columns)
    row = [at for at, line in zip(laid.columns, columns, strict=True) if not line.row.layer.beside]
    aside = [at for at, line in zip(laid.columns, columns, strict=True) if line.row.layer.beside]
    assert row == sorted(set(row))  # no two maps of a lane in one place
    assert len(aside) == len(set(aside))
    assert max(row) == laid.count - 1
    for line in columns:  # a follower is of the unit that its line is of
        units = {(r.layer.stage, r.layer.unit, r.layer.beside) for r in line.rows}
        assert len(units) == 1
    then = analyse(preset("starter"))
    for every in (False, True):
        table = table_html(analysis, spec.image_size, every, then, written=True)
        assert f"{analysis.parameters:,}" in table
        layers_table("t", analysis, every, then)
    points = growth_data(analysis, ("starter", then), spec.image_size, None)
    assert [p["y"] for p in points if p["what"] == "design"][-1] == analysis.receptive_field_total
    assert layers_csv(analysis, then)
    assert network_csv(analysis)
    assert growth_csv("wide", analysis)
    assert description(spec, analysis)
    assert head_words(spec)
    assert all(stage_words(spec, name) for name in STAGE_NAMES)
    marks(analysis.rows, spec.image_size)
    for at in range(len(analysis.rows)):
        field = middle_field(analysis.rows, at)
        assert (min(field.reached), max(field.reached)) == (0, field.side - 1)


def test_a_second_way_stands_above_the_columns_that_it_goes_around():
    """Image 0; two units beside the convolution, which is in the middle of columns 1 and 2; the sum."""
    analysis = analyse(net(BESIDE))
    columns = lines(analysis.rows)
    assert [line.name for line in columns][:4] == [
        "conv 3×3",
        "beside: conv 3×3",
        "beside: conv 1×1",
        "residual sum",
    ]
    laid = layout(columns)
    assert laid.columns[:4] == (1.5, 1.0, 2.0, 3.0)
    assert laid.ways == (Way(0, 1, 3),)
    html = drawing_html(net(BESIDE), analysis)
    assert f'height="{TOTAL + LANE}"' in html
    heights = [float(h) for h in re.findall(r'<rect class="map made aside" [^>]*? height="([\d.]+)"', html)]
    assert heights == [SMALL, SMALL]  # maps as large as the image
    ends = re.findall(r'<line class="arc" x1="([\d.]+)%" x2="([\d.]+)%"', html)
    columns_of = [(float(a) * laid.count / 100 - 0.5, float(b) * laid.count / 100 - 0.5) for a, b in ends]
    assert [(round(a, 2), round(b, 2)) for a, b in columns_of] == [(0, 3)]
    legs = re.findall(r'class="arc leg" [^>]* y2="([\d.]+)"', html)
    assert legs == [f"{TOP + LANE:.1f}"] * 2  # maps as high as the image
    assert "conv 3×3, residual with (conv 3×3, dilation 2 → 8 · conv 1×1 → 8) → 8" in html
    assert drawing_png(net(BESIDE), analysis).startswith(b"\x89PNG")
    assert f'height="{TOTAL}"' in drawing_html(net(Unit(8)), analyse(net(Unit(8))))
    assert HEIGHT > SMALL


def test_a_concatenation_is_told_from_a_sum():
    """8 channels beside 8 are 16."""
    spec = net(replace(BESIDE, join="concat"))
    html = drawing_html(spec, analyse(spec))
    assert html.count('class="stack"') == 2
    assert ">cat<" in html
    assert ">+<" not in html
    assert "concatenation, with the branch beside → 16 × 32×32, receptive field 5 px" in html


def test_the_receptive_field_of_a_join_is_written_out():
    """3 pixels beside 5 around the same middle are 5; -1 … 3 beside -2 … 2 are six pixels."""
    (join,) = [row for row in lines(analyse(net(BESIDE)).rows) if row.name == "residual sum"]
    assert join.working == "max(3, 5) = 5"
    # A 3x3 sees -1 … 1, and the 2x2 behind it, at a jump of 2, also 1 … 3; a 5x5 sees -2 … 2.
    around = (Unit(8, kernel=5, stride=2), Unit(8, kernel=1, stride=2))
    last = Unit(8, kernel=2, padding=0, stride=2, residual=2, shortcut=around)
    (join,) = [row for row in lines(analyse(net(Unit(8, stride=2), last)).rows) if row.name == "residual sum"]
    assert join.working == "hull of 5 and 5 = 6"


def test_the_field_of_a_branch_is_its_own():
    """The dilated 3×3 beside the plain one sees three of 5 pixels in a line, whatever its neighbour sees."""
    field = middle_field(analyse(net(BESIDE)).rows, 3)
    assert analyse(net(BESIDE)).rows[3].layer.beside == 1
    assert (field.side, field.reached) == (5, frozenset({0, 2, 4}))


def test_what_stands_before_a_convolution_rides_with_it():
    spec = net(Unit(8), Unit(8, order="norm-act-conv"), Unit(8, kind="none"))
    first, second, third = lines(analyse(spec).rows)[:3]
    assert (first.name, first.settings) == ("conv 3×3", "batch norm, ReLU")
    assert (second.name, second.settings) == ("conv 3×3", "after batch norm, ReLU")
    assert (third.name, third.settings) == ("batch norm", "ReLU")
    assert stage_words(spec, "C1") == "2 × conv 3×3 → 8 · normalisation + activation"


def test_a_network_without_pooling_has_one_label():
    spec = net(Unit(8, stride=4), head=Head(pooling="none", classifier="linear"))
    points = [p for p in growth_data(analyse(spec), None, 32, None) if p["what"] == "design"]
    assert [p["label"] for p in points if p["label"]] == ["3"]
    assert head_words(spec) == "linear layer → 10"


def test_layers_behind_the_pooling_are_told():
    head = Head(behind=(Unit(64, kind="linear", dropout=0.2),), classifier="linear", pooling="max")
    assert head_words(net(Unit(8), head=head)) == "global max-pool · linear → 64 · linear layer → 10"


# On the page


@pytest.fixture
def opened():
    def open_with(spec: NetSpec, *folded: str):
        app = open_app()
        app.session_state["cifar7_design"] = app.session_state["cifar7_valid"] = spec
        for name in folded:
            app.session_state[f"{name}_folded"] = True
        app.run()
        assert not app.exception
        return app

    return open_with


def test_a_connection_gets_a_way_of_its_own(opened):
    """3 channels to 16 at half the size do not fit, until a 1×1 stands on the way around."""
    app = opened(net(Unit(16, stride=2)), "C1")
    app.selectbox(key="C1_unit1_residual").set_value(1).run()
    assert any("adds the 3 channels" in error.value for error in app.error)
    app.selectbox(key="C1_unit1_beside").set_value(1).run()
    assert not app.error
    assert design(app).units("C1") == (RESNET,)
    app.segmented_control(key="C1_unit").set_value("1.1").run()
    assert app.segmented_control(key="C1_unit").options[1] == "1.1, beside: conv 1×1, stride 2 → 16"
    app.selectbox(key="C1_unit1.1_kernel").set_value(3).run()
    assert design(app).units("C1")[0].shortcut[0].kernel == 3
    app.button(key="C1_add_before").click().run()
    assert [unit.kernel for unit in design(app).units("C1")[0].shortcut] == [3, 3]
    assert not app.error
    app.button(key="C1_remove").click().run()
    assert len(design(app).units("C1")[0].shortcut) == 1
    app.segmented_control(key="C1_unit").set_value("1").run()
    app.toggle(key="C1_unit1_joined").set_value(True).run()
    app.selectbox(key="C1_unit1_join").set_value("concat").run()
    unit = design(app).units("C1")[0]
    assert (unit.join, unit.joined_activation) == ("concat", True)
    assert not app.exception


def test_what_few_need_is_shown_when_it_is_set_or_asked_for(opened):
    app = opened(net(Unit(8)), "C1")
    assert "C1_unit1_order" not in [box.key for box in app.selectbox]
    app.toggle(key="C1_rare").set_value(True).run()
    app.selectbox(key="C1_unit1_order").set_value("norm-act-conv").run()
    app.toggle(key="C1_rare").set_value(False).run()
    assert app.selectbox(key="C1_unit1_order").value == "norm-act-conv"
    assert "C1_unit1_bias" not in [box.key for box in app.selectbox]
    assert design(app).units("C1")[0].order == "norm-act-conv"


def test_a_layer_stands_behind_the_pooling(opened):
    app = opened(net(Unit(8)), OUTPUT)
    app.button(key="O_behind").click().run()
    assert design(app).output.behind == (Unit(8, kernel=1, kind="linear"),)
    app.selectbox(key="O_unit1_norm").set_value("none").run()
    app.button(key="O_add").click().run()
    assert len(design(app).output.behind) == 2
    app.selectbox(key="O_pool").set_value(("none", 0)).run()
    assert not app.exception
    app.segmented_control(key="O_classifier").set_value("linear").run()
    assert not app.error


def test_a_stage_of_pools_has_no_controls_of_convolutions(opened):
    app = opened(
        net(Unit(3, kind="max_pool", kernel=3, stride=2, padding=1, norm=False, activation=False)), "C1"
    )
    keys = [control.key for control in (*app.segmented_control, *app.selectbox, *app.select_slider)]
    assert not {"C1_dilation", "C1_kind", "C1_channels", "C1_dropout"} & set(keys)
    assert "C1_unit1_kernel" in keys
    assert "C1_unit1_dilation" not in keys
