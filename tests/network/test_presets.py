"""The four submissions, held against the tables of what they are, and ours."""

import pytest

from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.lessons import lessons
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.profiles import profile
from cifar7.network.spec import NetSpec, SpecError

# name: parameters, million MACs, receptive field before pooling and with it
FIGURES = {
    "shrimali": (671_690, 33.88, 36, 48),
    "velasoka-simple": (576_842, 58.10, 36, 44),
    "velasoka-dilated": (413_002, 56.66, 40, 48),
    "velasoka-separable": (348_106, 43.94, 40, 48),
}
# (stage, side of the map, receptive field) after every convolution and pool
STEPS = {
    "shrimali": [
        ("C1", 32, 3), ("C1", 32, 5), ("C1", 16, 6),
        ("C2", 16, 10), ("C2", 16, 10), ("C2", 8, 12),
        ("C3", 8, 20), ("C3", 8, 20), ("C4", 4, 36),
        ("O", 4, 36), ("O", 4, 36), ("O", 1, 48),
    ],
    "velasoka-simple": [
        ("C1", 32, 3), ("C1", 32, 5), ("C1", 16, 6),
        ("C2", 16, 10), ("C2", 16, 14), ("C2", 8, 16),
        ("C3", 6, 24), ("C3", 4, 32), ("C3", 2, 36), ("O", 1, 44), ("O", 1, 44),
    ],
    "velasoka-dilated": [
        ("C1", 32, 3), ("C1", 32, 5), ("C1", 16, 6),
        ("C2", 16, 10), ("C2", 16, 14), ("C2", 8, 16),
        ("C3", 6, 32), ("C3", 5, 36), ("C3", 2, 40), ("O", 1, 48), ("O", 1, 48),
    ],
    "velasoka-separable": [
        ("C1", 32, 3), ("C1", 32, 5), ("C1", 16, 6),
        ("C2", 16, 10), ("C2", 16, 14), ("C2", 18, 14), ("C2", 9, 16),
        ("C3", 7, 32), ("C3", 6, 36), ("C3", 3, 40), ("O", 1, 48), ("O", 1, 48),
    ],
}  # fmt: skip
SHRIMALI_CONVOLUTIONS = [896, 18_496, 640, 8_320, 1_280, 33_024, 590_080, 16_448, 650]


def weighted_or_pool(row):
    return row.layer.weighted or row.layer.kind.endswith("pool")


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_submissions(name):
    found = analyse(preset(name))
    assert (found.parameters, round(found.macs / 1e6, 2)) == FIGURES[name][:2]
    assert (found.receptive_field_before, found.receptive_field_total) == FIGURES[name][2:]


@pytest.mark.parametrize("name", STEPS)
def test_steps_of_the_submissions(name):
    rows = [r for r in analyse(preset(name)).rows if weighted_or_pool(r)]
    assert [(r.layer.stage, r.output[1], r.receptive_field) for r in rows] == STEPS[name]


def test_shrimali_layer_by_layer():
    rows = analyse(preset("shrimali")).rows
    assert [r.parameters for r in rows if r.layer.weighted] == SHRIMALI_CONVOLUTIONS
    kinds = [r.layer.kind for r in rows]
    assert kinds[:5] == ["conv", "relu", "batch_norm", "dropout", "conv"]
    assert kinds[-3:] == ["conv", "relu", "global_avg_pool"]  # ReLU on the logits
    assert kinds.count("dropout") == 5  # none after the pointwise convolutions
    assert kinds.count("max_pool") == 2


def test_velasoka_separable_has_nothing_after_its_depthwise():
    layers = [r.layer for r in analyse(preset("velasoka-separable")).rows]
    at = next(i for i, layer in enumerate(layers) if layer.role == "depthwise")
    assert layers[at].groups == 64
    assert (layers[at + 1].role, layers[at + 1].padding) == ("pointwise", 1)


