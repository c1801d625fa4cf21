"""Whatever a browser sends: no traceback on a page, nothing written outside, no run of others changed.

A few hundred cases of a fixed sample; CIFAR7_FUZZ=10000 tries as many.
"""

from __future__ import annotations

import json
import os
import random
import warnings
from collections.abc import Callable
from pathlib import Path

import handmade
import pytest
from pictures import write_archive
from streamlit.testing.v1 import AppTest
from ui import hostile
from ui.opened import open_app
from where import APP

from cifar7.data.decode import decode
from cifar7.data.reading import read_path
from cifar7.errors import UserError
from cifar7.export.model_source import model_source
from cifar7.imports.reading import read
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.lessons import lessons
from cifar7.network.problems import check
from cifar7.network.profiles import read_profile
from cifar7.network.spec import NetSpec
from cifar7.runs import people, queue
from cifar7.runs.files import replace_json
from cifar7.training.config import TrainConfig
from cifar7.ui.files.uploads import read_assignment, read_design
from cifar7.ui.handin import zip_maker
from cifar7.ui.shell import link, pages
from cifar7.ui.train import download

CASES = int(os.environ.get("CIFAR7_FUZZ", "300"))
# The part of the cases that goes through a page, where one takes a hundred times as long.
LINKS, VALUES = 0.04, 0.12
EACH = (1 - LINKS - VALUES) / 6  # of the six other kinds


def cases(kind: int, share: float = EACH) -> list[random.Random]:
    """A source of chance for each case of this kind."""
    return [random.Random(1000 * at + kind) for at in range(max(1, round(share * CASES)))]


def text(content: object) -> bytes:
    return json.dumps(content).encode("utf-8", "surrogatepass")


def accepted(use: Callable[[], object]) -> bool:
    """Whether it was taken; what was refused, was refused in words. Anything else is an error."""
    try:
        use()
    except UserError as error:
        refusal = str(error)
    else:
        return True
    assert refusal.strip()
    assert "\n" not in refusal
    return False


def use_design(content: object) -> None:
    """All that a page does with a design that it has taken."""
    design = read_design(text(content))
    analysis = analyse(design)
    card(analysis, read_profile(hostile.PROFILES["strict"].to_dict()))
    lessons(design)
    assert link.decode(link.encode(link.Link(design, TrainConfig()))).spec == design
    compile(model_source(design), "model.py", "exec")


def test_designs():
    taken = [accepted(lambda dice=dice: use_design(hostile.spec(dice))) for dice in cases(0)]
    assert 0.02 < sum(taken) / len(taken) < 0.6  # both sides are tried


def test_settings():
    def use(dice: random.Random) -> None:
        taken = TrainConfig.from_dict(hostile.config(dice))
        assert TrainConfig.from_dict(taken.to_dict()) == taken

    assert sum(accepted(lambda dice=dice: use(dice)) for dice in cases(1)) < CASES


def test_assignments():
    def use(dice: random.Random) -> None:
        profile = read_assignment(text(hostile.profile(dice)))
        card(analyse(hostile.preset("starter")), profile)

    taken = [accepted(lambda dice=dice: use(dice)) for dice in cases(2)]
    assert 0 < sum(taken) < len(taken)


def test_texts_of_networks():
    """What Bring your own reads: source, a notebook, a design, a print-out."""
    source = model_source(hostile.preset("starter"))
    cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, "execution_count": 1}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for dice in cases(3):
        sent = dice.choice(
            [
                hostile.scratched(dice, source.encode()),
                text(hostile.changed(dice, notebook)),
                text(hostile.spec(dice)),
            ]
        )
        accepted(lambda sent=sent: read(sent.decode("utf-8", "replace")))


def test_pictures():
    warnings.simplefilter("ignore")  # what is odd about them
    for dice in cases(4):
        sent = hostile.scratched(dice, dice.choice(hostile.pictures()))
        accepted(lambda sent=sent: decode(sent, "x"))


def test_archives(tmp_path: Path):
    """Nothing is ever written beside one."""
    for dice in cases(5):
        path = write_archive(tmp_path / dice.choice(("a.zip", "a.tar", "a.tar.xz")), hostile.files(dice))
        if dice.random() < 0.7:
            path.write_bytes(hostile.scratched(dice, path.read_bytes()))
        accepted(lambda path=path: read_path(path))
        assert list(tmp_path.iterdir()) == [path]
        path.unlink()


@pytest.fixture
def run(empty_home: Path, monkeypatch: pytest.MonkeyPatch):
    """A finished run of somebody, on a machine where nothing is trained or exported."""
    monkeypatch.setattr(queue, "ensure_worker", lambda *_, **__: None)
    monkeypatch.setattr(zip_maker, "make", lambda *_: b"zip")
    monkeypatch.setattr(download, "start", lambda: None)
    monkeypatch.setenv(people.TEACHER, "a secret of the teacher")
    handmade.make_set(empty_home / "data")
    run = handmade.make_run(empty_home)
    replace_json(run.path / "status.json", {**run.status(), "by": "0" * 20, "by_name": "Ada"})
    return run


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def whole(app: AppTest, sent: object) -> None:
    assert not app.exception, (sent, [e.value for e in app.exception], [e.stack_trace for e in app.exception])


def test_links(run, empty_home: Path):
    """Of all query parameters at once; what was taken is shown by the page."""
    before = tree(run.path)
    for dice in cases(6, LINKS):
        content = {"network": hostile.spec(dice), "training": hostile.config(dice), "data": "shapes"}
        if dice.random() < 0.6:  # a link that is taken: one part of it is ours
            content[dice.choice(("network", "training"))] = {}
            content["network"] = content["network"] or hostile.preset("starter").to_dict()
        query = {
            "net": hostile.link(dice, content),
            "pin": hostile.link(dice, {**content, "training": {}}),
            "profile": hostile.link(dice, hostile.profile(dice)),
            "run": dice.choice((run.id, "../" + run.id, "..", "/etc", "a" * 300, run.id + "\0", "%2e%2e")),
            "me": dice.choice(("0" * 20, "a" * 32, "", "../people", "\0")),
            "teacher": dice.choice(("a secret", "", "a secret of the teacher ", "x" * 9000)),
            "runs": ",".join(dice.choices((run.id, "..", "", "x" * 200, "\ud7ff"), k=dice.randrange(9))),
        }
        query = {name: value for name, value in query.items() if dice.random() < 0.6}
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params.update(query)
        whole(app.run(), query)
    assert tree(run.path) == before
    assert {path.name for path in empty_home.iterdir()} <= {"data", "runs"}


@pytest.mark.parametrize("page", pages.ALL, ids=lambda page: page.title)
def test_values_of_widgets(run, empty_home: Path, page: pages.Page):
    """Of every kind that the protocol knows, whatever the widget's own limits and options."""
    before = tree(run.path)
    app = open_app(run=run.id)
    app.switch_page(page.file).run()
    for dice in cases(7, VALUES / len(pages.ALL)):
        states = app._tree.get_widget_states()
        for state in dice.sample(list(states.widgets), min(len(states.widgets), dice.choice((1, 1, 2, 6)))):
            hostile.value(dice, state)
        app._run(states)
        whole(app, states)
    assert tree(run.path) == before
    assert {path.name for path in empty_home.iterdir()} <= {"data", "runs", "exports"}


def test_a_design_from_a_link_is_checked_as_a_design_from_a_file():
    content = hostile.preset("starter").to_dict()
    assert NetSpec.from_dict(content) == read_design(text(content))
    check(read_design(text(content)))
