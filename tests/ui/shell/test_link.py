"""Addresses that carry a design: they come back whole, stay readable, and damage is reported in words."""

import base64
import json
import random
import zlib

import pytest
from hypothesis import given, settings
from random_specs import buildable, specs

from cifar7.errors import UserError
from cifar7.network.presets import PRESETS, preset
from cifar7.network.profiles import PROFILES, read_profile
from cifar7.network.spec import MAX_UNITS, NetSpec, Stage, Unit
from cifar7.training.config import TrainConfig
from cifar7.ui.shell.link import LONGEST, Link, LinkError, decode, decode_profile, encode, encode_profile

LINK = Link(preset("velasoka-separable"), TrainConfig(epochs=7, lr=0.001, nesterov=False), "cifar10")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_come_back(name):
    link = Link(preset(name), TrainConfig(seed=3), "shapes")
    assert decode(encode(link)) == link


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(specs().filter(buildable))
def test_any_network_comes_back(spec):
    assert decode(encode(Link(spec, TrainConfig()))) == Link(spec, TrainConfig())


def test_the_largest_design_fits():
    varied = tuple(
        Unit(
            64 + i,
            3,
            "separable",
            dilation=1 + i % 4,
            padding=i,
            dropout=i / 20,
            between=False,
            pointwise_padding=1,
        )
        for i in range(MAX_UNITS)
    )
    spec = NetSpec("n" * 60, (Stage(varied), Stage(varied[::-1]), Stage(varied), Stage(varied)))
    assert len(encode(Link(spec, LINK.config, "x" * 64))) < LONGEST


def packed(content) -> str:
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    return "1." + base64.urlsafe_b64encode(zlib.compress(plain)).decode().rstrip("=")


GOOD = {"network": preset("starter").to_dict(), "training": {}, "data": ""}


def test_a_link_of_the_first_format_written_by_hand():
    assert decode(packed(GOOD)) == Link(preset("starter"), TrainConfig())


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "1.", "2." + encode(LINK)[2:], "starter", "1.%%%", "1." + "A" * (LONGEST + 1),
        encode(LINK)[:-9], packed([]), packed({}), packed({**GOOD, "more": 1}),
        packed({**GOOD, "data": "../x"}),
        packed({**GOOD, "data": 7}), packed({**GOOD, "training": {"epochs": 0}}),
        packed({**GOOD, "training": []}), packed({**GOOD, "training": {"lr": float("nan")}}),
        packed({**GOOD, "network": None}), packed(b"\xff\xfe"),
        packed(b"[" * 90_000), packed(b" " * 10_000_000), packed(b'{"network": 1e999}'),
        packed({**GOOD, "network": {**GOOD["network"], "output": {"pool": 2}}}),
    ],
)  # fmt: skip
def test_what_is_no_link_is_reported_in_words(text):
    with pytest.raises(UserError) as error:
        decode(text)
    assert "\n" not in str(error.value)


def test_a_thousand_mutated_links_are_read_or_refused():
    chance, good = random.Random(7), encode(LINK)
    refused = 0
    for _ in range(1000):
        letters = list(good)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(letters))
            kind = chance.randrange(4)
            if kind == 0:
                letters[at] = chance.choice("ABCabc019-_.=%\u00e9\x00")
            elif kind == 1:
                del letters[at]
            elif kind == 2:
                letters.insert(at, chance.choice("AZaz09"))
            else:
                letters = letters[: at + 1]
        try:
            decode("".join(letters))
        except UserError:
            refused += 1
    assert refused > 900


def test_a_thousand_mutated_contents_are_read_or_refused():
    chance = random.Random(8)
    values = [None, True, -1, 0, 3, 10**30, 1.5, "", "x" * 99, [], {}, [[]], "grouped", "none", float("inf")]
    read = 0
    for _ in range(1000):
        content = json.loads(json.dumps(GOOD))
        at = content
        while True:
            key = chance.choice(list(at) if isinstance(at, dict) else range(len(at))) if at else None
            if key is None or not isinstance(at[key], (dict, list)) or not at[key] or chance.random() < 0.2:
                break
            at = at[key]
        if key is not None:
            at[key] = chance.choice(values)
        try:
            decode(packed(content))
            read += 1
        except UserError:
            pass
    assert 0 < read < 1000


def test_the_error_names_the_kind():
    with pytest.raises(LinkError, match=r"begin with 1\."):
        decode("9.abc")


# A teacher's own assignment

OWN = read_profile(
    {
        "name": "mine",
        "title": "Класс 9б",
        "requirements": [
            {"id": "receptive_field", "is": "above", "limit": 60, "title": "Sees enough"},
            {"id": "accuracy", "is": "at least", "limit": 0.855},
            {"id": "max_pools", "is": "exactly", "limit": 0},
        ],
    }
)


@pytest.mark.parametrize("version", [OWN, *PROFILES.values()], ids=lambda version: version.name)
def test_an_assignment_comes_back_whole(version):
    assert decode_profile(encode_profile(version)) == version


def test_an_assignment_that_could_not_be_read_again_is_not_written():
    dice = random.Random(3)
    line = {"id": "gpu", "is": "exactly", "limit": 1}
    titles = ["".join(chr(dice.randrange(0x4E00, 0x9F00)) for _ in range(120)) for _ in range(20)]
    long = read_profile({"requirements": [{**line, "title": title} for title in titles]})
    assert encode_profile(long) is None


@pytest.mark.parametrize(
    "content",
    [
        [],
        "x",
        {"requirements": []},
        {"requirements": [{"id": "receptive_field", "limit": -1}]},
        {"requirements": [{"id": "receptive_field", "limit": float("nan")}]},
        {"requirements": [{"id": "__class__"}]},
        {"requirements": [{"id": "gpu"}], "more": 1},
        {"title": "x" * 121, "requirements": [{"id": "gpu"}]},
        {"title": "\u202e", "requirements": [{"id": "gpu"}]},
    ],
)
def test_a_hostile_assignment_is_refused_in_words(content):
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode().rstrip("=")
    with pytest.raises(UserError):
        decode_profile(f"1.{packed}")


@pytest.mark.parametrize("text", ["1.", "1.%00", "1.AAAA", "2.AAAA", "1." + "A" * 7000])
def test_a_damaged_assignment_is_refused_in_words(text):
    with pytest.raises(LinkError):
        decode_profile(text)
