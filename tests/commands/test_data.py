"""`data`, and `--data` of `train`: sets are listed, taken in and refused in words."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from calls import call, json_of
from PIL import Image

from cifar7.runs.folder import RunFolder, list_runs


@pytest.fixture
def home(cli_home: Path) -> Path:
    return cli_home


def picture(colour: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), colour, dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


FILES = {
    f"{part}/{name}/{i}.png": picture(20 * i)
    for part in ("train", "test")
    for name in "ab"
    for i in range(12)
}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_import_then_train_then_list(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    path = archive(home / "two.tar.gz", FILES)
    result = json_of(capsys, "data", "import", path, "--name", "two")
    assert (result["name"], result["classes"], result["train_size"], result["test_size"]) == (
        "two",
        ["a", "b"],
        24,
        24,
    )
    names = [entry["name"] for entry in json_of(capsys, "data")["sets"]]
    assert names == ["cifar10", "tiny", "two", "shapes"]
    status, out, _ = call(capsys, "data")
    assert status == 0
    assert "two" in out
    by_path = json_of(capsys, "train", home / "tiny.json", "--data", path, "--epochs", 1, "--device", "cpu")
    assert by_path["classes"] == ["a", "b"]
    assert by_path["data_fingerprint"] == result["fingerprint"]
    run = RunFolder.open(home / "home" / "runs", by_path["run"])
    assert str(home) not in (run.path / "environment.json").read_text()
    assert str(home) not in (run.path / "config.json").read_text()


def broken(folder: Path, which: str) -> Path:
    path = archive(folder / f"{which}.tar.gz", FILES)
    if which == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif which == "climbing":
        archive(path, {**FILES, "../x.png": picture(1)})
    elif which == "text":
        archive(path, {**FILES, "train/a/essay.jpg": b"no picture at all"})
    elif which == "one-sided":
        archive(path, {**FILES, "train/c/0.png": picture(1)})
    elif which == "absent":
        path.unlink()
    return path


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("truncated", "truncated.tar.gz"),
        ("climbing", "../x.png"),
        ("text", "essay.jpg"),
        ("one-sided", "c"),
        ("absent", "absent"),
    ],
)
@pytest.mark.parametrize("command", ["import", "train"])
def test_broken_data_is_named_and_leaves_no_trace(
    capsys: pytest.CaptureFixture[str], home: Path, which: str, message: str, command: str
) -> None:
    path = broken(home, which)
    before = sorted(p.name for p in (home / "home" / "data").iterdir())
    words = (
        ("data", "import", path, "--name", "broken")
        if command == "import"
        else ("train", "starter", "--data", path)
    )
    status, out, err = call(capsys, *words)
    assert (status, out) == (2, "")
    *progress, last = err.splitlines()
    assert message in last
    assert last.startswith("cifar7: ")
    assert all(": " in line and "cifar7" not in line for line in progress)
    assert sorted(p.name for p in (home / "home" / "data").iterdir()) == before
    assert not (home / "x.png").exists()
    assert list_runs(home / "home" / "runs") == []


def test_an_unknown_data_set_lists_those_there_are(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, out, err = call(capsys, "train", home / "tiny.json", "--data", "nonesuch")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "tiny" in err
    status, _, err = call(capsys, "train", home / "tiny.json", "--data", "cifar10")
    assert status == 2
    assert "data fetch cifar10" in err


def test_the_official_set_needs_no_name_and_any_other_does(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    status, out, err = call(capsys, "data", "import", archive(home / "two.tar.gz", FILES))
    assert (status, out) == (2, "")
    assert "give --name" in err
    content = {"cifar-10-batches-py/data_batch_1": b"x"}
    status, out, err = call(capsys, "data", "import", archive(home / "cifar-10-python.tar.gz", content))
    assert (status, out) == (2, "")
    assert "is not that of the official CIFAR-10 (MD5 " in err.splitlines()[-1]
