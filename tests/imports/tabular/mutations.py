"""Pasted texts as they should not be: cut, doubled, mixed, with other numbers."""

from __future__ import annotations

import random
import re

ODD = [
    "(",
    ")",
    "[",
    "]",
    ",",
    "-",
    "=",
    "x",
    "(0-9999999): 9999999 x ",
    "\t",
    "\x00",
    "é",
    "│    ",
    "9" * 30,
    "[[-1, 2]]",
]
NUMBERS = ["0", "-1", "1", "2", "7", "4096", "99999999", "1" * 18, "1e9", "None", "3.5"]


def mutated(texts: list[str], seed: int) -> str:
    """One of the texts with up to six changes."""
    draw = random.Random(seed)
    text = draw.choice(texts)
    for _ in range(draw.randint(1, 6)):
        text = changed(draw, text, texts)
    return text


def changed(draw: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    match draw.randrange(9):
        case 0:
            del lines[at : at + draw.randint(1, 5)]
        case 1:
            lines[at:at] = lines[at : at + draw.randint(1, 12)] * draw.randint(1, 3)
        case 2:
            other = draw.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines = lines[:at] if draw.random() < 0.5 else lines[at:]
        case 4:
            lines[at:at] = draw.choice(texts).split("\n")[: draw.randint(1, 30)]
        case 5:
            found = list(re.finditer(r"\d+", text))
            if found:
                one = draw.choice(found)
                return text[: one.start()] + draw.choice(NUMBERS) + text[one.end() :]
        case 6:
            place = draw.randrange(len(text) + 1)
            return text[:place] + draw.choice(ODD) + text[place:]
        case 7:
            place = draw.randrange(len(text) + 1)
            return text[:place] + text[place + draw.randint(1, 40) :]
        case _:
            names = [
                "Conv2d",
                "Linear",
                "MaxPool2d",
                "Mystery",
                "Sequential",
                "BatchNorm2d",
                "Residual",
                "LSTM",
            ]
            lines[at] = re.sub(r"[A-Z]\w+", draw.choice(names), lines[at], count=1)
    return "\n".join(lines) or " "
