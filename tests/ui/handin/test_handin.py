"""Hand in: the card of a run, its README, the zip; and what a layer looks at with a run's weights."""

import io
import signal
import subprocess
import zipfile
from types import SimpleNamespace

import handmade
import numpy as np
import pytest
import torch
from conftest import Pages

from cifar7.export import turns
from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.profiles import Profile, profile, read_profile
from cifar7.runs.folder import RunFolder
from cifar7.ui.handin import zip_maker
from cifar7.ui.pictures import inference
from cifar7.ui.shell import presence


@pytest.fixture
def run(home) -> RunFolder:
    handmade.make_set(home / "data")
    return handmade.make_run(home)


def texts(app) -> str:
    return "\n".join(piece.value for piece in [*app.html, *app.markdown, *app.caption])


def test_without_a_run_the_page_invites(pages: Pages):
    app = pages.open("handin")
    assert "nothing to hand in yet" in texts(app)
    assert "6 of 8 requirements fulfilled" in texts(app)  # the starter's: GPU and accuracy need a run
    app.button(key="handin_invite").click().run()
    assert app.button(key="train_start")


def test_the_page_shows_card_and_readme_of_the_run(pages: Pages, run):
    app = pages.open("handin", run=run.id)
    page = texts(app)
    assert "# Handmade" in page
    assert "70.00 %" in page  # 21 of 30
    assert "(curves.png in the zip)" in page
    assert "](curves.png)" not in page  # the page has no such file
    assert "not fulfilled" in page


def test_a_caption_tells_that_the_run_is_of_another_design(pages: Pages, run):
    app = pages.open("handin", run=run.id)
    assert "as it was trained" not in texts(app)
    app.session_state["cifar7_valid"] = edits.set_dilation(handmade.SPEC, "C1", 3)
    app.run()
    assert "as it was trained" in texts(app)
    assert "another by now" in texts(app).replace("another \nby", "another by")


def offered(app) -> bool:
    """Whether the zip can be downloaded."""
    return any(button.key == "handin_get" for button in app.get("download_button"))


def test_the_button_makes_the_zip(pages: Pages, run, monkeypatch):
    calls = []

    def make(run: RunFolder, profile: Profile, going) -> bytes:
        going()
        calls.append((run.id, profile.name))
        return b"zip"

    monkeypatch.setattr(zip_maker, "make", make)
    app = pages.open("handin", run=run.id)
    assert not offered(app)
    app.button(key="handin_make").click().run()
    assert calls == [(run.id, "three-max-pools")]
    assert offered(app)
    app.selectbox(key="profile_choice").set_value("strict").run()
    assert not offered(app)  # that one was for another card


def test_the_reason_of_a_failed_export_is_shown(pages: Pages, run):
    (run.path / "model.pt").unlink()
    app = pages.open("handin", run=run.id)
    app.button(key="handin_make").click().run()
    assert "has no weights" in app.error[0].value


def test_the_zip_is_the_command_line_s(home, run):
    own = read_profile(
        {"name": "mine", "title": "My class", "requirements": [{"id": "max_pools", "limit": 2}]}
    )
    with zipfile.ZipFile(io.BytesIO(zip_maker.make(run, own, lambda: None))) as archive:
        assert {"README.md", "model.py", "train.py", "weights.pt", "curves.png"} <= set(archive.namelist())
        assert "My class" in archive.read("README.md").decode()


class LeftError(Exception):
    """Stands for what Streamlit raises where a newer click came."""


def test_who_leaves_ends_the_export(home, run, monkeypatch):
    begun = []
    popen = subprocess.Popen

    def start(*arguments, **options):
        begun.append(popen(*arguments, **options))
        return begun[0]

    monkeypatch.setattr(zip_maker.subprocess, "Popen", start)

    def leave():
        raise LeftError

    with pytest.raises(LeftError):
        zip_maker.make(run, usual(), leave)
    assert begun[0].returncode == -signal.SIGKILL


def usual() -> Profile:
    return profile("three-max-pools")


