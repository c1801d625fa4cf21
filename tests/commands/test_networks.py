"""`presets` and `describe`: the contract for scripts, and every mistake in one line with exit status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from calls import call
from where import ROOT

from cifar7.network.presets import PRESETS, preset


def json_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What is printed with --json, and nothing beside it: there is no progress to tell of."""
    status, out, err = call(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert isinstance(result, dict)
    return result


def spec_file(folder: Path, **changes: Any) -> Path:
    path = folder / "spec.json"
    path.write_text(json.dumps({**preset("starter").to_dict(), **changes}))
    return path


@pytest.mark.parametrize(
    ("name", "parameters", "before", "total"),
    [  # counted in the submissions, see the table of the assignment
        ("shrimali", 671_690, 36, 48),
        ("velasoka-simple", 576_842, 36, 44),
        ("velasoka-dilated", 413_002, 40, 48),
        ("velasoka-separable", 348_106, 40, 48),
    ],
)
def test_describe(
    capsys: pytest.CaptureFixture[str], name: str, parameters: int, before: int, total: int
) -> None:
    result = json_of(capsys, "describe", name)
    assert result["parameters"] == parameters
    assert result["receptive_field"] == {"before_pooling": before, "total": total}
    assert sum(layer["parameters"] for layer in result["layers"]) == parameters
    assert sum(layer["macs"] for layer in result["layers"]) == result["macs"]
    assert result["layers"][-1]["receptive_field"] == total
    first = result["layers"][0]
    assert {key: first[key] for key in ("stage", "kind", "output", "kernel", "stride", "padding")} == {
        "stage": "C1", "kind": "conv", "output": [32, 32, 32], "kernel": 3, "stride": 1, "padding": 1,
    }  # fmt: skip
    assert (first["dilation"], first["groups"], first["parameters"]) == (1, 1, 3 * 9 * 32 + 32)
    assert (first["macs"], first["jump"], first["receptive_field"]) == (3 * 9 * 32 * 32 * 32, 1, 3)


def test_describe_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "describe", "shrimali")
    assert (status, err) == (0, "")
    assert "671,690" in out
    assert "36 / 48 px" in out
    lines = out.splitlines()
    table = lines[lines.index("") + 1 :]
    c4 = next(line.split() for line in table if line.startswith("C4"))
    # stage, layer, output, k, s, p, d, g, parameters 256*256*9+256, MACs 256*256*9*16, jump, field
    assert c4 == ["C4", "conv", "256x4x4", "3", "1", "0", "2", "1", "590,080", "9,437,184", "4", "36"]
    ends = {len(line) for line in table[: table.index("")]}
    assert len(ends) == 1, "the last column does not end where the others do"


