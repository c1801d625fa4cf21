"""What is taken away from Design, Train and Hand in: the numbers are the network's and the run's own."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import handmade
import numpy as np
import pytest
from PIL import Image
from where import APP

from cifar7 import paths
from cifar7.export.pictures import draw
from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.presets import PRESETS, preset
from cifar7.network.profiles import PROFILES
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.ui.assignment.card_html import card_table
from cifar7.ui.design import drawing, field_drawing, growth, layer_files, layer_table
from cifar7.ui.design.field_drawing import middle_field
from cifar7.ui.pictures import attention_html
from cifar7.ui.train import run_charts, run_files
from cifar7.ui.train.run_history import History

STARTER = preset("starter")
# C4 sees more; C2 keeps its map, so all that follows works on a larger one.
OTHER = edits.set_pool(edits.set_dilation(STARTER, "C4", 2), "C2", None)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def the_picture(content: bytes) -> np.ndarray:
    """The pixels (H, W) of a PNG on white, on which something is drawn."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    assert min(pixels.shape) >= 150
    assert (pixels < 200).mean() > 0.004, "something is drawn"
    assert (pixels > 250).mean() > 0.1, "on white"
    return pixels


@pytest.mark.parametrize("name", PRESETS)
def test_the_layers_are_those_of_the_analysis(name):
    found = analyse(preset(name))
    told = read(layer_files.layers_csv(found))
    assert len(told) == len(found.rows), "one line a layer"
    for line, row in zip(told, found.rows, strict=True):
        assert (line["stage"], line["unit"]) == (row.layer.stage, str(row.layer.unit or ""))
        assert tuple(int(line[side]) for side in ("channels", "height", "width")) == row.output
        exact = ("parameters", "MACs", "jump", "receptive field")
        assert [int(line[name]) for name in exact] == [
            row.parameters, row.macs, row.jump, row.receptive_field,
        ]  # fmt: skip
        assert float(line["centre"]) == row.centre
        if row.layer.kind == "conv":
            layer = row.layer
            settings = ("kernel", "stride", "padding", "dilation", "groups")
            assert [int(line[name]) for name in settings] == [
                layer.kernel, layer.stride, layer.padding, layer.dilation, layer.groups,
            ]  # fmt: skip
    assert sum(int(line["parameters"]) for line in told) == found.parameters
    assert "change" not in told[0]


def test_beside_them_stand_those_of_the_design_that_is_compared_with():
    now, then = analyse(OTHER), analyse(STARTER)
    told = read(layer_files.layers_csv(now, then))
    assert [line["change"] for line in told].count("removed") == 1
    gone = next(line for line in told if line["change"] == "removed")
    assert (gone["layer before"], gone["layer"], gone["receptive field"]) == ("max-pool 2×2", "", "")
    assert int(gone["receptive field before"]) == 16  # 14, and a 2×2 pool at jump 2
    kept = [line for line in told if line["change"] == "kept"]
    assert [int(line["MACs"]) for line in kept] == [row.macs for row in now.rows]
    assert sum(int(line["MACs before"]) for line in told) == then.macs


def test_the_table_is_drawn_as_it_stands():
    now, then = analyse(OTHER), analyse(STARTER)
    table = layer_table.layers_table("Layers", now, False, then)
    removed = next(row for row in table.shown if "(removed)" in row[1])
    assert removed[3] == "16"
    # 8×8 pixels with a jump of 4 are pooled to one: 60 + 7·4 = 88; the starter's 4×4 with 8: 76 + 3·8 = 100
    assert table.shown[-1][3] == "60 ▼\u202f16 / 88 ▼\u202f12"
    assert [row[4] for row in table.shown[:3]] == ["1 + (3−1)·1 = 3", "3 + (3−1)·1 = 5", "5 + (2−1)·1 = 6"]
    assert table.shown[-2][4] == "stays", "a classifier sees no more than what it is given"
    every = layer_table.layers_table("Layers", now, True, None, written=True)
    assert len(every.shown) == len(now.rows) + 1
    assert every.shown[0][6] == "3·3·3·16 = 432"
    the_picture(table.png())


