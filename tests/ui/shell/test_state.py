"""The state behind the pages: the address, the comparison, undo, what a hostile browser may send."""

import re

import pytest
from ui.opened import design, open_app
from where import ROOT

from cifar7.network import edits
from cifar7.network.presets import preset
from cifar7.network.spec import Stage, Unit
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.design.growth import INK
from cifar7.ui.shell.link import Link, encode
from cifar7.ui.shell.sheets import PAGE
from cifar7.ui.strip.run_line import line_html
from cifar7.ui.words import device
from cifar7.ui.words.wording import duration


@pytest.fixture
def runs(empty_home):
    """The folder of the runs, none yet."""
    return empty_home / "runs"


def test_a_fresh_browser_gets_the_starter(runs):
    app = open_app()
    assert design(app) == preset("starter")
    assert not app.toast


def test_the_address_of_a_run_brings_its_design_and_recipe(runs):
    spec = preset("shrimali").with_stage("C1", Stage((Unit(24),), pool=2))
    run = RunFolder.create(runs, spec, TrainConfig(epochs=3), "shapes")
    app = open_app(run=run.id)
    assert design(app) == spec
    assert app.session_state["cifar7_baseline"] == preset("shrimali")  # the preset of that name
    assert app.session_state["cifar7_config"].epochs == 3


def test_the_run_stays_in_the_address_on_other_pages(runs):
    run = RunFolder.create(runs, preset("starter"), TrainConfig(), "shapes")
    app = open_app(run=run.id)
    app.query_params.clear()  # what the browser does when another page is chosen
    app.run()
    assert app.query_params["run"] == run.id


def test_an_address_opened_later_does_not_take_the_design_away(runs):
    """Only a fresh session takes the design of the run; one at work keeps its own."""
    run = RunFolder.create(runs, preset("shrimali"), TrainConfig(), "shapes")
    app = open_app()
    app.query_params["run"] = run.id
    app.run()
    assert app.session_state["cifar7_run"] == run.id
    assert design(app) == preset("starter")


@pytest.mark.parametrize(
    "sent",
    [
        "../../etc/passwd",
        "..",
        "",
        "/",
        "20260101-000000-nobody-abcdefghijkl",
        "<script>alert(1)</script>",
        "a" * 5000,
        "\x00",
        "%2e%2e%2f",
        "ＲＵＮ",
    ],
)
def test_a_hostile_address_is_reported_and_dropped(runs, sent):
    app = open_app(run=sent)
    assert design(app) == preset("starter")
    assert "cifar7_run" not in app.session_state
    assert "run" not in app.query_params
    assert "not on this machine" in app.toast[0].value
    app.run()
    assert not app.toast  # once is enough


@pytest.mark.parametrize("damaged", ["spec.json", "config.json"])
def test_a_damaged_run_is_reported_and_the_starter_stands(runs, damaged):
    run = RunFolder.create(runs, preset("shrimali"), TrainConfig(), "shapes")
    (run.path / damaged).write_text('{"version": 99, "epochs": -1}')
    app = open_app(run=run.id)
    assert "cannot be read" in app.toast[0].value
    assert design(app) == preset("starter")


def test_a_typed_width_that_is_none_is_reported_and_ignored(runs):
    app = open_app()
    for sent in ("abc", "-1", "0", "1025", "1e3", "٣", "9" * 400, "16.5", "<b>", " "):
        box = app.selectbox(key="C1_channels")
        box.options.append(sent)  # as if typed
        box.set_value(sent).run()
        assert not app.exception
        assert design(app) == preset("starter")
        assert "a whole number from 1 to 1,024" in app.toast[0].value


def test_what_a_browser_sends_before_it_has_drawn_a_change_is_no_choice(runs):
    """It sends what the controls showed before; only those that had changed are not listened to."""
    app = open_app()
    before = app.text_input(key="cifar7_receipt").value
    app.segmented_control(key="C1_dilation").set_value(2).run()
    app.button(key="undo").click().run()
    app.text_input(key="cifar7_receipt").set_value(before)
    app.segmented_control(key="C1_dilation").set_value(2)  # as it was before Undo
    app.segmented_control(key="C2_dilation").set_value(3).run()
    assert design(app) == edits.set_dilation(preset("starter"), "C2", 3)
    assert app.segmented_control(key="C1_dilation").value == 1  # shown again as it is
    app.segmented_control(key="C1_dilation").set_value(2).run()  # by now it has been drawn
    assert [unit.dilation for unit in design(app).stage("C1").units] == [2, 2]


