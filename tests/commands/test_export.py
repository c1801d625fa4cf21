"""`export` and `data export`: files that stand alone; a mistake is one line and status 2."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import handmade
import numpy as np
import pytest
import torch
from calls import call
from PIL import Image
from where import ROOT

from cifar7.data import library
from cifar7.data.imageset import ImageSet, Split
from cifar7.export.class_folders import write_class_folders
from cifar7.export.errors import ExportError
from cifar7.export.model_source import model_source
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import NetSpec


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the set `colours` in it, and an empty folder `out`."""
    torch.set_num_threads(1)
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path))
    for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
        monkeypatch.delenv(name, raising=False)
    handmade.make_set(tmp_path / "data")
    (tmp_path / "out").mkdir()
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a mistake gets."""
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    return err


def test_a_run_becomes_a_zip(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = handmade.make_run(place), place / "out" / "mine.zip"
    status, told, _ = call(capsys, "export", run.id[:20], "--out", out, "--profile", "strict", "--json")
    assert status == 0
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == json.loads(told)["files"]
        assert "< 100,000" in archive.read("README.md").decode()  # the strict profile's limit
    assert json.loads(told)["run"] == run.id
    assert json.loads(told)["bytes"] == out.stat().st_size


@pytest.mark.parametrize("ending", [".py", ".json", ".zip"])
def test_a_design_becomes_what_the_ending_says(
    place: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    (place / "mine.json").write_text(json.dumps(handmade.SPEC.to_dict()))
    for what, spec in (("starter", preset("starter")), (place / "mine.json", handmade.SPEC)):
        out = place / "out" / f"{spec.name}{ending}"
        assert call(capsys, "export", what, "--out", out)[0] == 0
        content = out.read_bytes()
        if ending == ".py":
            assert content.decode() == model_source(spec)
        elif ending == ".json":
            assert NetSpec.from_dict(json.loads(content)) == spec
        else:
            assert "README.md" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_the_model_of_a_run_is_written_without_its_images(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = handmade.make_run(place), place / "out" / "model.py"
    assert call(capsys, "export", run.id, "--out", out)[0] == 0
    assert out.read_text() == model_source(handmade.SPEC)


def test_a_teachers_profile_is_read_from_a_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"title": "My own", "requirements": [{"id": "parameters", "is": "below", "limit": 12345}]}
    (place / "mine.json").write_text(json.dumps(asked))
    out = place / "out" / "x.zip"
    assert call(capsys, "export", "starter", "--out", out, "--profile", place / "mine.json")[0] == 0
    text = zipfile.ZipFile(out).read("README.md").decode()
    assert "My own" in text
    assert "< 12,345" in text


def test_a_file_that_is_there_is_replaced_only_when_asked(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = place / "out" / "x.py"
    out.write_text("mine")
    assert "is there already" in refused(capsys, "export", "starter", "--out", out)
    assert out.read_text() == "mine"
    assert call(capsys, "export", "starter", "--out", out, "--force")[0] == 0
    assert out.read_text() == model_source(preset("starter"))
    assert [path.name for path in out.parent.iterdir()] == ["x.py"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["starter"], "--out"),
        (["starter", "--out", "x.tar"], "it takes .py (model.py alone)"),
        (["starter", "--out", "x"], "it takes .py (model.py alone)"),
        (["starter", "--out", "folder.py"], "is a folder"),
        (["starter", "--out", "absent/x.py"], "a folder that is not there"),
        (["starter", "--out", "x.zip", "--profile", "stricter"], "strict"),
        (["starter", "--out", "x.zip", "--profile", "absent.json"], "cannot be read"),
        (["startr", "--out", "x.zip"], "starter, sprinter, champion, featherweight"),
        (["", "--out", "x.zip"], "no preset, no file and no run"),
        (["20990101", "--out", "x.zip"], "no run in"),
        (["absent.json", "--out", "x.zip"], "absent.json: cannot be read"),
        (["broken.json", "--out", "x.zip"], "is not JSON"),
        (["../../etc", "--out", "x.zip"], "no preset, no file and no run"),
    ],
)
def test_a_mistake_is_one_line(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    (place / "broken.json").write_text("{")
    (place / "folder.py").mkdir()
    monkeypatch.chdir(place)
    before = sorted(place.iterdir())
    assert message in refused(capsys, "export", *arguments)
    assert [path for path in sorted(place.iterdir()) if path not in before] == []


def test_writing_a_model_loads_neither_torch_nor_streamlit(tmp_path: Path) -> None:
    command = f"main(['export', 'starter', '--out', {str(tmp_path / 'x.py')!r}])"
    found = "sorted({'torch', 'streamlit', 'vl_convert'} & set(sys.modules))"
    code = f"import sys; from cifar7.commands.parser import main; {command}; print({found})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# ---- class folders


def test_a_set_becomes_class_folders_and_comes_back_the_same(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = place / "out" / "colours"
    status, told, _ = call(capsys, "data", "export", "colours", "--out", out, "--json")
    assert status == 0
    assert json.loads(told)["train"] == 180
    assert sorted(path.name for path in (out / "train").iterdir()) == ["blue", "green", "red"]
    assert sorted(path.name for path in (out / "test" / "red").iterdir())[0] == "01.png"
    images = library.open_set("colours")
    with Image.open(out / "train" / "green" / "07.png") as picture:
        # The classes stand one after the other, 60 each: green begins at 60.
        assert (np.asarray(picture) == np.moveaxis(images.train.images[66], 0, -1)).all()
    again = library.import_path(out, "again")
    assert again.fingerprint == images.fingerprint  # pixels, labels, names and order
    assert [path.name for path in out.parent.iterdir()] == ["colours"]


def test_nothing_is_written_over_and_no_half_is_left(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = place / "out"
    (out / "mine").write_text("mine")
    assert "is there already" in refused(capsys, "data", "export", "colours", "--out", out)
    assert "is there already" in refused(capsys, "data", "export", "colours", "--out", out / "mine")
    assert "cannot be written" in refused(capsys, "data", "export", "colours", "--out", out / "no" / "such")
    assert "there is no data set 'nonesuch'" in refused(
        capsys, "data", "export", "nonesuch", "--out", out / "x"
    )

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    assert "No space left on device" in refused(capsys, "data", "export", "colours", "--out", out / "x")
    assert [path.name for path in out.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "", ".hidden"])
def test_a_class_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    split = Split(np.zeros((2, 3, 32, 32), dtype=np.uint8), np.array([0, 1], dtype=np.int64))
    half = (0.5, 0.5, 0.5)
    images = ImageSet("X", (name, "other"), split, split, "", False, (), "x", "", half, half)
    with pytest.raises(ExportError, match="cannot be a folder's"):
        write_class_folders(images, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_every_preset_can_be_exported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in PRESETS:
        assert call(capsys, "export", name, "--out", place / "out" / f"{name}.zip")[0] == 0
