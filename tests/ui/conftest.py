"""For the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest


@pytest.fixture(scope="session", autouse=True)
def app_test_prepares_once() -> Iterator[None]:
    """See there."""
    with prepared_once():
        yield


@contextmanager
def prepared_once() -> Iterator[None]:
    """For each app AppTest searches the installed packages for components, for each run it compiles the page.

    Neither changes during a session. And while the page runs, AppTest goes through all its events a thousand
    times a second, to see whether it has ended: here it waits for the thread.
    """
    from streamlit.components.v2 import manifest_scanner
    from streamlit.testing.v1 import app_test, local_script_runner

    look = local_script_runner.require_widgets_deltas

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        if runner._script_thread is not None:
            runner._script_thread.join(timeout)
        if not runner.script_stopped():
            look(runner, 0)  # which stops it and says so

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        for module, name in (
            (manifest_scanner, "scan_component_manifests"),
            (app_test, "ScriptCache"),
            (local_script_runner, "ScriptCache"),
        ):
            patch.setattr(module, name, cache(getattr(module, name)))
        yield
