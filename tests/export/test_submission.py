"""The zip that is handed in: what is in it, that it can be believed, and that nothing in it does harm."""

from __future__ import annotations

import io
import json
import platform
import re
import types
import zipfile
from pathlib import Path

import handmade
import pytest
import torch
from PIL import Image
from where import ROOT

from cifar7.data import library
from cifar7.export.errors import ExportError
from cifar7.export.submission import design_files, pack, submission_files, write
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.network.profiles import PROFILES
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import enqueue

ASKED = PROFILES["three-max-pools"]
NAMES = {
    "README.md", "model.py", "train.py", "weights.pt", "curves.png", "confusion.png", "mistakes.png",
    "requirements.txt", "spec.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(place: Path, run: RunFolder) -> dict[str, bytes]:
    return submission_files(run, ASKED, data_dir=place / "data")


def module_of(source: bytes, name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), vars(module))
    return module


def test_the_zip_holds_the_files_and_is_the_same_each_time(
    place: Path, run: RunFolder, files: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "mine.zip"
    write(out, pack(submission_files(run, ASKED, data_dir=place / "data")))
    assert out.read_bytes() == pack(files)
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == NAMES
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
    assert [path.name for path in tmp_path.iterdir()] == ["mine.zip"]


def test_the_weights_fit_model_py_and_say_what_the_run_says(files: dict[str, bytes]) -> None:
    network = module_of(files["model.py"], "model").Network()
    network.load_state_dict(torch.load(io.BytesIO(files["weights.pt"]), weights_only=True))
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        expected = build(handmade.SPEC, seed=3).eval()(images)  # what handmade saved
        assert torch.equal(network.eval()(images), expected)


def test_the_texts_stand_alone(files: dict[str, bytes]) -> None:
    for name in ("model.py", "train.py", "requirements.txt"):
        assert b"cifar7" not in files[name], name
    compile(files["train.py"], "train.py", "exec")
    assert NetSpec.from_dict(json.loads(files["spec.json"])) == handmade.SPEC
    asked = files["requirements.txt"].decode().splitlines()
    assert [line.split(">")[0] for line in asked] == ["torch", "numpy", "pillow"]
    ours = (ROOT / "requirements.txt").read_text()
    assert all(line in ours for line in asked)  # ranges that are tried
    for name in ("curves.png", "confusion.png", "mistakes.png"):
        with Image.open(io.BytesIO(files[name])) as picture:
            assert min(picture.size) > 100


def test_the_official_set_is_said_to_be(tmp_path: Path) -> None:
    handmade.make_set(tmp_path / "data", name=library.OFFICIAL, title="CIFAR-10")
    run = handmade.make_run(tmp_path, data=library.OFFICIAL)
    files = submission_files(run, ASKED, data_dir=tmp_path / "data")
    text = files["README.md"].decode()
    assert "CIFAR-10, the official set" in text
    assert "not the official" not in text
    assert b"torchvision.datasets import CIFAR10" in files["train.py"]
    assert b"torchvision" in files["requirements.txt"]


# ---- what must not be told, and what cannot be exported


def test_no_path_and_no_name_of_a_machine_is_told(
    place: Path, run: RunFolder, files: dict[str, bytes]
) -> None:
    for name, content in files.items():
        for secret in (str(place), run.path.name):
            assert secret.encode() not in content, (secret, name)
        if not name.endswith((".png", ".pt")):  # whose noise holds any short word
            assert not re.search(rf"\b{re.escape(platform.node())}\b", content.decode()), name


def test_a_run_without_a_result_is_refused(place: Path, tmp_path: Path) -> None:
    run = enqueue(tmp_path / "runs", handmade.SPEC, handmade.config(), "colours")
    with pytest.raises(ExportError, match="is queued and has no result; wait for its end"):
        submission_files(run, ASKED, data_dir=place / "data")
    run.request_stop()
    with pytest.raises(ExportError, match="is stopped and has no result; choose a run that finished"):
        submission_files(run, ASKED, data_dir=place / "data")


def test_other_images_under_the_same_name_are_noticed(place: Path, run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="needs the images of the run, colours"):
        submission_files(run, ASKED, data_dir=tmp_path)
    handmade.make_set(tmp_path, classes=("blue", "green", "violet"))
    with pytest.raises(ExportError, match="the image set colours has changed"):
        submission_files(run, ASKED, data_dir=tmp_path)


def test_weights_of_another_design_are_refused(place: Path) -> None:
    run = handmade.make_run(place)
    torch.save({"elsewhere.weight": torch.zeros(1)}, run.path / "model.pt")
    with pytest.raises(ExportError, match="not those of its design"):
        submission_files(run, ASKED, data_dir=place / "data")
    (run.path / "model.pt").unlink()
    with pytest.raises(ExportError, match="has no weights"):
        submission_files(run, ASKED, data_dir=place / "data")


def test_a_run_stopped_before_an_epoch_was_complete_is_told_of(place: Path) -> None:
    run = handmade.make_run(place)
    lines = (run.path / "events.jsonl").read_text().splitlines(keepends=True)
    (run.path / "events.jsonl").write_text("".join(line for line in lines if '"epoch",' not in line))
    status = json.loads((run.path / "status.json").read_text())
    status["result"] |= {"state": "stopped", "epochs": 0, "steps": 7, "best_epoch": None}
    (run.path / "status.json").write_text(json.dumps(status))
    text = submission_files(run, ASKED, data_dir=place / "data")["README.md"].decode()
    assert "It was stopped early, after 7 steps." in text
    assert "| Epochs | 0 (the weights at the stop are kept) |" in text
    assert "First training accuracy" not in text


# ---- a design without a run


@pytest.mark.parametrize("name", ["starter", "velasoka-simple"])
def test_a_design_without_a_run(name: str) -> None:
    files = design_files(preset(name), ASKED)
    assert set(files) == {"README.md", "model.py", "requirements.txt", "spec.json"}
    assert NetSpec.from_dict(json.loads(files["spec.json"])) == preset(name)
    text = files["README.md"].decode()
    assert "| Test accuracy | ≥ 80 % | needs a run | – open |" in text
    failed = "| Receptive field, pooling head counted | > 44 px | 44 px (36 before pooling) | ✗ failed |"
    assert (failed in text) == (name == "velasoka-simple")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written"):
        write(tmp_path / "absent" / "x.zip", b"")
