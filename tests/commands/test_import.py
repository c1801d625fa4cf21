"""`import` and `review`: figures, remarks, refusals in one line, and a table that is right in every cell."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from calls import call, json_of

from cifar7.export.model_source import model_source
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import NetSpec

PLAIN = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):  # RF 99
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(8, {width}, 3)
        self.spare = nn.Linear(10, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = self.conv2(x).mean([2, 3])
        return F.log_softmax(x, dim=1)
"""
# 3*8*9 = 216, 8*10*9 + 10 = 730. Field 1+2 = 3, pool 4 at jump 2, 4+2*2 = 8; maps 32, 16, 14: 8+13*2 = 34.
PARAMETERS, BEFORE, TOTAL = 946, 8, 34


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(PLAIN.format(width=10))
    return path


def test_import_tells_and_writes(capsys, plain, tmp_path):
    out = tmp_path / "spec.json"
    told = json_of(capsys, "import", plain, "--out", out)
    assert (told["parameters"], told["kind"]) == (PARAMETERS, "source")
    assert told["receptive_field"] == {"before_pooling": BEFORE, "total": TOTAL}
    assert {remark["id"] for remark in told["remarks"]} >= {"never-called", "receptive-field-claimed"}
    never = next(remark for remark in told["remarks"] if remark["id"] == "never-called")
    assert "110 parameters" in never["message"]
    written = NetSpec.from_dict(json.loads(out.read_text()))
    assert written.to_dict() == told["spec"]
    assert json_of(capsys, "describe", out)["parameters"] == PARAMETERS
    status, _, err = call(capsys, "import", plain, "--out", out)
    assert (status, "is there already" in err) == (2, True)
    assert call(capsys, "import", plain, "--out", out, "--force")[0] == 0


def test_import_for_people(capsys, plain):
    status, out, _ = call(capsys, "import", plain)
    assert status == 0
    assert "946" in out
    assert "8 / 34 px" in out
    assert "99" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("x = 1\n", "no"),
        ("class Net(nn.Module:\n", "line 1"),
        (PLAIN.format(width=10).replace("nn.Conv2d(8", "nn.ConvTranspose2d(8"), "line 9"),
        (PLAIN.format(width=10).replace("nn.Conv2d(8", "nn.Conv2d(9"), "line 9"),
    ],
)
def test_what_cannot_be_read_is_one_line(capsys, tmp_path, text, message):
    path = tmp_path / "net.py"
    path.write_text(text)
    status, out, err = call(capsys, "import", path)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert "net.py" in err


def test_a_class_is_chosen(capsys, tmp_path):
    path = tmp_path / "two.py"
    one, two = PLAIN.format(width=10), PLAIN.format(width=20).replace("class Net", "class Wide")
    path.write_text(one + two)
    assert json_of(capsys, "import", f"{path}:Net")["parameters"] == PARAMETERS
    assert json_of(capsys, "import", f"{path}:Wide")["parameters"] == 216 + 8 * 20 * 9 + 20
    status, _, err = call(capsys, "import", f"{path}:Other")
    assert (status, "Other" in err) == (2, True)


def test_run_executes_and_says_so(capsys, plain, tmp_path):
    trace = tmp_path / "trace"
    plain.write_text(PLAIN.format(width=10) + f"\nopen({str(trace)!r}, 'w').close()\n")
    assert json_of(capsys, "import", plain)["parameters"] == PARAMETERS
    assert not trace.exists()
    status, out, err = call(capsys, "import", plain, "--run", "--json")
    assert status == 0
    assert "executed" in err
    assert trace.exists()
    assert json.loads(out)["parameters"] == PARAMETERS


# Branches-5: 8*8*9 + 8 = 584 and 8*8 + 8 = 72; what a call is is its number in the table.
TABLE = """
Conv2d-1    [-1, 8, 32, 32]   224
Conv2d-2    [-1, 8, 32, 32]   584
ReLU-3      [-1, 8, 32, 32]     0
Conv2d-4    [-1, 8, 32, 32]    72
Branches-5  [-1, 8, 32, 32]     0
Conv2d-6    [-1, 8, 32, 32]   584
Conv2d-7   [-1, 10, 32, 32]    90
AdaptiveAvgPool2d-8  [-1, 10, 1, 1]  0
"""


def connections(told) -> list[tuple[int, int]]:
    """Units around which each connection goes, and those on its way."""
    units = [unit for part in told["spec"]["stages"].values() for unit in part["units"]]
    return [(u["residual"], len(u.get("shortcut", ()))) for u in units if u.get("residual")]


