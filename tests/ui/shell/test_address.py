"""The address: it carries the design and the pin; a new browser opens a link, also a hostile one."""

import random
import string

import pytest
from streamlit.testing.v1 import AppTest
from ui.opened import design, open_app

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.network.profiles import read_profile
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.shell.address import link_of
from cifar7.ui.shell.link import Link, decode, encode


@pytest.fixture(autouse=True)
def home(empty_home):
    return empty_home


def strip(app: AppTest) -> str:
    return next(piece.value for piece in app.html if piece.value.startswith('<div class="c7-strip'))


def net(app: AppTest) -> str:
    value = app.query_params["net"]
    return value[0] if isinstance(value, list) else value


# The address


def test_an_untouched_page_has_a_bare_address():
    assert "net" not in open_app().query_params


def test_a_toggle_is_in_the_address_and_a_fresh_browser_opens_it():
    app = open_app()
    app.segmented_control(key="C2_dilation").set_value(3).run()
    app.session_state["cifar7_config"] = TrainConfig(epochs=21, lr=0.05)
    app.run()
    fresh = open_app(net=net(app))
    assert design(fresh) == design(app)
    assert fresh.session_state["cifar7_config"] == TrainConfig(epochs=21, lr=0.05)
    assert net(fresh) == net(app)
    assert fresh.segmented_control(key="C2_dilation").value == 3
    assert "starter<abbr" in strip(fresh)  # compared with the preset it came from


def test_back_to_the_start_clears_the_address():
    app = open_app()
    app.segmented_control(key="C2_dilation").set_value(3).run()
    assert "net" in app.query_params
    app.button(key="undo").click().run()
    assert "net" not in app.query_params


def test_a_browser_at_work_keeps_its_design():
    """The address may be older than the last click: it is written, not read."""
    app = open_app()
    app.segmented_control(key="C2_dilation").set_value(3).run()
    older = net(app)
    app.segmented_control(key="C2_dilation").set_value(4).run()
    app.query_params["net"] = older
    app.run()
    assert app.segmented_control(key="C2_dilation").value == 4
    assert decode(net(app)).spec == design(app)


def test_a_design_that_cannot_be_built_leaves_the_last_that_could_in_the_address():
    app = open_app()
    app.segmented_control(key="C2_dilation").set_value(3).run()
    before = net(app)
    app.session_state["cifar7_design"] = edits.set_kind(design(app), "C3", "grouped", 7)
    app.run()
    assert net(app) == before


def test_the_link_wins_over_the_run_of_the_same_address(home):
    """After a refresh the design is the one that stood there, not that of the run one looks at."""
    run = RunFolder.create(home / "runs", preset("shrimali"), TrainConfig(epochs=3), "shapes")
    app = open_app(run=run.id, net=encode(Link(preset("velasoka-simple"), TrainConfig())))
    assert design(app) == preset("velasoka-simple")
    assert app.session_state["cifar7_run"] == run.id


def test_a_link_for_images_that_are_not_here_says_so():
    app = open_app(net=encode(Link(preset("starter"), TrainConfig(), "teachers-own")))
    assert "teachers" in app.toast[0].value
    assert "not on this machine" in app.toast[0].value
    assert design(app) == preset("starter")


GOOD = encode(Link(edits.set_dilation(preset("starter"), "C2", 2), TrainConfig()))
DICE = random.Random(7)


def mutated() -> str:
    at, letter = DICE.randrange(len(GOOD)), DICE.choice(string.printable)
    return DICE.choice([GOOD[:at], GOOD[:at] + letter + GOOD[at + 1 :], GOOD[:at] + letter + GOOD[at:]])


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "1.",
        "2." + GOOD[2:],
        "<script>alert(1)</script>",
        "1." + "A" * 9000,
        *(mutated() for _ in range(12)),
    ],
)
def test_a_broken_link_is_reported_and_the_default_stands(sent):
    app = open_app(net=sent)
    if app.toast:  # a few mutations do no harm
        assert "Link not opened" in app.toast[0].value
        assert design(app) == preset("starter")
        assert "net" not in app.query_params


