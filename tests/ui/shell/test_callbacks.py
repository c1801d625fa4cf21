"""A callback is carried out as a whole, whatever is clicked meanwhile."""

import ast
from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.state import SafeSessionState, SessionState
from where import ROOT

from cifar7.ui.shell import controls


class Busy:
    """Session state of a page on which somebody clicks before each look at it."""

    def __init__(self) -> None:
        self.state = SafeSessionState(SessionState(), self.newer_click)
        self.looks = 0

    def newer_click(self) -> None:
        self.looks += 1
        raise RerunException(RerunData())


@pytest.fixture
def busy(monkeypatch):
    page = Busy()
    monkeypatch.setattr(controls, "get_script_run_ctx", lambda: SimpleNamespace(session_state=page.state))
    return page


def test_a_newer_click_cuts_no_callback_short(busy):
    def change(first, *, second):
        busy.state["first"] = first
        busy.state["second"] = second

    with pytest.raises(RerunException):
        change(1, second=2)  # so it would be without it
    controls.callback(change)(1, second=2)
    assert busy.looks == 1
    assert busy.state.filtered_state == {"first": 1, "second": 2}


def test_after_a_callback_a_newer_click_is_seen_again(busy):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        controls.callback(fail)()
    with pytest.raises(RerunException):
        busy.state["key"] = 0


def test_every_callback_of_the_pages_is_one():
    """Except one that is passed on to a function which wraps it."""
    passed_on = {
        "on_select or 'ignore'",
        "state.set_compared",
        "_void",
        "lambda chosen: st.session_state.update({_RUNS: chosen})",
    }
    others = set()
    for path in (ROOT / "cifar7" / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("on_click", "on_change", "on_select"):
                text = ast.unparse(node.value)
                if not isinstance(node.value, ast.Constant) and not text.startswith("callback("):
                    others.add(text)
    assert others == passed_on
