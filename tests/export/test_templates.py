"""The templates: nothing is left out silently, and everything in them is in the package."""

import pytest
from jinja2 import UndefinedError

from cifar7.export.templates import render


def test_a_value_that_is_missing_is_an_error_and_no_empty_place() -> None:
    with pytest.raises(UndefinedError, match="spec"):
        render("model.py", name="x")


def test_values_are_text_and_no_template() -> None:
    text = render(
        "train.py", config=_Anything(), official=True, classes=(), title="{{ 1 + 1 }}", mean="", std="",
        constants=[("A", "{% if %}", "<b>")], exact=False,
    )  # fmt: skip
    assert "on {{ 1 + 1 }}, as" in text
    assert "A = {% if %}  # <b>\n" in text


class _Anything:
    """An object whose every attribute is there and false."""

    def __getattr__(self, name: str) -> str:
        return ""
