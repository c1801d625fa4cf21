"""The list of pages, in the order of the navigation. A new page is one more entry here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its file, for st.switch_page and st.page_link, and its entry in the navigation."""

    file: str
    title: str
    icon: str
    path: str  # the last part of its address; empty for the page that opens first
    bare: bool = False  # without strip and navigation, and not listed there


def _page(folder: str, title: str, icon: str, path: str | None = None) -> Page:
    address = folder if path is None else path
    return Page(f"cifar7/ui/{folder}/page.py", title, f":material/{icon}:", address)


ALL = (
    _page("design", "Design", "tune", path=""),
    _page("train", "Train", "model_training"),
    _page("mistakes", "Mistakes", "image_search"),
    _page("compare", "Compare", "compare_arrows"),
    _page("handin", "Hand in", "assignment_turned_in"),
    _page("classroom", "Class", "groups", path="class"),
    Page("cifar7/ui/classroom/projector.py", "Class", ":material/groups:", "projector", bare=True),
)
DESIGN, TRAIN, MISTAKES, COMPARE, HAND_IN, CLASS, PROJECTOR = (page.file for page in ALL)
SERVER = _page("server", "Server", "monitor_heart")  # the teacher's
PATHS = tuple(page.path for page in (*ALL, SERVER) if page.path)
BARE = tuple(page.path for page in ALL if page.bare)


def shown(teacher: bool) -> tuple[Page, ...]:
    """The pages in somebody's navigation."""
    return (*ALL, SERVER) if teacher else ALL
