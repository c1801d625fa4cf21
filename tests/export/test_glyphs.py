"""Class names in exported pictures: drawn with a font that has them, or said to be boxes."""

from __future__ import annotations

import pytest

from cifar7.export import glyphs


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (glyphs._shape, glyphs._is_box_in_charts, glyphs._chart):
        cached.cache_clear()


def test_plain_names_ask_for_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_chart", lambda letter: pytest.fail("a chart was drawn"))
    assert glyphs.lacking(["cat", "fire truck", "$x^2$"]) == []


def test_a_letter_that_no_font_has_is_told() -> None:
    private = (
        "\U0010fff0"  # its shape is agreed by nobody; Python does not print it, so ask for the box itself
    )
    assert glyphs._is_box_in_charts(private)
    assert glyphs._missing(glyphs.OWN, ["a", private]) == [private]


def test_names_lack_what_the_fonts_of_the_machine_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    # A machine whose charts have everything but one letter, and whose pictures have ASCII alone.
    monkeypatch.setattr(glyphs, "_chart", lambda letter: b"box" if letter in ("机", glyphs.NOBODYS) else b"")
    monkeypatch.setattr(
        glyphs, "_shape", lambda font, letter: b"box" if letter in "é机" + glyphs.NOBODYS else b""
    )
    assert glyphs.lacking(["飞机", "飞", "café", "cat"]) == ["飞机", "café"]


def test_the_font_with_the_most_letters_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    has = {glyphs.OWN: "", "DejaVuSans.ttf": "éя", "Arial.ttf": "éя"}
    monkeypatch.setattr(glyphs, "_is_here", lambda font: font in has)
    monkeypatch.setattr(
        glyphs, "_shape", lambda font, letter: letter.encode() if letter in has[font] else b"box"
    )
    assert glyphs.best_font(["cat"]) == glyphs.OWN
    assert glyphs.best_font(["é", "飞"]) == "DejaVuSans.ttf"
