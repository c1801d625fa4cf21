"""Fixtures that several test files share."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import browser
import pytest
import tiny
import zygote
from place import Place
from where import APP

from cifar7.runs import queue

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from streamlit.testing.v1 import AppTest

# One thread of arithmetic for each process, before torch is imported, for this one and those that it starts:
# the networks here are too small to gain from more, and the test processes would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a test that wants two does not spin while they wait

# The rooms below the pages are tested where there is no Streamlit, too (a rented GPU machine, Python 3.10).
HAS_STREAMLIT = importlib.util.find_spec("streamlit") is not None
collect_ignore_glob = [] if HAS_STREAMLIT else ["ui/*", "in_browser/*"]


def pytest_sessionstart() -> None:
    """Look for garbage less often: a tenth of the time went there, and there is memory enough."""
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_finish() -> None:
    """What has been imported is no garbage, and not looked through again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is `slow` unless -m names it: any other -m would bring it back."""
    if "slow" not in config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_report_header() -> str | None:
    """Say what is left out, and why."""
    return None if HAS_STREAMLIT else "Streamlit is not installed: the tests of the pages are left out"


@pytest.fixture(scope="session", autouse=True)
def _zygote() -> Iterator[None]:
    """What loads torch is forked from a process that has; see there for which commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", zygote.Popen)
        yield
    zygote.ZYGOTE.close()


@pytest.fixture(scope="session", autouse=True)
def _stays() -> Iterator[None]:
    """No test is replaced by the fresh process that takes the place of one whose device is lost."""

    def refuse(*command: object) -> None:
        raise AssertionError(f"this process would be replaced by {command}")

    # Its own: with a test's, what that test patches would still hold when its folder is removed.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "execve", refuse)
        yield


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes start as they do outside the tests: the interpreter, the command line, the imports."""
    monkeypatch.setattr(zygote.ZYGOTE, "enabled", False)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """$CIFAR7_HOME, empty: only the built-in set can be chosen."""
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    monkeypatch.delenv("CIFAR7_DATA", raising=False)
    monkeypatch.delenv("CIFAR7_RUNS", raising=False)
    return tmp_path


@pytest.fixture
def limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts limits in force, as in `limit(epochs=3)`."""

    def put(**limits: float) -> None:
        path = tmp_path / "some-limits.json"
        path.write_text(json.dumps(limits))
        monkeypatch.setenv("CIFAR7_LIMITS", str(path))

    return put


@pytest.fixture
def home(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cifar7 home, with the image set `tiny` in it; no worker is ever started."""
    import streamlit as st

    monkeypatch.setattr(queue, "ensure_worker", lambda *_, **__: None)
    tiny.make_set(empty_home / "data")
    st.cache_data.clear()  # what is cached goes by the run's id and the set's name, not by the home
    yield empty_home
    st.cache_data.clear()


@pytest.fixture
def app(empty_home: Path) -> AppTest:
    """The Design page with the starter on it."""
    from ui.opened import open_app

    return open_app()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place for runs, with a worker of its own."""
    with pytest.MonkeyPatch.context() as patch:
        # Two threads wait for each other longer than such a small network takes.
        patch.setenv("OMP_NUM_THREADS", "1")
        made = Place(tmp_path_factory.mktemp("place"))
        yield made
        made.close()


@pytest.fixture
def cli_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """For the command line: `home` with the data set `tiny`, and beside it a network, tiny.json."""
    import torch

    for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # for processes; and for this one:
    torch.set_num_threads(1)  # two threads wait for each other longer than such a small network takes
    tiny.make_set(tmp_path / "home" / "data")
    (tmp_path / "tiny.json").write_text(json.dumps(tiny.SPEC.to_dict()))
    return tmp_path


@pytest.fixture
def one_thread() -> Iterator[None]:
    """A toy network gains nothing from more, and a busy machine makes threads wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Pages:
    """The app as AppTest shows it, one page at a time."""

    def __init__(self) -> None:
        from streamlit.testing.v1 import AppTest

        self.app = AppTest.from_file(str(APP), default_timeout=60)

    def open(self, page: str, **query: str) -> AppTest:
        """The page `train`, `mistakes` or `design`, freshly opened with this address.

        As by a link, without another page before it: AppTest.switch_page knows no page before a first run.
        """
        from streamlit.util import calc_hash

        from cifar7.ui.shell import pages

        (path,) = [known.path for known in pages.ALL if known.file == f"cifar7/ui/{page}/page.py"]
        self.app.query_params.update(query)
        self.app._page_hash = calc_hash(path)
        self.app.run()
        assert not self.app.exception, self.app.exception
        return self.app


@pytest.fixture
def pages(home: Path) -> Pages:
    return Pages()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Site]:
    """A server for all browser tests of the session."""
    if reason := browser.missing():
        pytest.skip(reason)
    with browser.serving(tmp_path_factory.mktemp("site")) as running:
        yield running
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


@pytest.fixture(scope="session")
def chromium(site: browser.Site) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=browser.FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh tab: no cookies, no session."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * browser.PATIENCE)
    yield context.new_page()
    context.close()
