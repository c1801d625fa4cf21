"""For the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest


@pytest.fixture(scope="session", autouse=True)
def app_test_prepares_once() -> Iterator[None]:
    """For each app AppTest searches the installed packages for components, for each run it compiles the page.

    Neither changes during a session.
    """
    from streamlit.components.v2 import manifest_scanner
    from streamlit.testing.v1 import app_test, local_script_runner

    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (manifest_scanner, "scan_component_manifests"),
            (app_test, "ScriptCache"),
            (local_script_runner, "ScriptCache"),
        ):
            patch.setattr(module, name, cache(getattr(module, name)))
        yield
