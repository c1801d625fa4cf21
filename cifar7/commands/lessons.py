"""`lesson check`: is a teacher's lesson sound, and what does it ask for?"""

from __future__ import annotations

import argparse

from cifar7.commands.arguments import by_name_or_file
from cifar7.commands.output import put_json
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.tutorials import builtin
from cifar7.tutorials.deciding import Situation, decide
from cifar7.tutorials.reading import read_tutorial
from cifar7.tutorials.shape import TutorialError
from cifar7.tutorials.tutorial import Step


def lesson(arguments: argparse.Namespace) -> None:
    """Say what the lesson asks for, step by step; TutorialError where it cannot be read."""
    found = by_name_or_file(
        arguments.lesson, "a lesson", builtin.NAMES, builtin.tutorial, read_tutorial, TutorialError
    )
    if arguments.json:
        steps = [{"title": step.title, "asks": _asks(step)} for step in found.steps]
        put_json({"name": found.name, "title": found.title, "steps": steps})
        return
    print(f"{found.name}: {found.title}")
    for number, step in enumerate(found.steps, 1):
        print(f"{number}. {step.title}")
        for line in _asks(step):
            print(f"   - {line}")


def _asks(step: Step) -> list[str]:
    """The conditions in words, each with what makes it up."""
    spec = step.start.design if step.start and step.start.design else preset("starter")
    lines = []
    for tick in decide(step, Situation(analyse(spec))):
        parts = "; ".join(part.asked for part in tick.parts)
        lines.append(f"{tick.asked} ({parts})" if parts else tick.asked)
    return lines