@pytest.mark.parametrize("sent", ["", "x", "-1", "٣", "9" * 400])
def test_a_receipt_may_be_anything(runs, sent):
    app = open_app()
    app.text_input(key="cifar7_receipt").set_value(sent)
    app.segmented_control(key="C1_dilation").set_value(2).run()
    assert not app.exception
    assert [unit.dilation for unit in design(app).stage("C1").units] == [2, 2]


def test_a_control_begins_in_a_browser_with_what_it_shows(runs):
    """A run that a click cuts short sets a control's value, and the next run does not say it again."""
    app = open_app(net=encode(Link(preset("velasoka-separable"), TrainConfig())))
    app.session_state["C1_folded"] = app.session_state["O_folded"] = True
    app.run()
    for control in (*app.toggle, *app.selectbox, *app.segmented_control, *app.select_slider):
        if not control.key.startswith(("C", "O_", "net_", "preset", "side_view")):
            continue
        proto, value = control.proto, control.value
        if control in app.toggle:
            assert proto.default == value, control.key
        elif control in app.selectbox:
            begins = proto.options[proto.default] if proto.HasField("default") else None
            assert begins == (None if value is None else control.format_func(value)), control.key
        elif control in app.segmented_control:
            assert list(proto.default) == list(control.indices), control.key
        else:
            assert list(proto.default) == [control.options.index(control.format_func(value))], control.key


def test_undo_goes_back_step_by_step(runs):
    app = open_app()
    app.segmented_control(key="C1_dilation").set_value(2).run()
    app.segmented_control(key="C1_dilation").set_value(3).run()
    app.button(key="undo").click().run()
    assert [unit.dilation for unit in design(app).stage("C1").units] == [2, 2]
    assert app.segmented_control(key="C1_dilation").value == 2  # the widget follows the design
    app.button(key="undo").click().run()
    assert design(app) == preset("starter")
    assert app.button(key="undo").disabled


def test_the_design_survives_another_page(runs):
    app = open_app()
    app.segmented_control(key="C2_dilation").set_value(4).run()
    app.switch_page("cifar7/ui/mistakes/page.py").run()
    app.switch_page("cifar7/ui/design/page.py").run()
    assert app.segmented_control(key="C2_dilation").value == 4


def test_a_run_that_waits_stands_in_the_strip_of_every_page(runs):
    run = RunFolder.create(runs, preset("starter"), TrainConfig(), "shapes")
    app = open_app(run=run.id)
    for page in ("design", "mistakes"):
        app.switch_page(f"cifar7/ui/{page}/page.py").run()
        assert any("Training starter: waiting for its turn" in piece.value for piece in app.html)
    run.request_stop()
    app.run()
    assert not any("c7-run" in piece.value for piece in app.html if "<style>" not in piece.value)


def test_the_bar_of_a_run_shows_epoch_share_and_time_left(runs):
    """Step 30 of 120 is a quarter."""
    status = RunFolder.create(runs, preset("starter"), TrainConfig(), "shapes").status()
    beat = {"event": "beat", "epoch": 2, "epochs": 8, "step": 30, "steps": 120, "seconds_left": 185.0}
    html = line_html({**status, "state": "running", "name": "<i>", "progress": beat})
    assert f"Training &lt;i&gt;: epoch 2 of 8 · {duration(185)} left" in html
    assert 'aria-valuenow="25"' in html
    assert "starting" in line_html({**status, "state": "running"})


def test_the_device_is_what_the_run_was_executed_on(runs):
    run = RunFolder.create(runs, preset("starter"), TrainConfig(), "shapes")
    assert device.words(run.id) == device.words(None)  # not begun: this machine
    (run.path / "environment.json").write_text('{"device": "NVIDIA H100"}')
    assert device.words(run.id) == "NVIDIA H100"
    assert device.words("20260101-000000-nobody-abcdefghijkl") == device.words(None)


def test_the_style_sheet_knows_the_colours_of_the_theme():
    """The strip covers what scrolls under it with the page's background; a drawing's text is the page's."""
    config = (ROOT / ".streamlit" / "config.toml").read_text()
    for key, variable in (("backgroundColor", "--c7-page"), ("textColor", "--c7-ink")):
        light, dark = re.findall(rf'^{key} = "(#\w+)"', config, re.MULTILINE)
        assert f"{variable}: light-dark({light}, {dark})" in PAGE
    assert f'text[fill="{INK}"]' in PAGE
