"""What a browser can send and no widget of ours does: changed designs, settings, links, files, values."""

from __future__ import annotations

import base64
import json
import random
import zlib
from copy import deepcopy
from functools import cache
from math import isfinite
from typing import Any

from pictures import picture, saved, two_classes
from PIL import Image
from streamlit.proto.WidgetStates_pb2 import WidgetState

from cifar7.network.presets import PRESETS, preset
from cifar7.network.profiles import PROFILES
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import RECIPES

ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 7, 2**31, 2**63, 10**40, -(10**40), 0.0, 1e-300, 1e308, float("nan"),
    float("inf"), "", "x" * 5000, "../../etc/passwd", "/dev/zero", "<script>alert(1)</script>", "a\0b",
    "\ud800", "\u202e", "none", "grouped", "separable", [], {}, [[]], [None] * 50, {"": {}}, {"__class__": 1},
)  # fmt: skip
NUMBERS = tuple(x for x in ODD if isinstance(x, (int, float)) and not isinstance(x, bool))
WORDS = (*(x for x in ODD if isinstance(x, str) and x.isprintable()), "a\0b", "\u202e")


def odd(dice: random.Random) -> Any:
    """One of ODD, to be changed further."""
    return deepcopy(dice.choice(ODD))


def changed(dice: random.Random, content: Any) -> Any:
    """A copy of plain data with one to four of its parts exchanged, left out, doubled or added."""
    content = json.loads(json.dumps(content))
    for _ in range(dice.randint(1, 4)):
        at, parents = content, []
        while isinstance(at, (dict, list)) and at and (not parents or dice.random() < 0.8):
            key = dice.choice(list(at) if isinstance(at, dict) else range(len(at)))
            parents.append((at, key))
            at = at[key]
        if not parents:
            return odd(dice)
        holder, key = parents[-1]
        kind = dice.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.extend(deepcopy(holder[key]) for _ in range(dice.choice((1, 2, 12, 40))))
        elif kind == 2 and isinstance(holder, dict):
            holder[dice.choice(("more", "units", "channels", "lr", ""))] = odd(dice)
        elif kind == 3 and isinstance(holder[key], (int, float)):
            holder[key] = dice.choice((holder[key] + 1, holder[key] * 2, holder[key] * 1000, -holder[key]))
        else:
            holder[key] = odd(dice)
    return content


def spec(dice: random.Random) -> Any:
    """A design as data."""
    return changed(dice, preset(dice.choice(list(PRESETS))).to_dict())


def config(dice: random.Random) -> Any:
    """Settings as data."""
    recipe = RECIPES[dice.choice(list(RECIPES))].config if dice.random() < 0.5 else TrainConfig()
    return changed(dice, recipe.to_dict())


def profile(dice: random.Random) -> Any:
    """An assignment as data."""
    return changed(dice, PROFILES[dice.choice(list(PROFILES))].to_dict())


def link(dice: random.Random, content: Any) -> str:
    """The text of an address that holds this; sometimes its letters are changed too."""
    data = json.dumps(content).encode("utf-8", "replace")
    text = "1." + base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")
    return text if dice.random() < 0.7 else scratched(dice, text.encode()).decode("latin-1")


def scratched(dice: random.Random, data: bytes) -> bytes:
    """Bytes with some exchanged, left out, put in, or cut off at the end."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8, 40))):
        if not out:
            break
        at = dice.randrange(len(out))
        kind = dice.randrange(5)
        if kind == 0:
            del out[at : at + dice.choice((1, 4, 100))]
        elif kind == 1:
            out[at:at] = dice.randbytes(dice.choice((1, 4, 100)))
        elif kind == 2 and dice.random() < 0.2:
            del out[at:]
        else:  # where headers hold sizes, extremes go further than chance
            out[at] = dice.choice((0, 1, 127, 128, 255, dice.randrange(256)))
    return bytes(out)


@cache
def pictures() -> tuple[bytes, ...]:
    """A picture of every kind, and some that are less usual."""
    colour = Image.linear_gradient("L").resize((40, 24)).convert("RGB")
    two = {"save_all": True, "append_images": [colour.rotate(90)]}
    plain = [saved(colour, kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")]
    moving = [saved(colour, kind, **two) for kind in ("PNG", "WEBP", "GIF", "TIFF")]
    packed = [saved(colour, "TIFF", compression=way) for way in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")]
    odd = [saved(colour.convert("P"), "PNG", transparency=0), saved(colour.convert("CMYK"), "JPEG")]
    return (*plain, *moving, *packed, *odd, picture((1, 2, 3, 4)), saved(colour, "JPEG", progressive=True))


def files(dice: random.Random) -> dict[str, bytes]:
    """The members of an image set, some of them under names that lead elsewhere."""
    members = two_classes()
    if dice.random() < 0.5:
        members[dice.choice(("../x.png", "/tmp/x.png", "train/a/../../x.png", "train/red/9.png"))] = b"x"
    return members


def value(dice: random.Random, sent: WidgetState) -> None:
    """Exchange what a widget sends for another value of its kind.

    One of another kind fails in Streamlit's own reader, for that browser alone and before a page is asked.
    """
    kind = sent.WhichOneof("value")
    if kind == "trigger_value":
        sent.trigger_value = True
    elif kind == "bool_value":
        sent.bool_value = dice.random() < 0.5
    elif kind == "int_value":
        sent.int_value = dice.choice((-1, 0, 1, 5, 2**31, 2**62, -(2**62)))
    elif kind == "double_value":
        whole = sent.double_value.is_integer()  # Streamlit makes an int of it, or fails where it cannot
        sent.double_value = float(
            dice.choice([x for x in NUMBERS if abs(x) < 1e300 or not (whole or isfinite(x))])
        )
    elif kind in ("string_value", "json_value", "json_trigger_value"):
        text = dice.choice(WORDS) if kind == "string_value" else json.dumps(dice.choice(ODD))
        setattr(sent, kind, text)
    elif kind in ("string_array_value", "double_array_value", "int_array_value"):
        array = getattr(sent, kind)
        array.SetInParent()
        del array.data[:]
        many = dice.choice((0, 1, 2, 30))
        choice = {"string": WORDS, "double": (-1.0, 0.5, 1e9, float("nan")), "int": (-1, 0, 3, 2**40)}
        array.data.extend(dice.choice(choice[kind.split("_")[0]]) for _ in range(many))
