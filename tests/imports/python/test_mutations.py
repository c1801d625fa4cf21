"""Mutated sources: no error but UnreadableError, and none takes long. CIFAR7_MUTATIONS says how many."""

from __future__ import annotations

import os
import random
import re
from functools import partial

import pytest
from imports.python.test_styles import STYLES, whole
from patience import LONGEST, cpu_seconds

from cifar7.imports.graph import Graph, UnreadableError
from cifar7.imports.python import read_source

COUNT = int(os.environ.get("CIFAR7_MUTATIONS", "300"))
WORDS = """
self x None True 0 1 -1 3 10**9 'a' [] {} () (1,2) lambda: * ** , : = == ( ) [ ] . + - / // % and or not
in is if else for while def class return yield nn.Conv2d nn.Sequential F.relu torch.cat super() __class__
range(3) print getattr setattr len *x **x f'{x}' x.shape x.view global nonlocal del with try raise import
from as @property nn.ModuleList nn.Module 1.5 1e999 ... await async
"""
CHARACTERS = "()[]{}:,.=+*'\"#\\\n\t 09ax\0é"
TOKENS = {kind: re.compile(kind) for kind in (r"\b\d+\b", r"\b[A-Za-z]\w*", r"'[^']*'", r"[-+*/=.,]", r"\S+")}


def swapped(text: str, dice: random.Random) -> str:
    """One token in the place of another of its kind."""
    found = list(TOKENS[dice.choice(list(TOKENS))].finditer(text))
    if not found:
        return text
    old, new = dice.choice(found), dice.choice(found)
    return text[: old.start()] + new[0] + text[old.end() :]


def mutated(text: str, dice: random.Random) -> str:
    """One to three changes: tokens and words swapped, put in, left out, lines moved, characters changed."""
    for _ in range(dice.randint(1, 3)):
        rows = text.split("\n")
        at = dice.randrange(len(rows))
        margin = rows[at][: len(rows[at]) - len(rows[at].lstrip())]
        words = rows[at].split()
        place = dice.randint(0, len(words))
        spot = dice.randint(0, len(text))
        match dice.randrange(14):
            case 0:
                words[place : place + 1] = [dice.choice(WORDS.split())]
                rows[at] = margin + " ".join(words)
            case 1:
                words.insert(place, dice.choice(WORDS.split()))
                rows[at] = margin + " ".join(words)
            case 2:
                del words[place : place + 1]
                rows[at] = margin + " ".join(words)
            case 3:
                rows.insert(dice.randrange(len(rows)), rows.pop(at))
            case 4:
                del rows[at]
            case 5:
                rows.insert(at, rows[dice.randrange(len(rows))])
            case 6:
                rows = [text[:spot] + dice.choice(CHARACTERS) + text[spot + 1 :]]
            case _:
                rows = [swapped(text, dice)]
        text = "\n".join(rows)
    return text


def attempt(text: str, number: int) -> bool:
    """Whether the text is read; fails for any error but one that says why it is not."""
    try:
        return isinstance(read_source(text), Graph)
    except UnreadableError as fault:
        if not fault.fault:
            pytest.fail(text)
        return False
    except Exception as error:
        raise AssertionError(f"{number}: {error!r}\n{text}") from error


def test_mutated_sources():
    dice = random.Random(7)
    texts = [whole(text) for text in STYLES.values()]
    read = 0
    for number in range(COUNT):
        text = mutated(dice.choice(texts), dice)
        results: list[bool] = []
        work = partial(attempt, text, number)
        assert cpu_seconds(lambda work=work, out=results: out.append(work())) < LONGEST, text
        read += results[-1]
    assert COUNT / 10 < read < COUNT
