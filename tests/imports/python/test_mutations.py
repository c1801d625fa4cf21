"""Mutated sources: no error but ImportFault, and none takes long. CIFAR7_MUTATIONS says how many."""

from __future__ import annotations

import os
import random
import re
import time

from imports.python.test_styles import STYLES, whole

from cifar7.imports.graph import Graph, ImportFault
from cifar7.imports.python import read_source

COUNT = int(os.environ.get("CIFAR7_MUTATIONS", "300"))
WORDS = (
    "self x None True 0 1 -1 3 10**9 'a' [] {} () (1, 2) lambda: * ** , : = == ( ) [ ] . + - / // % and or not in is "
    "if else for while def class return yield nn.Conv2d nn.Sequential F.relu torch.cat super() __class__ range(3) "
    "print getattr setattr len *x **x f'{x}' x.shape x.view global nonlocal del with try raise import from as "
    "@property nn.ModuleList nn.Module 1.5 1e999 ... await async"
).split(" ")
TOKEN = re.compile(r"\w+|'[^']*'|[-+*/=.,]")


def mutated(text: str, dice: random.Random) -> str:
    """One to three changes: words swapped, put in, left out, lines moved, characters changed."""
    for _ in range(dice.randint(1, 3)):
        rows = text.split("\n")
        at = dice.randrange(len(rows))
        words = rows[at].replace("(", " ( ").replace(",", " , ").split(" ")
        place = dice.randrange(len(words))
        match dice.randrange(11):
            case 0:
                words[place] = dice.choice(WORDS)
                rows[at] = " ".join(words)
            case 1:
                words.insert(place, dice.choice(WORDS))
                rows[at] = " ".join(words)
            case 2:
                del words[place]
                rows[at] = " ".join(words)
            case 3:
                rows.insert(dice.randrange(len(rows)), rows.pop(at))
            case 4:
                rows[at : at + 1] = []
            case 6 | 7 | 8 | 9:
                tokens = list(TOKEN.finditer(text))
                old, new = dice.choice(tokens), dice.choice(tokens)
                rows = (text[: old.start()] + new[0] + text[old.end() :]).split("\n")
            case 5:
                rows.insert(at, rows[dice.randrange(len(rows))])
            case _:
                spot = dice.randrange(len(text) + 1)
                rows = (text[:spot] + dice.choice("()[]{}:,.=+*'\"#\\\n\t 09ax\0é") + text[spot + 1 :]).split("\n")
        text = "\n".join(rows)
    return text


def test_mutated_sources():
    dice = random.Random(7)
    texts = [whole(text) for text in STYLES.values()]
    read = refused = 0
    for number in range(COUNT):
        text = mutated(dice.choice(texts), dice)
        begin = time.process_time()
        try:
            assert isinstance(read_source(text), Graph)
            read += 1
        except ImportFault as fault:
            assert fault.fault, text
            refused += 1
        except Exception as error:
            raise AssertionError(f"{number}: {error!r}\n{text}") from error
        assert time.process_time() - begin < 2, text
    assert min(read, refused) > COUNT / 10
