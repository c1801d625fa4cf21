"""The pages scale pictures as the run's recipe does: by `half` where the recipe says so."""

from __future__ import annotations

import handmade
import numpy as np
import pytest
import torch

from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.results import receptive
from cifar7.results.gradcam import grad_cam
from cifar7.training.recipes import RECIPES
from cifar7.ui.pictures import inference

LAYER = 5  # of handmade.SPEC: deep enough for the scale to matter
SEED = 3  # of the weights that handmade.make_run stores


@pytest.fixture
def run(home):
    """A run whose recipe brings pixels to -1..1 with one half, as those of velasoka and shrimali do."""
    assert RECIPES["velasoka"].config.normalisation == RECIPES["shrimali"].config.normalisation == "half"
    handmade.make_set(home / "data")
    made = handmade.make_run(home, normalisation="half")
    inference._module.clear()
    return made


def halved(pictures: np.ndarray) -> torch.Tensor:
    """(N, 3, H, W) of 0 to 255, as -1 to 1."""
    return torch.from_numpy(np.array(pictures)).float() / 127.5 - 1


def by_the_set(pictures: np.ndarray) -> torch.Tensor:
    """The same by mean and deviation of the set, which would be wrong here."""
    images = open_set("colours")
    mean, std = (torch.tensor(side)[:, None, None] for side in (images.mean, images.std))
    return (torch.from_numpy(np.array(pictures)).float() / 255 - mean) / std


def network() -> torch.nn.Module:
    return build(handmade.SPEC, seed=SEED).eval()


def test_a_picture_of_one_s_own(run):
    picture = open_set("colours").test.images[3]
    with torch.no_grad():
        right, wrong = (
            network()(scale(picture[None])).softmax(1)[0].tolist() for scale in (halved, by_the_set)
        )
    assert right != pytest.approx(wrong, abs=1e-3), "the scales can be told apart"
    assert inference.classify(run.id, picture).probabilities == pytest.approx(right, abs=1e-5)


def test_grad_cam(run):
    picture = open_set("colours").test.images[3]
    right, wrong = (
        grad_cam(network(), scale(picture[None]), LAYER, [1])[0] for scale in (halved, by_the_set)
    )
    assert right.any()
    assert np.abs(right - wrong).max() > 0.01, "the scales can be told apart"
    assert inference.attention(run.id, picture, LAYER, 1) == pytest.approx(right, abs=1e-5)


def test_the_trained_effective_field(run):
    tested = open_set("colours").test.images
    layer = max(at for at, row in enumerate(analyse(handmade.SPEC).rows) if row.layer.kind == "conv")
    pick = np.linspace(0, len(tested) - 1, inference.MOST_IMAGES).astype(int)
    weights = network().state_dict()
    right, wrong = (
        receptive.trained_field(handmade.SPEC, weights, layer, scale(tested[pick]))
        for scale in (halved, by_the_set)
    )
    assert np.abs(right - wrong).max() > 0.01, "the scales can be told apart"
    strength, side = inference.trained(run.id, layer)
    assert strength == pytest.approx(right, abs=1e-5)
    assert side == pytest.approx(receptive.effective_side(right), abs=0.05)
