"""The style sheets, page.css, components.css and lesson.css, as HTML, and the icon of the tab."""

from __future__ import annotations

from pathlib import Path


def _sheet(name: str) -> str:
    return f"<style>\n{Path(__file__).with_name(name).read_text(encoding='utf-8')}</style>"


PAGE, COMPONENTS, LESSON = _sheet("page.css"), _sheet("components.css"), _sheet("lesson.css")
ICON = (
    Path(__file__).with_name("icon.svg").read_text(encoding="utf-8")
)  # one by name is asked from a font host


def dialog(theme: str) -> str:
    """The theme of a dialog, "light" or "dark", which does not follow the app's: it is another element."""
    return f'<style>[data-testid="stDialog"] {{ color-scheme: {theme}; }}</style>'