def test_starter_fulfils_the_structure_of_the_assignment():
    found = analyse(preset("starter"))
    layers = [r.layer for r in found.rows]
    assert [layer.kind for layer in layers].count("max_pool") == 3
    assert any(layer.role == "depthwise" and layer.kernel > 1 for layer in layers)
    assert any(layer.dilation > 1 for layer in layers)
    assert layers[-2].kind == "global_avg_pool"
    assert found.receptive_field_before > 44
    assert found.parameters < 1_000_000
    assert {layer.stage for layer in layers if layer.kind == "conv"} >= {"C1", "C2", "C3", "C4"}
    sides = [r.output[1] for r in found.rows]
    assert set(sides) == {32, 16, 8, 4, 1}  # no map shrinks but by a pool


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    spec = PRESETS[name].spec
    assert name == spec.name
    assert problems(spec) == []
    assert NetSpec.from_dict(spec.to_dict()) == spec


def test_an_unknown_preset_names_the_others():
    with pytest.raises(SpecError, match=r"starter.*velasoka-simple.*Did you mean starter\?"):
        preset("startr")


def plain(channels, out):
    """Learnt values of a 3x3 convolution without bias and its batch norm."""
    return 9 * channels * out + 2 * out


def separable(channels, out):
    """Depthwise 3x3 and pointwise, each with its batch norm."""
    return 9 * channels + 2 * channels + channels * out + 2 * out


def linear(channels):
    return channels * 10 + 10


# name: learnt values, and the receptive field after each stage, all by hand
OURS = {
    "starter": (
        plain(3, 16) + plain(16, 32) + plain(32, 48) + plain(48, 64) + plain(64, 96)
        + separable(96, 128) + 2 * separable(128, 128) + linear(128),
        # 3 5 (6) | 10 14 (16) | +2*2*4 = 32, 40 (44) | 60 76 | the 4x4 map is pooled: + 3 * 8
        [6, 16, 44, 76, 100],
    ),
    "sprinter": (
        plain(3, 16) + plain(16, 64) + plain(64, 128) + plain(128, 128) + plain(128, 256)
        + separable(256, 256) + linear(256),
        # 3 (4) | 8 (10) | 18, +2*2*4 = 34 (38) | 54 70 | + 3 * 8
        [4, 10, 38, 70, 94],
    ),
    "champion": (
        plain(3, 32) + plain(32, 128) + plain(128, 128) + plain(128, 192) + plain(192, 192)
        + separable(192, 256) + separable(256, 256) + linear(256),
        # 3 (4) | 8 12 (14) | 22, +2*2*4 = 38 (42) | 58 74 | + 3 * 8
        [4, 14, 42, 74, 98],
    ),
    "featherweight": (
        plain(3, 16) + plain(16, 32) + plain(32, 48) + plain(48, 48) + separable(48, 96)
        + 2 * separable(96, 96) + separable(96, 128) + separable(128, 128) + linear(128),
        # 3 5 (6) | 10 14 (16) | 24, +2*2*4 = 40, 48 (52) | 68 84
        [6, 16, 52, 84, 108],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_ours_by_hand(name):
    found = analyse(preset(name))
    parameters, fields = OURS[name]
    assert found.parameters == parameters
    last = {row.layer.stage: row.receptive_field for row in found.rows}
    assert list(last.values()) == fields


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("starter", "three-max-pools"),
        ("sprinter", "three-max-pools"),
        ("champion", "three-max-pools"),
        ("featherweight", "strict"),
    ],
)
def test_ours_lack_nothing_that_a_design_can_have(name, asked):
    verdicts = card(analyse(preset(name)), profile(asked))
    assert [v.requirement.id for v in verdicts if v.passed is not True] == ["gpu", "accuracy"]  # a run tells
    assert not problems(preset(name))
    assert not lessons(preset(name))
    assert analyse(preset(name)).receptive_field_before > 44
