"""What trainings of minutes show: asked for with `-m slow`, they print the figures that the README gives."""

import numpy as np
import pytest
from where import SHARED

from cifar7.data.library import open_path, open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.training.config import TrainConfig
from cifar7.training.engine import Training
from cifar7.training.events import Finished

PAIRS = (("arrow at dot", "arrow past dot"), ("eye at star", "eye past star"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

NEAR_SIGHTED = NetSpec(
    "near-sighted",
    bias=False,
    stages=(
        Stage((Unit(32), Unit(32)), pool=2),
        Stage((Unit(64), Unit(64)), pool=2),
        Stage((Unit(128, kernel=1),)),
        Stage((Unit(128, kernel=1),)),
    ),
    output=Head(classifier="linear"),
)


def finish(spec, images, **settings) -> Finished:
    *_, last = Training(build(spec, seed=1), images, TrainConfig(**settings), control=lambda: None).events()
    assert isinstance(last, Finished)
    told = f"{last.test_accuracy:.4f} in {last.epochs} epochs, {last.seconds:.0f} s, {last.device}"
    print(f"\n{spec.name}: {told}")
    return last


def of_pairs(result: Finished, classes) -> list[float]:
    """Share of right answers among the test images of each pair."""
    right = result.probabilities.argmax(1) == result.labels
    shares = [float(right[np.isin(result.labels, [classes.index(c) for c in pair])].mean()) for pair in PAIRS]
    print(f"pairs: {shares}")
    return shares


def test_a_wide_receptive_field_tells_the_pairs_apart_and_a_narrow_one_cannot(tmp_path):
    images = open_set("shapes", data_dir=tmp_path)
    wide = finish(preset("starter"), images)
    assert wide.test_accuracy > 0.85
    assert min(of_pairs(wide, images.classes)) > 0.90
    assert analyse(NEAR_SIGHTED).receptive_field_before == 16
    narrow = finish(NEAR_SIGHTED, images)
    assert max(of_pairs(narrow, images.classes)) < 0.60


@pytest.mark.skipif(not SHARED.exists(), reason="the shared copy of CIFAR-10 is not here")
def test_starter_reaches_80_percent_on_cifar10_in_8_epochs(tmp_path):
    images = open_path(SHARED, data_dir=tmp_path)
    assert finish(preset("starter"), images, epochs=8).test_accuracy >= 0.80
