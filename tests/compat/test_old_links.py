"""Links made at a6cdcd7 open: the design, the settings and everything else that an address carries."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from compat import designs, record

from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig

pytest.importorskip("streamlit")
from cifar7.network.presets import preset
from cifar7.ui.shell import state
from cifar7.ui.shell.link import decode, encode

LINKS = record.read("links")
NETWORKS = record.read("networks")


def inside(link: str) -> dict[str, Any]:
    """What a link holds, read without cifar7."""
    body = link.removeprefix("1.")
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


@pytest.mark.parametrize("name", LINKS["specs"])
def test_a_design(name: str) -> None:
    text = LINKS["specs"][name]
    link = decode(text)
    assert (link.config, link.data) == (TrainConfig(), "")
    record.assert_same({"spec": inside(text)["network"]}, {"spec": link.spec.to_dict()})
    record.assert_same({"spec": inside(text)["network"]}, {"spec": inside(encode(link))["network"]})


@pytest.mark.parametrize("name", LINKS["configs"])
def test_settings(name: str) -> None:
    text, changes = LINKS["configs"][name]
    link = decode(text)
    assert (link.config, link.data) == (TrainConfig(**changes), "shapes")
    assert inside(encode(link))["training"] == inside(text)["training"] == changes


def test_a_link_from_before_there_were_two_ways_to_flip() -> None:
    assert decode(LINKS["flip before there were two"]).config == TrainConfig(flip="none")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_the_one_it_was(name: str) -> None:
    """Figures, the names and shapes of the weights, and the logits of the untrained network."""
    spec = NetSpec.from_dict(inside(LINKS["specs"][name])["network"])
    totals = analyse(spec)
    today = {
        "parameters": totals.parameters,
        "macs": totals.macs,
        "receptive_field": [totals.receptive_field_before, totals.receptive_field_total],
        **record.behaviour(build(spec, seed=3), spec.in_channels, spec.image_size),
    }
    record.assert_same(NETWORKS[name], today, near=1e-4)


def test_a_whole_address(pages, old_home) -> None:
    """Design, settings, pinned design, assignment, run and the runs compared, in a fresh session."""
    runs = [path.name for path in sorted(record.OLD_RUNS.iterdir())]
    app = pages.open(
        "design",
        net=LINKS["configs"]["velasoka"][0],
        pin=LINKS["specs"]["champion"],
        profile="strict",
        run=runs[0],
        runs=",".join(runs[:2]),
    )
    session = app.session_state
    assert session[state._DESIGN] == preset("starter")
    assert session[state._CONFIG] == TrainConfig(**LINKS["configs"]["velasoka"][1])
    assert session[state._DATA] == "shapes"
    assert session[state._PIN] == designs.CHAMPION
    assert session[state._PROFILE].name == "strict"
    assert session[state._RUN] == runs[0]
    assert session[state._COMPARED] == tuple(runs[:2])