def test_the_growth_is_taken_away_step_by_step():
    now, then = analyse(OTHER), analyse(STARTER)
    told = read(layer_files.growth_csv("other", now, ("starter", then)))
    assert {line["design"] for line in told} == {"other", "starter"}
    for name, found in (("other", now), ("starter", then)):
        own = [line for line in told if line["design"] == name]
        assert [int(line["step"]) for line in own] == list(range(len(own)))
        assert int(own[0]["receptive field"]) == 1
        assert int(own[-1]["receptive field"]) == found.receptive_field_total
    rows = growth.growth_data(now, ("starter", then), 32, None)
    the_picture(draw({"width": 560, **growth.SPEC, "data": {"values": rows}}))


@pytest.mark.parametrize("name", ["starter", "velasoka-separable", "shrimali"])
def test_the_network_is_drawn_with_every_map(name):
    spec, found = preset(name), analyse(preset(name))
    told = read(layer_files.network_csv(found))
    maps = re.findall(r'<rect class="map[^"]*" [^>]*? height="([\d.]+)"', drawing.drawing_html(spec, found))
    sides = [int(line["side"]) for line in told]
    assert [float(height) for height in maps] == [
        pytest.approx(max(3.0, drawing.HEIGHT * side / 32), abs=0.05) for side in sides
    ]
    assert int(told[-1]["receptive field"]) == found.receptive_field_total
    the_picture(drawing.drawing_png(spec, found))


EVENTS = [
    {"event": "started", "protocol": "holdout", "epochs": 2},
    {"event": "beat", "epochs": 2, "step": 5, "steps": 20, "accuracy": 0.3, "loss": 2.0},
    {"event": "epoch", "epoch": 1, "epochs": 2, "train_accuracy": 0.5, "heldout_accuracy": 0.45,
     "heldout_loss": 1.5, "test_accuracy": None},
]  # fmt: skip


class Told:
    """A run that has written these events so far."""

    id = "told"

    def __init__(self, events: list[dict]) -> None:
        self.told = events

    def events(self, after: int) -> tuple[list[dict], int]:
        return self.told[after:], len(self.told)


def history(events: list[dict]) -> History:
    found = History("told")
    found.read(Told(events))
    return found


def test_the_curves_numbers_are_the_run_s():
    accuracy = read(run_files.curve_csv("accuracy", history(EVENTS)))
    assert [tuple(line.values()) for line in accuracy] == [
        ("training, while learning", "0.5", "0.3"),  # 5 of the 10 steps of an epoch
        ("training images", "1.0", "0.5"),
        ("held-out images", "1.0", "0.45"),
    ]
    loss = read(run_files.curve_csv("loss", history(EVENTS)))
    assert [(line["series"], line["loss"]) for line in loss] == [
        ("training, while learning", "2.0"),
        ("held-out images", "1.5"),
    ]


@pytest.mark.parametrize("measure", run_files.MEASURES)
@pytest.mark.parametrize("events", [EVENTS, EVENTS[:1], []], ids=["some", "begun", "none"])
def test_the_curves_become_a_picture_with_a_legend(measure, events):
    drawing = run_files.picture(measure, history(events), "starter")
    shown = drawing["layer"][0]["encoding"]["color"]["scale"]["domain"]
    for layer in drawing["layer"]:
        series = layer["encoding"]["color"]["datum"]
        assert layer["mark"]["color"] == run_charts.COLOURS[series], "the legend's colour is the line's"
        assert f"'{series}'" in layer["transform"][0]["filter"]
    assert len(drawing["layer"]) == len(shown)
    assert "params" not in str(drawing["layer"])
    pixels = np.asarray(Image.open(io.BytesIO(draw({"width": 400, **drawing}))).convert("L"))
    assert (pixels < 200).any()


def test_the_card_is_taken_away_with_what_to_change():
    profile = PROFILES["strict"] if "strict" in PROFILES else next(iter(PROFILES.values()))
    wide = edits.set_channels(STARTER, "C4", 4096)
    verdicts = card(analyse(wide), profile)
    told = read(card_table(verdicts, "Strict").csv())
    assert len(told) == len(profile.requirements)
    for line, verdict in zip(told, verdicts, strict=True):
        safe = ("'" if verdict.requirement.words.startswith("=") else "") + verdict.requirement.words
        assert (line["Requirement"], line["Asked"]) == (verdict.requirement.title, safe)
        assert (line["Verdict"], line["What to change"]) == (
            {True: "fulfilled", False: "not fulfilled", None: "open"}[verdict.passed], verdict.advice,
        )  # fmt: skip
    assert any(line["What to change"] for line in told)
    the_picture(card_table(verdicts, "Strict").png())


