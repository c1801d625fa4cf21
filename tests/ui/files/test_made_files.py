"""A file made at a press is there when the browser comes for it, however many pages ran in between."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from cifar7.ui.files.take_away import KEPT, keeping


@pytest.fixture
def manager(monkeypatch):
    """Streamlit's own keeper of files, as a server has it."""
    made = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(media_file_mgr=made))
    return made


def press(manager: MediaFileManager, make) -> str:
    """The id of the file that a press on its button makes."""
    button = manager.add_deferred(make, "text/csv", "a button", "layers.csv")
    return manager.execute_deferred(button).split("/")[-1].split(".")[0]


def runs_end(manager: MediaFileManager, times: int) -> None:
    """As many runs of pages, anybody's."""
    for _ in range(times):
        manager.remove_orphaned_files()


def test_it_outlives_the_runs_of_other_pages(manager):
    kept = press(manager, keeping(lambda: b"1,2", "text/csv", "layers.csv"))
    runs_end(manager, 200)
    file = manager.read_file(kept)
    assert (file.content, file.filename) == (b"1,2", "layers.csv")


def test_without_it_streamlit_forgets_a_file_after_two_runs(manager):
    """The reason for all this; where Streamlit mends it, `keeping` can go."""
    lost = press(manager, lambda: b"1,2")
    runs_end(manager, 2)
    assert manager.read_file(lost) is None


def test_no_more_are_kept_than_was_said(manager):
    pressed = [
        press(manager, keeping(lambda at=at: b"%d" % at, "text/csv", "layers.csv")) for at in range(KEPT + 5)
    ]
    runs_end(manager, 3)
    there = [manager.read_file(name) is not None for name in pressed]
    assert there == [False] * 5 + [True] * KEPT