def test_with_two_others_at_work_the_page_waits_and_says_when_it_gives_up(pages: Pages, run, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    app = pages.open("handin", run=run.id)
    with turns.turn(lambda: None), turns.turn(lambda: None):
        app.button(key="handin_make").click().run()
    assert "two other exports have not ended" in app.error[0].value
    assert not offered(app)


def test_a_browser_that_has_left_is_not_waited_for(monkeypatch):
    class Runtime:
        active = True

        def is_active_session(self, session_id: str) -> bool:
            return self.active

    server = Runtime()
    monkeypatch.setattr(presence.runtime, "exists", lambda: True)
    monkeypatch.setattr(presence.runtime, "get_instance", lambda: server)
    monkeypatch.setattr(presence, "get_script_run_ctx", lambda: SimpleNamespace(session_id="a"))
    now = iter([0, 50, 59, 61, 70, 71.5])
    monkeypatch.setattr(presence.time, "monotonic", lambda: next(now))
    look = presence.watched()  # at 0 s
    look()  # there at 50 s
    server.active = False
    look()  # away for 9 s
    server.active = True
    look()  # back at 61 s
    server.active = False
    look()  # away for 9 s
    with pytest.raises(presence.GoneError):
        look()  # for 10.5 s


# What a layer looks at


def test_an_untrained_3x3_looks_at_nine_pixels():
    spec = handmade.SPEC
    strength, side = inference.untrained(spec, 0)
    assert strength.shape == (32, 32)
    assert strength.max() == 1.0
    assert np.argwhere(strength > 0).min() == 15  # around pixel 16, where the middle value stands
    assert np.argwhere(strength > 0).max() == 17
    assert side == 3.0


def test_a_run_looks_with_its_own_weights(home, run):
    rows = analyse(handmade.SPEC).rows
    last = max(at for at, row in enumerate(rows) if row.layer.kind == "conv")
    before, _ = inference.trained(run, last)
    weights = torch.load(run.path / "model.pt", weights_only=True)
    first = next(name for name in weights if name.endswith("weight"))
    weights[first].zero_()  # the first convolution sees nothing any more
    torch.save(weights, run.path / "model.pt")
    after, side = inference.trained(run, last)
    assert before.max() == 1.0
    assert (after == 0).all()
    assert side == 0.0


def test_the_work_is_bounded_whatever_the_network():
    spec = edits.set_channels(edits.set_channels(handmade.SPEC, "C1", 512), "C2", 1024)
    layer = len(analyse(spec).rows) - 3
    images, seeds = inference._affordable(spec, layer)
    macs = sum(row.macs for row in analyse(spec).rows[: layer + 1])
    assert images >= 2
    assert images * seeds * macs <= max(2 * macs, inference.LARGEST_WORK)
    assert inference._affordable(handmade.SPEC, 0) == (inference.MOST_IMAGES, inference.SEEDS)


def test_the_picture_view_says_where_a_layer_looks(pages: Pages, run):
    app = pages.open("design", run=run.id)
    app.segmented_control(key="side_view").set_value("picture").run()
    assert not app.exception
    # two 3×3 at jump 1, the second dilated by 2; a pool; a 3×3 at jump 2; a pool: 1 + 2 + 4 + 1 + 4 + 2
    caption = next(piece.value for piece in app.markdown if "may see" in piece.value)
    assert "may see <b>14 px</b>" in caption
    assert "Before training it looks mainly at about" in caption
    app.selectbox(key="look_weights").set_value(run.id).run()
    assert not app.exception
    assert any("After training it looks" in piece.value for piece in app.markdown)
    slider = app.select_slider(key="look_layer")
    assert len(set(slider.options)) == len(slider.options)  # it goes by what it shows
    slider.set_value(0).run()
    assert any("may see <b>3 px</b>" in piece.value for piece in app.markdown)
    # Another design has no run, and perhaps no such layer.
    app.segmented_control(key="C2_kind").set_value("standard").run()
    assert not app.exception
    assert app.selectbox(key="look_weights").value == "untrained"
