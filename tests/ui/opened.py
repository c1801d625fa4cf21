"""The app without a browser, and the design that is on it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from where import APP

from cifar7.network.spec import NetSpec


def open_app(**query: str) -> AppTest:
    """The page that a new browser sees at this address."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def design(app: AppTest) -> NetSpec:
    """The design that the page is at."""
    return app.session_state["cifar7_design"]


def captions(app: AppTest) -> str:
    """Every caption of the page, a line each, as it reads."""
    return "\n".join(element.value.replace("\\", "") for element in app.caption)