def test_what_a_table_leaves_open_is_asked_and_answered(capsys, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(TABLE)
    told = json_of(capsys, "import", path, "--open")
    assert connections(told) == [(1, 1)]
    asked = {question["call"]: question["answers"] for question in told["questions"]}
    assert set(asked) >= {2, 5, 6}
    words = "both ways begin behind Conv2d-1, the other with ReLU-3"
    number = asked[5].index(words) + 1
    told = json_of(capsys, "import", path, "--choose", f"5={number}", "--sum", "5:6")
    assert connections(told) == [(1, 2), (1, 0)]  # the second goes around Conv2d-6
    dilated = next(n for n, answer in enumerate(asked[6], 1) if "dilation 2" in answer)
    wider = json_of(capsys, "import", path, "--choose", f"5={number}", "--choose", f"6={dilated}")
    # A 3x3 at dilation 2 reaches one pixel more on both sides.
    assert wider["receptive_field"]["before_pooling"] == told["receptive_field"]["before_pooling"] + 2
    status, out, _ = call(capsys, "import", path, "--open")
    assert status == 0
    assert words in out
    assert "6  Conv2d-6: from 5 Branches-5" in out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--choose", "5=99"), "has no fork"),
        (("--choose", "1=0"), "has no choice"),
        (("--choose", "3=1"), "has no choice"),
        (("--choose", "x"), "not of the form"),
        (("--sum", "7:6"), "cannot be added"),
        (("--sum", "1:6"), "cannot be added"),
    ],
)
def test_answers_that_there_are_not(capsys, tmp_path, flags, message):
    path = tmp_path / "table.txt"
    path.write_text(TABLE)
    status, out, err = call(capsys, "import", path, *flags)
    assert (status, out) == (2, "")
    assert message in err


@pytest.fixture
def thirty(tmp_path: Path) -> Path:
    """Thirty hand-ins: files, notebooks and folders of presets, and five that are broken."""
    folder = tmp_path / "class"
    folder.mkdir()
    names = sorted(PRESETS)
    for number in range(25):
        spec = preset(names[number % len(names)])
        text, who = model_source(spec), folder / f"student{number:02}"
        if number % 3 == 0:
            who.with_suffix(".py").write_text(text)
        elif number % 3 == 1:
            cells = [{"cell_type": "markdown", "source": "# Mine"}, {"cell_type": "code", "source": text}]
            who.with_suffix(".ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
        else:
            (who / "src").mkdir(parents=True)
            (who / "src" / "model.py").write_text(text)
            (who / "src" / "train.py").write_text("import torch\nfrom model import Network\n")
            (who / "README.md").write_text("# Mine\n")
    (folder / "x1.py").write_text("class Net(nn.Module:\n    pass\n")
    (folder / "x2.ipynb").write_text('{"cells": [')
    (folder / "x3.py").write_bytes(b"\0\1\2\3")
    (folder / "x4").mkdir()
    (folder / "x5.py").write_text(PLAIN.format(width=10).replace("nn.Conv2d(8", "nn.Conv3d(8"))
    return folder


def test_review_is_right_in_every_cell(capsys, thirty, tmp_path):
    table = tmp_path / "class.csv"
    told = json_of(capsys, "review", thirty, "--profile", "strict", "--csv", table)
    rows = {row["name"]: row for row in told["rows"]}
    assert len(rows) == 30
    names = sorted(PRESETS)
    described = {n: json_of(capsys, "describe", n, "--profile", "strict") for n in names}
    for number in range(25):
        expected = described[names[number % len(names)]]
        row = rows[f"student{number:02}" + (".py", ".ipynb", "")[number % 3]]
        for key in ("parameters", "receptive_field", "requirements"):
            assert row[key] == expected[key]
        for warning in expected["warnings"]:
            assert any(warning["message"] in said for said in row["warnings"])
    broken = {name: row["could_not_be_read"] for name, row in rows.items() if "could_not_be_read" in row}
    assert sorted(broken) == ["x1.py", "x2.ipynb", "x3.py", "x4", "x5.py"]
    assert "line 1" in broken["x1.py"]
    assert "Conv3d" in broken["x5.py"]
    with table.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    assert [line["hand-in"] for line in cells] == [row["name"] for row in told["rows"]]
    for line in cells:
        row = rows[line["hand-in"]]
        assert line["could not be read"] == row.get("could_not_be_read", "")
        if "parameters" in row:
            assert line["parameters"] == str(row["parameters"])
            assert line["receptive field"] == str(row["receptive_field"]["total"])


def test_review_for_people(capsys, thirty):
    status, out, err = call(capsys, "review", thirty)
    assert status == 0
    assert "25 of 30 hand-ins read." in err
    line = next(line for line in out.splitlines() if line.startswith("student00.py"))
    assert line.split()[1] == f"{json_of(capsys, 'describe', sorted(PRESETS)[0])['parameters']:,}"


def test_several_paths_are_a_row_each(capsys, thirty):
    paths = sorted(thirty.iterdir())[:5]
    assert len(json_of(capsys, "review", *paths)["rows"]) == 5
    status, _, err = call(capsys, "review", thirty / "x4")
    assert (status, "nothing to review" in err) == (2, True)