def test_describe_shows_a_residual_sum(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, data = tmp_path / "own.json", preset("starter").to_dict()
    data["stages"]["C4"]["units"][1]["residual"] = 2
    path.write_text(json.dumps(data))
    result = json_of(capsys, "describe", path)
    (layer,) = [layer for layer in result["layers"] if layer["kind"] == "add"]
    assert (layer["role"], layer["unit"], layer["parameters"], layer["macs"]) == ("input of unit 1", 2, 0, 0)
    assert result["parameters"] == json_of(capsys, "describe", "starter")["parameters"]
    _, out, _ = call(capsys, "describe", path)
    (line,) = [line.split() for line in out.splitlines() if " add " in line]
    assert line == ["C4", "add", "input", "of", "unit", "1", "128x4x4", "8", "76"]
    data["stages"]["C4"]["units"][0]["residual"] = 2
    path.write_text(json.dumps(data))
    status, _, err = call(capsys, "describe", path)
    assert status == 2
    assert "C4: unit 1: its residual connection goes around 2 units, and C4 has only 1" in err


def test_describe_tells_what_stands_beside(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, data = tmp_path / "own.json", preset("starter").to_dict()
    data["version"] = 2
    data["stages"]["C4"]["units"][1] |= {"residual": 2, "shortcut": [{"channels": 128, "kernel": 1}]}
    path.write_text(json.dumps(data))
    _, out, _ = call(capsys, "describe", path)
    (line,) = [line.split() for line in out.splitlines() if "beside: conv" in line]
    assert line[:4] == ["C4", "beside:", "conv", "128x4x4"]


def test_presets(capsys: pytest.CaptureFixture[str]) -> None:
    result = json_of(capsys, "presets")
    assert [entry["name"] for entry in result["presets"]] == list(PRESETS)
    assert {entry["name"]: entry["parameters"] for entry in result["presets"]}["shrimali"] == 671_690
    status, out, _ = call(capsys, "presets")
    assert status == 0
    assert all(name in out for name in PRESETS)


def test_a_file_is_described_like_the_preset_it_was_written_from(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert json_of(capsys, "describe", spec_file(tmp_path)) == json_of(capsys, "describe", "starter")


def test_describe_loads_neither_torch_nor_streamlit() -> None:
    script = (
        "import sys; from cifar7.commands.parser import main; main(['describe', 'starter', '--json']);"
        "heavy = ('torch', 'torchvision', 'streamlit', 'numpy');"
        "print([m for m in heavy if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert json.loads(done.stdout)["name"] == "starter"


@pytest.mark.usefixtures("cold")
def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cifar7", "describe", "nonesuch"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def stages(name: str, **changed: Any) -> dict[str, Any]:
    return {**preset("starter").to_dict()["stages"], name: changed}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"stages": stages("C1", units=[{"channels": 6, "kind": "grouped", "groups": 2}])},
            "do not divide its 3 input channels",
        ),
        (
            {"stages": stages("C4", units=[{"channels": 8, "kernel": 7, "padding": 0}])},
            "C4: the map vanishes",  # 4x4 there, the window spans 7
        ),
        ({"stages": stages("C2", units=[{"channels": 0}])}, "channels is 0"),
        ({"stages": stages("C2", units=[{"channels": 8, "chanels": 9}])}, "no field 'chanels'"),
        ({"stages": {}}, "C1, C2, C3, C4"),
        ({"flavour": "sweet"}, "flavour"),
        ({"version": 99}, "version"),
        ({"activation": "step"}, "relu"),
    ],
)
def test_an_impossible_network(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = spec_file(tmp_path, **changes)
    status, out, err = call(capsys, "describe", path, "--json")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert str(path) in err
    assert message.replace("'", '"') in err.replace("'", '"')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b" " * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_network(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "spec.json").write_bytes(content)
    status, out, err = call(capsys, "describe", tmp_path / "spec.json")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["nonesuch"], "describe"),
        (["describe"], "PRESET|SPEC.json"),
        (["describe", "nonesuch"], "starter, sprinter, champion, featherweight, shrimali, velasoka-simple"),
        (["describe", "absent.json"], "absent.json: cannot be read"),
        (["describe", "."], "starter"),
        (["describe", "starter", "--flavour"], "--flavour"),
        (["train", "starter"], "--data"),
        (["train", "starter", "--data", "shapes", "--epochs", "many"], "'many' is not a whole number"),
        (["train", "starter", "--data", "shapes", "--lr", "fast"], "'fast' is not a number"),
        (["train", "starter", "--data", "shapes", "--device", "tpu"], "auto"),
        (["show"], "RUN"),
        (["data", "fetch", "cifar100"], "cifar10"),
        (["data", "import", "somewhere"], "--name"),
        (["data", "nonesuch"], "fetch"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_would_be_right(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert message in err


def test_describe_judges_by_a_profile(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = json_of(capsys, "describe", "velasoka-simple")
    card = {line["id"]: line for line in result["requirements"]}
    assert len(card) == 8
    field = card["receptive_field"]
    assert (field["limit"], field["measured"], field["passed"]) == ("> 44 px", 44, False)
    assert card["accuracy"]["passed"] is None
    assert {warning["id"] for warning in result["warnings"]} == {"map-shrinks", "small-receptive-field"}
    assert all({"id", "stage", "message"} <= set(warning) for warning in result["warnings"])
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"requirements": [{"id": "parameters", "is": "below", "limit": 100}]}))
    (line,) = json_of(capsys, "describe", "starter", "--profile", path)["requirements"]
    assert (line["limit"], line["passed"]) == ("< 100", False)


def test_describe_prints_a_spec_that_it_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = json_of(capsys, "describe", "shrimali")
    path = tmp_path / "again.json"
    path.write_text(json.dumps(result["spec"]))
    assert json_of(capsys, "describe", path) == result


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is not JSON"), ("[]", "requirements"), (None, "no profile")]
)
def test_a_wrong_profile_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "own.json"
    if content is not None:
        path.write_text(content)
    status, out, err = call(
        capsys, "describe", "starter", "--profile", path if content is not None else "mine"
    )
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