def test_the_assignment_of_the_address():
    assert open_app(profile="strict").session_state["cifar7_profile"].name == "strict"
    app = open_app(profile="../x")
    assert "not known" in app.toast[0].value
    assert "profile" not in app.query_params


OWN = read_profile(
    {
        "name": "mine",
        "title": "My class",
        "requirements": [{"id": "receptive_field", "is": "above", "limit": 100}],
    }
)


def test_an_own_assignment_outlives_a_refresh_and_lessons_follow_it():
    app = open_app()
    assert app.segmented_control(key="side_view").options[2] == "Pitfalls: none"
    app.session_state["cifar7_profile"] = OWN
    app.run()
    text = app.query_params["profile"]
    fresh = open_app(profile=text[0] if isinstance(text, list) else text)
    assert fresh.session_state["cifar7_profile"] == OWN
    assert analyse(preset("starter")).receptive_field_total == 100  # enough for the usual one, not for this
    assert fresh.segmented_control(key="side_view").options[2] == "Pitfalls: 1"


@pytest.mark.parametrize("sent", ["1.", "1.AAAA", f"{GOOD}", "1." + "A" * 9000, "1.<script>"])
def test_a_broken_assignment_is_reported_and_the_design_opens(sent):
    app = open_app(profile=sent, net=GOOD)
    assert "The assignment of the address was not opened" in app.toast[0].value
    assert design(app) == edits.set_dilation(preset("starter"), "C2", 2)
    assert app.query_params["net"] == [GOOD] or app.query_params["net"] == GOOD
    assert "profile" not in app.query_params


def test_a_built_in_assignment_is_named_and_adds_nothing_to_a_link():
    app = open_app(profile="strict")
    assert app.query_params["profile"] in ("strict", ["strict"])


def test_a_whole_link_leads_to_the_first_page():
    paths = ("train", "handin")
    assert link_of("http://host:8501/train?run=x#y", "1.a", paths) == "http://host:8501/?net=1.a"
    assert link_of("http://host/", "1.a", paths, "1.b") == "http://host/?net=1.a&profile=1.b"
    assert link_of("https://host/class/cifar7/", "1.a", paths) == "https://host/class/cifar7/?net=1.a"
    assert link_of("https://host/class/handin", "1.a", paths) == "https://host/class/?net=1.a"


# The pin


def test_a_pin_is_what_every_figure_is_compared_with():
    app = open_app()
    app.segmented_control(key="C4_dilation").set_value(2).run()
    app.button(key="pin").click().run()
    assert "the pinned design" in strip(app)
    app.segmented_control(key="C4_dilation").set_value(3).run()
    # C4: two 3×3 at jump 8, one dilation more: 2 · 2·8 = 32 px against the pin, 64 against the preset
    assert "▲\u202f32 px wider" in strip(app)
    assert "compared with the pinned design" in strip(app)
    table = next(
        piece.value for piece in app.html if "c7-table" in piece.value and "<style>" not in piece.value
    )
    assert '<span class="diff c7-more">▲\u202f32</span>' in table
    app.button(key="pin").click().run()  # unpin
    assert "▲\u202f64 px wider" in strip(app)


def test_a_pin_outlives_a_refresh():
    app = open_app()
    app.selectbox(key="preset").set_value("shrimali").run()
    app.button(key="pin").click().run()
    app.segmented_control(key="C1_dilation").set_value(2).run()
    address = {name: app.query_params[name] for name in ("net", "pin")}
    fresh = open_app(**{name: v[0] if isinstance(v, list) else v for name, v in address.items()})
    assert fresh.session_state["cifar7_pin"] == preset("shrimali")
    assert strip(fresh) == strip(app)
    broken = open_app(pin="1.x")
    assert "Pinned design not opened" in broken.toast[0].value
    assert "pin" not in broken.query_params


def test_a_pin_outlives_another_preset():
    app = open_app()
    app.button(key="pin").click().run()
    app.selectbox(key="preset").set_value("velasoka-simple").run()
    more = analyse(preset("velasoka-simple")).parameters - analyse(preset("starter")).parameters
    assert f"▲\u202f{more:,} more" in strip(app)
    assert app.button(key="reset").disabled  # nothing was changed since the preset
    app.selectbox(key="preset").set_value("starter").run()
    assert "the pinned design" in strip(app)