def test_the_field_on_a_picture_is_taken_away_pixel_by_pixel():
    field = middle_field(analyse(STARTER).rows, 0)  # a 3×3 around pixel 16
    strength = np.zeros((32, 32), np.float32)
    strength[16, 17] = 0.25
    told = read(field_drawing.pixels_csv(strength, field))
    assert len(told) == 32 * 32
    seen = {(int(line["row"]), int(line["column"])) for line in told if line["may see"] == "1"}
    assert seen == {(y, x) for y in (15, 16, 17) for x in (15, 16, 17)}
    assert [
        (line["row"], line["column"], line["strength"]) for line in told if line["strength"] != "0.0"
    ] == [("16", "17", "0.25")]
    black = np.zeros((3, 32, 32), np.uint8)
    strength[16, 16] = 1
    content = field_drawing.png(black, field, strength, ("May see", "Looks at"))
    the_picture(content)
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    blue = (pixels == (0, 114, 178)).all(axis=-1)  # boxes, and the strongest pixel
    pixel = 20  # on paper: 320 for 32 of the image, twice as sharp
    assert blue.sum() >= 2 * 4 * 20 + pixel**2 // 2


def test_a_map_is_taken_away_as_picture_and_numbers():
    strength = np.zeros((32, 32), np.float32)
    strength[8:16, 8:16] = 1
    content = attention_html.overlay_png(np.full((3, 32, 32), 255, np.uint8), strength)
    assert (
        np.asarray(Image.open(io.BytesIO(content)))
        == attention_html.overlay(np.full((3, 32, 32), 255, np.uint8), strength)
    ).all()
    told = read(attention_html.map_csv(strength))
    assert sum(float(line["strength"]) for line in told) == 64
    assert {int(line["row"]) for line in told if line["strength"] == "1.0"} == set(range(8, 16))


def offered(app) -> set[str]:
    """The names of what can be taken away, all of them in both ways."""
    keys = [button.key for button in app.get("download_button")]
    pictures, numbers = ({key[4:] for key in keys if key.startswith(kind)} for kind in ("png_", "csv_"))
    assert pictures == numbers
    return pictures


def test_every_page_offers_what_it_shows(pages):
    app = pages.open("design")
    assert offered(app) == {"layers", "network", "receptive-field"}
    for view, name in (("picture", "field-on-a-picture"), ("assignment", "assignment")):
        app.segmented_control(key="side_view").set_value(view).run()
        assert offered(app) == {"layers", name}
    assert offered(pages.open("train")) == {"learning-rate"}
    run = handmade_run()
    assert offered(pages.open("train", run=run)) == {"accuracy", "loss"}
    assert offered(pages.open("handin", run=run)) == {"assignment"}


def handmade_run() -> str:
    """The id of a finished run."""
    handmade.make_set(paths.data_dir())
    return handmade.make_run(paths.home()).id


def test_the_way_to_take_away_loads_no_pandas():
    code = (
        "import sys; import cifar7.ui.files.tables\n"
        "import cifar7.ui.design.layer_files, cifar7.ui.design.drawing\n"
        "print([name for name in ('pandas', 'altair', 'vl_convert') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=APP.parent, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_picture_of_the_network_draws_an_arc_from_a_connections_input_to_its_sum():
    stages = (Stage((Unit(8), Unit(8), Unit(8, residual=2)), pool=2), Stage(), Stage(), Stage())
    spec = NetSpec("arc", stages, Head(classifier="linear"))
    html = drawing.drawing_html(spec, analyse(spec))
    ((left, right, above, level),) = re.findall(
        r'<line class="arc" x1="([\d.]+)%" x2="([\d.]+)%" y1="([\d.]+)" y2="([\d.]+)"', html
    )
    # Of 8 columns (image, units 1 to 3, sum, pool, average pool, classifier) from unit 1 to the sum.
    assert [float(x) * 8 / 100 - 0.5 for x in (left, right)] == [pytest.approx(1, abs=1e-3), pytest.approx(4)]
    assert above == level
    assert [float(y) for y in re.findall(r'class="arc leg" [^>]*y2="([\d.]+)"', html)] == [drawing.TOP] * 2
    assert float(above) < drawing.TOP
    the_picture(drawing.drawing_png(spec, analyse(spec)))
