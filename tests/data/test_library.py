"""The sets there are: listed, opened, imported, and never half there."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from data.stored import contents
from pictures import two_classes, write_archive, write_folder
from where import ROOT, SHARED

from cifar7 import paths
from cifar7.data import library, shapes, store
from cifar7.data.imageset import DataError

# What there is.


def test_a_new_machine_has_cifar10_to_fetch_and_shapes_to_draw(here):
    official, built_in = library.available(here)
    assert (official.name, official.present, official.synthetic) == ("cifar10", False, False)
    assert (official.train_size, official.test_size, len(official.classes)) == (50_000, 10_000, 10)
    assert (built_in.name, built_in.present, built_in.synthetic) == ("shapes", False, True)
    assert (built_in.train_size, built_in.test_size, len(built_in.classes)) == (10_000, 2_000, 10)
    assert not here.exists()  # asking writes nothing


def test_the_order_is_that_of_preselection(here, tmp_path, few_shapes):
    for name in ("zebra", "ant"):
        library.import_path(
            write_archive(tmp_path / f"{name}.zip", two_classes(1 + len(name))), name, data_dir=here
        )
    library.open_set("shapes", data_dir=here)
    library.open_path(write_folder(tmp_path / "hidden", two_classes(3)), data_dir=here)
    assert [info.name for info in library.available(here)] == ["cifar10", "ant", "zebra", "shapes"]
    assert [info.present for info in library.available(here)] == [False, True, True, True]


def test_the_data_directory_is_that_of_the_environment(here, archive, monkeypatch):
    monkeypatch.setenv("CIFAR7_DATA", str(here))
    library.import_path(archive, "mine")
    assert paths.data_dir() == here
    assert "mine" in contents(here)


def test_what_is_no_set_is_not_listed(here):
    for name, meta in {
        "empty": None,
        "broken": "{",
        "list": "[]",
        "other": '{"format": 1}',
        "UPPER": "{}",
    }.items():
        (here / name).mkdir(parents=True)
        if meta is not None:
            (here / name / "meta.json").write_text(meta)
    (here / "file").write_text("")
    assert [info.name for info in library.available(here)] == ["cifar10", "shapes"]


def test_a_set_of_another_format_counts_as_absent(here, archive, monkeypatch):
    library.import_path(archive, "mine", data_dir=here)
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    assert [info.name for info in library.available(here)] == ["cifar10", "shapes"]
    with pytest.raises(DataError, match="there is no data set 'mine'"):
        library.open_set("mine", data_dir=here)


# Shapes.


def test_shapes_are_drawn_once(here, few_shapes):
    reports: list[tuple[str, int, int]] = []
    first = library.open_set("shapes", lambda *report: reports.append(report), here)
    again = library.open_set("shapes", data_dir=here)
    assert few_shapes == [1]
    assert first.fingerprint == again.fingerprint
    assert reports[-1][1] == reports[-1][2] == 30
    assert contents(here) == ["shapes"]


def test_shapes_of_an_older_recipe_are_drawn_anew(here, few_shapes, monkeypatch):
    old = library.open_set("shapes", data_dir=here)
    monkeypatch.setattr(shapes, "RECIPE", "shapes-new")
    assert not library.available(here)[-1].present
    library.open_set("shapes", data_dir=here)
    assert few_shapes == [1, 1]
    assert contents(here) == ["shapes"]
    assert old.train.images.sum() > 0  # who has the old ones open keeps them


def test_opening_loads_no_torch(here, archive):
    name = library.open_path(archive, data_dir=here).name
    code = f"""
        import sys
        from pathlib import Path
        from cifar7.data import library
        library.available(Path({str(here)!r}))
        library.open_set({name!r}, data_dir=Path({str(here)!r}))
        print(sorted({{"torch", "torchvision", "streamlit"}} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_meta_is_plain_text(here, archive):
    library.import_path(archive, "mine", data_dir=here)
    meta = json.loads((here / "mine" / "meta.json").read_text())
    assert (meta["name"], meta["classes"], meta["train_size"]) == ("mine", ["blue", "red"], 4)


# The real one.


@pytest.mark.slow
def test_the_real_archive(here):
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there")
    images = library.open_path(SHARED, data_dir=here)
    assert (len(images.train), len(images.test)) == (50_000, 10_000)
    assert images.classes == library.OFFICIAL_CLASSES
    assert np.bincount(images.train.labels).tolist() == [5000] * 10
    assert images.notes == ()
    # The original's, as everybody's recipes have them; JPEG moves them by less than a hundredth.
    assert images.mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=0.01)
    assert images.std == pytest.approx((0.2470, 0.2435, 0.2616), abs=0.01)
    began = time.perf_counter()
    again = library.open_path(SHARED, data_dir=here)
    assert time.perf_counter() - began < 0.5  # seconds
    assert isinstance(again.train.images, np.memmap)


def test_a_set_is_called_by_its_name_or_title_and_one_that_was_opened_by_path_by_its_file(here, archive):
    opened = library.open_path(archive, data_dir=here)
    assert opened.name.startswith("path-")
    assert library.title(opened.name, here) == library.short(opened.name, here) == "mine.zip"
    assert library.title("cifar10", here) == "CIFAR-10"
    assert library.short("cifar10", here) == "cifar10"
    for gone in ("path-0123456789abcdef", "nobody", "../cifar10", ""):
        assert library.title(gone, here) == library.short(gone, here) == gone
