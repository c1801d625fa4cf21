"""Who a browser is, as the page knows it: cookie, address, names, the teacher, and what they may press."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from ui.opened import captions, open_app
from where import ROOT

from cifar7.runs import people, queue
from cifar7.runs.folder import list_runs
from cifar7.runs.people import Person, load, public_id
from cifar7.runs.status import fresh
from cifar7.ui.shell import person
from cifar7.ui.shell.address import link_of
from cifar7.ui.words import waiting

ADA, BOB = "A" * 32, "B" * 32
SECRET = "the teacher's own"


@pytest.fixture
def cookie(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies that come with the connection."""
    cookies: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda self: cookies))
    return cookies


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(people.TEACHER, SECRET)


def token(app: AppTest) -> str:
    return str(app.session_state["cifar7_token"])


def script(app: AppTest) -> str:
    """What is sent to the browser to keep."""
    (found,) = [html.proto.body for html in app.get("html") if "<script>" in html.proto.body]
    return str(found)


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def test_the_first_visit_gives_a_token_that_the_session_keeps(
    empty_home: Path, cookie: dict[str, str]
) -> None:
    app = open_app()
    first = token(app)
    assert people.is_token(first)
    assert f'token = "{first}"' in script(app)
    assert "me" not in app.query_params
    app.run()
    assert token(app) == first
    assert token(open_app()) != first
    assert not (empty_home / "runs" / "people.json").exists(), "a visit alone leaves nothing"


def test_the_cookie_says_who_it_is(home: Path, cookie: dict[str, str]) -> None:
    cookie[person.COOKIE] = ADA
    assert token(open_app()) == ADA
    cookie[person.COOKIE] = "<script>"
    app = open_app()
    assert people.is_token(token(app))
    assert 'true && noted("cifar7_took"' in script(app), "and what is none of ours is replaced"


def test_without_cookies_the_address_does(home: Path, cookie: dict[str, str]) -> None:
    app = open_app(me=ADA)
    assert token(app) == ADA
    assert app.query_params["me"] == ADA
    app.switch_page("cifar7/ui/train/page.py").run()
    assert app.query_params["me"] in (ADA, [ADA])
    cookie[person.COOKIE] = ADA  # it was set since
    assert "me" not in open_app(me=ADA).query_params


@pytest.mark.parametrize("odd", ["", "x", "A" * 31, "../" * 11, "A" * 5000])
def test_an_odd_token_is_nobody(home: Path, cookie: dict[str, str], odd: str) -> None:
    app = open_app(me=odd)
    assert people.is_token(token(app))
    assert "me" not in app.query_params


def test_a_link_makes_nobody_another_person_unasked(home: Path, cookie: dict[str, str]) -> None:
    people.rename(home / "runs", ADA, "Ada")
    cookie[person.COOKIE] = BOB
    app = open_app(me=ADA)
    assert (token(app), "me" in app.query_params) == (BOB, False)
    app.button(key="who_decline").click().run()
    assert token(app) == BOB
    assert "who_accept" not in {button.key for button in app.button}
    app = open_app(me=ADA)
    app.button(key="who_accept").click().run()
    assert token(app) == ADA
    assert 'true && noted("cifar7_took"' in script(app)
    app.button(key="who_anew").click().run()
    assert token(app) not in (ADA, BOB)


def test_the_token_is_in_no_link_that_is_shared() -> None:
    for page in ("", "/train"):
        url = f"http://host:8501{page}?me={ADA}&teacher=x#top"
        assert link_of(url, "1.abc", ("train",)) == "http://host:8501/?net=1.abc"


def test_the_link_to_share_on_the_page_has_no_token(
    home: Path, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContextProxy, "url", property(lambda self: f"http://host/?me={ADA}"))
    app = open_app(me=ADA)
    holding = [code.value for code in app.code if ADA in code.value]
    assert holding == [f"http://host/?me={ADA}"], "the personal link alone"


def test_a_name_is_kept_and_a_wrong_one_refused(home: Path, cookie: dict[str, str]) -> None:
    cookie[person.COOKIE] = ADA
    app = open_app()
    app.text_input(key="who_name").set_value("  Ada  Lovelace ").run()
    assert load(home / "runs", ADA).name == "Ada Lovelace"
    assert app.text_input(key="who_name").value == "Ada Lovelace"
    app.text_input(key="who_name").set_value("a\u202eb").run()
    assert "The name stays as it was" in app.toast[0].value
    assert app.text_input(key="who_name").value == "Ada Lovelace"


def test_the_teacher_s_link_leaves_the_address_at_once(
    home: Path, cookie: dict[str, str], taught: None
) -> None:
    cookie[person.COOKIE] = ADA
    app = open_app(teacher=SECRET)
    assert "teacher" not in app.query_params
    assert load(home / "runs", ADA).teacher
    assert "You are the teacher here" in app.toast[0].value
    assert load(home / "runs", token(open_app())).teacher, "for good"
    cookie[person.COOKIE] = BOB
    app = open_app(teacher="guess")
    assert "teacher" not in app.query_params
    assert "not the teacher's link" in app.toast[0].value
    assert not load(home / "runs", BOB).teacher


