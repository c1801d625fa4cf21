"""Where trained networks look, by Grad-CAM."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cifar7.data import shapes
from cifar7.data.augment import normalise
from cifar7.data.imageset import ImageSet, Split, channel_statistics
from cifar7.data.scenes import PLAIN
from cifar7.network.arithmetic import analyse
from cifar7.network.module import Network, build
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.results.gradcam import grad_cam, usual_layer
from cifar7.training.config import TrainConfig
from cifar7.training.engine import Training
from cifar7.training.events import Finished

pytestmark = pytest.mark.usefixtures("one_thread")


def on_the_shape(module: Network, images: ImageSet, masks: np.ndarray, layer: int) -> np.ndarray:
    """How many times more of each map's mass lies on the shape than if it lay evenly, (N,)."""
    pixels = normalise(torch.tensor(images.test.images), images.mean, images.std, torch.float32)
    maps = grad_cam(module, pixels, layer, images.test.labels.tolist())  # (N, H, W)
    mass = maps.sum(axis=(1, 2))
    share = np.divide((maps * masks).sum(axis=(1, 2)), mass, out=np.zeros(len(maps)), where=mass > 0)
    return share / masks.mean(axis=(1, 2))


def train_it(module: Network, images: ImageSet, config: TrainConfig) -> float:
    *_, end = Training(module, images, config).events()
    assert isinstance(end, Finished)
    return end.test_accuracy


def patches(count: int, seed: int) -> tuple[Split, np.ndarray]:
    """Noise with a patch of 10 x 10 somewhere, brighter in the one of three colours that is the class."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 3
    images = dice.integers(0, 160, (count, 3, 32, 32), dtype=np.uint8)
    masks = np.zeros((count, 32, 32), dtype=bool)
    for mask, image, label in zip(masks, images, labels):
        y, x = dice.integers(0, 23, 2)
        mask[y : y + 10, x : x + 10] = True
        image[label, mask] += 90
    return Split(images, labels), masks


def test_a_trained_network_looks_at_the_patch() -> None:
    (given, _), (asked, masks) = patches(360, 1), patches(90, 2)
    images = ImageSet(
        "Patches",
        ("red", "green", "blue"),
        given,
        asked,
        "",
        True,
        (),
        "patches",
        "",
        (0.32,) * 3,
        (0.2,) * 3,
    )
    stages = (Stage((Unit(8),), pool=2), Stage((Unit(12),), pool=2), Stage(), Stage())
    spec = NetSpec("small", stages, Head(classifier="linear"), classes=3)
    layer = usual_layer(analyse(spec).rows)
    untrained = [on_the_shape(build(spec, seed=s), images, masks, layer) for s in range(4)]
    module = build(spec, seed=1)
    config = TrainConfig(epochs=4, batch_size=32, lr=0.1, device="cpu", crop_padding=0)
    assert train_it(module, images, config) > 0.9
    trained = on_the_shape(module, images, masks, layer)
    assert (trained > 2).mean() > 0.9
    assert np.mean([(times > 2).mean() for times in untrained]) < 0.5


def told(times: np.ndarray) -> str:
    return f"{100 * (times > 2).mean():.0f} % ({times.mean():.1f} times)"


@pytest.mark.slow
def test_a_trained_starter_looks_at_the_shape(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = (8_000, 400)
    raw = shapes.generate(*sizes)
    mean, std = channel_statistics(raw.train.images)
    images = ImageSet(**vars(raw), name="shapes", fingerprint="", mean=mean, std=std)
    masks = shapes.where_shapes_lie(*sizes)
    rows = analyse(preset("starter")).rows
    layer = usual_layer(rows)
    before = [on_the_shape(build(preset("starter"), seed=s), images, masks, layer) for s in range(5)]
    module = build(preset("starter"), seed=1)
    accuracy = train_it(module, images, TrainConfig(epochs=4, device="cpu"))
    after = on_the_shape(module, images, masks, layer)
    plain = np.isin(images.test.labels, [raw.classes.index(name) for name in PLAIN])
    with capsys.disabled():
        print(
            f"\nstarter on shapes, {accuracy:.1%} right, layer {layer} ({rows[layer].output[1]}): "
            f"more than twice the even share of the map lies on the shape in {told(after)} of {len(after)} "
            f"test pictures, in {told(after[plain])} of the plain ones; before any training, five seeds, in "
            f"{', '.join(map(told, before))}"
        )
    untrained = np.mean([(times > 2).mean() for times in before])
    assert (after > 2).mean() > 0.6
    assert untrained < 0.3
