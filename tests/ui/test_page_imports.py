"""What looking at the pages does not load; in one process, since a fresh one starts for seconds."""

from __future__ import annotations

import subprocess
import sys

import handmade
from where import ROOT

LOOK_AT_EVERY_PAGE = """
import sys
sys.path.insert(0, "tests")
from conftest import Pages
from ui.conftest import prepared_once


def loaded(*names):
    return [name for name in names if name in sys.modules]


prepared_once().__enter__()
for page in ("design", "train", "explore", "handin"):
    Pages().open(page)
print("without a run:", loaded("torch", "torchvision", "vl_convert", "altair", "optuna"))
app = Pages().app.run()
for page in ("train", "mistakes", "handin", "design"):
    app.switch_page(f"cifar7/ui/{page}/page.py").run()
assert not app.exception, app.exception
print("from page to page:", loaded("torch", "torchvision"))
for page in ("design", "train", "mistakes"):
    Pages().open(page, run=sys.argv[1])
print("of a run:", loaded("torch", "torchvision"))
app = Pages().open("mistakes", run=sys.argv[1])
for view in ("classes", "own"):
    app.segmented_control(key="mistakes_view").set_value(view).run()
Pages().open("compare")
print("its other views:", loaded("torch", "torchvision"))
"""


def test_no_page_loads_torch_and_none_the_engine_that_draws_before_a_press(home) -> None:
    """A page process with torch would be slow to start and heavy to keep; the worker is there for that."""
    handmade.make_set(home / "data")
    run = handmade.make_run(home)
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AT_EVERY_PAGE, run.id],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "without a run: []", "from page to page: []", "of a run: []", "its other views: []",
    ], done.stdout + done.stderr  # fmt: skip
