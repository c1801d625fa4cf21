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
    learns: bool = True  # whether an open lesson stands beside it
    bare: bool = False  # without strip and navigation, and not listed there


def _page(folder: str, title: str, icon: str, path: str | None = None, learns: bool = True) -> Page:
    address = folder if path is None else path
    return Page(f"cifar7/ui/{folder}/page.py", title, f":material/{icon}:", address, learns)


EXPLORE_PATH = "explore"
ALL = (
    _page("design", "Design", "tune", path=""),
    _page("train", "Train", "model_training"),
    _page(EXPLORE_PATH, "Explore", "explore"),
    _page("mistakes", "Mistakes", "image_search"),
    _page("compare", "Compare", "compare_arrows"),
    _page("handin", "Hand in", "assignment_turned_in", learns=False),
    _page("classroom", "Class", "groups", path="class", learns=False),
    Page(
        "cifar7/ui/classroom/projector.py", "Class", ":material/groups:", "projector", learns=False, bare=True
    ),
)
DESIGN, TRAIN, EXPLORE, MISTAKES, COMPARE, HAND_IN, CLASS, PROJECTOR = (page.file for page in ALL)
SERVER = _page("server", "Server", "monitor_heart", learns=False)  # the teacher's
LEARNING = tuple(page.path for page in ALL if page.learns)
PATHS = tuple(page.path for page in (*ALL, SERVER) if page.path)
BARE = tuple(page.path for page in ALL if page.bare)


def shown(teacher: bool) -> tuple[Page, ...]:
    """The pages that somebody may open."""
    return (*ALL, SERVER) if teacher else ALL
