"""`lesson check`: a teacher's lesson in words, or what is wrong with it."""

import json

import pytest
from tutorials.written import lesson

from cifar7.commands.parser import main
from cifar7.tutorials.builtin import NAMES


def test_a_sound_lesson_is_told_step_by_step(tmp_path, capsys):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(lesson()))
    assert main(["lesson", "check", str(file)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "mine: My lesson"
    assert told[1:3] == ["1. Look further", "   - Receptive field, pooling head counted > 44 px"]
    assert main(["lesson", "check", str(file), "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["title"] for step in steps] == ["Look further", "Train it", "Compare", "Answer"]
    assert steps[1]["asks"][0].startswith("One run of yours (Test accuracy on blue and red ≥ 50 %; Protocol:")


def test_what_is_wrong_is_said_on_one_line(tmp_path, capsys):
    wrong = lesson()
    wrong["steps"][1]["task"][0]["run"][0]["limit"] = 50
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(wrong))
    assert main(["lesson", "check", str(file)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "step 2, condition 1: run, entry 1: limit is 50; it takes a share, as in 0.8 for 80 %." in said.err
    file.write_text('{"version": 1,')
    assert main(["lesson", "check", str(file)]) == 2
    assert "is not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_those_that_come_along_are_sound(name, capsys):
    assert main(["lesson", "check", name]) == 0
    told = capsys.readouterr().out.splitlines()
    assert sum(not line.startswith(" ") for line in told[1:]) in range(4, 8)