def test_one_s_own_run_has_buttons_and_another_s_says_whose_it_is(
    home: Path, cookie: dict[str, str], pages, taught: None
) -> None:
    people.rename(home / "runs", ADA, "Ada")
    cookie[person.COOKIE] = ADA
    app = pages.open("train")
    app.button(key="train_start").click().run()
    (run,) = list_runs(home / "runs")
    assert (run.status()["by"], run.status()["by_name"]) == (public_id(ADA), "Ada")
    assert {"Pause", "Stop"} <= labels(app)

    cookie[person.COOKIE] = BOB
    other = open_app(run=run.id).switch_page("cifar7/ui/train/page.py").run()
    assert not {"Pause", "Stop"} & labels(other)
    assert (
        "Ada’s run. You can look at everything; only Ada or the teacher can stop or change it."
        in captions(other)
    )
    assert "by Ada" in other.button(key=f"open_{run.id}").label
    other = open_app(run=run.id, teacher=SECRET).switch_page("cifar7/ui/train/page.py").run()
    assert "Ada’s run" in captions(other)
    other.button(key="train_stop").click().run()
    assert run.status()["state"] == "stopped"


def test_a_click_that_a_page_should_not_have_had_is_refused_below(
    home: Path, cookie: dict[str, str], pages
) -> None:
    """The run changes hands while the page is open: what was drawn as mine is not any more."""
    cookie[person.COOKIE] = ADA
    app = pages.open("train")
    app.button(key="train_start").click().run()
    (run,) = list_runs(home / "runs")
    app.session_state["cifar7_token"] = BOB
    app.button(key="train_stop").click().run()
    assert run.status()["state"] == "queued"
    assert "only its owner or the teacher can stop this run" in app.error[0].value


def test_limits_are_on_the_controls_and_refuse_in_words(
    home: Path, cookie: dict[str, str], pages, limit: Callable[..., None], taught: None
) -> None:
    limit(epochs=10, waiting=1)
    app = pages.open("train")
    field = app.number_input(key="recipe_epochs")
    assert (field.max, field.help.endswith("At most 10 here.")) == (10, True)
    app.button(key="train_start").click().run()
    app.button(key="train_queue").click().run()
    assert "1 of your runs wait or are paused, and 1 are the limit for one person here" in app.error[0].value
    limit(epochs=4)
    app.run()
    assert app.number_input(key="recipe_epochs").value == 8, "what a link or an earlier limit brought"
    assert app.button(key="train_queue").disabled
    assert "8 epochs, and 4 are the limit here" in app.warning[0].value.replace("\\", "")
    limit(epochs="many")
    app.run()
    assert "in the file of limits, epochs is 'many'" in app.warning[0].value.replace("\\", "")
    people.make_teacher(home / "runs", token(app))
    limit(epochs=4)
    app.run()
    assert not app.button(key="train_queue").disabled


def test_where_it_waits_is_said_on_the_page_and_in_the_line(
    home: Path, cookie: dict[str, str], pages
) -> None:
    ada, bob = Person(public_id(ADA)), Person(public_id(BOB))
    runs = [queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny", by=by) for by in (ada, ada, bob)]
    app = pages.open("train", run=runs[1].id)
    words = "aiting for its turn: 2\u00a0runs before it"
    assert app.progress[0].text == f"W{words}"
    assert any(f"w{words}" in html.proto.body for html in app.get("html"))


def test_who_alone_can_stop_it_is_said_as_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def words(by: str, name: str = "") -> tuple[str, str]:
        status = {**fresh("Net", "tiny", "cpu"), "by": by, "by_name": name}
        bob = Person("bob")
        return waiting.whose_words(status, bob), waiting.hands_off_words(status, bob)  # type: ignore[arg-type]

    look = "You can look at everything; only"
    assert words("bob") == words("") == ("", "")
    assert words("ada") == (
        "Somebody else’s run",
        f"{look} who started it or the command line can stop or change it.",
    )
    monkeypatch.setenv(people.TEACHER, SECRET)
    assert words("ada", "Ada") == ("Ada’s run", f"{look} Ada or the teacher can stop or change it.")
    assert words("") == ("A run without an owner", f"{look} the teacher can stop or change it.")
    assert words("bob") == ("", "")


@pytest.mark.parametrize(
    ("before", "seconds", "words"),
    [
        (0, None, "next in the queue"),
        (0, 3.0, "next in the queue, begins in a moment"),
        (1, 44.0, "1 run before it, begins in about 40 s"),
        (2, 55.0, "2 runs before it, begins in about 1 min"),
        (2, 400.0, "2 runs before it, begins in about 7 min"),
        (2, None, "2 runs before it"),
    ],
)
def test_places_in_words(before: int, seconds: float | None, words: str) -> None:
    assert waiting.place_words(queue.Place(before, seconds)).replace("\u00a0", " ") == words


def test_every_page_says_who_asks() -> None:
    """No call in the pages leaves it out: left out, it is the command line, which may do all."""
    takes = {"request_stop": 1, "request_pause": 1, "request_resume": 2, "queue.enqueue": 6}
    takes |= {"experiments.start": 8, "experiments.stop": 2, "SweepFolder.create": 3, "sweep.request": 2}
    found = set()
    for path in (ROOT / "cifar7" / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name = node.func.attr
            name = name if name in takes else f"{getattr(node.func.value, 'id', '')}.{name}"
            if name in takes:
                found.add(name)
                named = {keyword.arg for keyword in node.keywords}
                assert len(node.args) >= takes[name] or "by" in named, f"{path}:{node.lineno}"
    assert found == set(takes)
