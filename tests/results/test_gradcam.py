"""Grad-CAM against a reference of hooks and plain loops, and against where the shapes really lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from random_specs import buildable, specs
from torch import Tensor
from torch.nn.functional import interpolate

from cifar7.data import shapes
from cifar7.data.augment import normalise
from cifar7.data.imageset import ImageSet, Split, channel_statistics
from cifar7.data.scenes import PLAIN
from cifar7.network.arithmetic import analyse
from cifar7.network.module import Network, build
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.results.gradcam import advice, grad_cam, layers_to_choose, usual_layer
from cifar7.training.config import TrainConfig
from cifar7.training.engine import Training
from cifar7.training.events import Finished


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def reference(module: Network, image: Tensor, layer: int, label: int) -> np.ndarray:
    """Selvaraju et al., equations 1 and 2, for one image (C, H, W): the small map (h, w), as it is."""
    kept: dict[str, Tensor] = {}

    def forward(_, __, output):
        kept["maps"] = output.detach()

    def backward(_, __, gradients):
        kept["gradients"] = gradients[0].detach()

    module.eval()
    hooks = [
        module.layers[layer].register_forward_hook(forward),
        module.layers[layer].register_full_backward_hook(backward),
    ]
    module.zero_grad()
    module(image[None].clone().requires_grad_())[0, label].backward()
    for hook in hooks:
        hook.remove()
    maps, gradients = (
        kept[name][0].reshape(kept[name].shape[1], *side(kept[name])) for name in ("maps", "gradients")
    )
    cam = np.zeros(maps.shape[1:])
    for k in range(len(maps)):
        alpha = gradients[k].double().numpy().mean()  # equation 1: over the pixels of the map
        cam += alpha * maps[k].numpy()
    return np.maximum(cam, 0)


def side(values: Tensor) -> tuple[int, int]:
    return (1, 1) if values.ndim == 2 else (values.shape[2], values.shape[3])


def enlarged(cam: np.ndarray, first: float, step: float, pixels: int) -> np.ndarray:
    """`cam` (h, w) on the image, value i at pixel first + i * step; bilinear, pixel by pixel."""

    def neighbours(pixel: int, values: int) -> tuple[int, int, float]:
        at = min(max((pixel - first) / step, 0.0), values - 1.0)
        low = min(int(at), values - 1)
        return low, min(low + 1, values - 1), at - low

    large = np.zeros((pixels, pixels))
    for y in range(pixels):
        for x in range(pixels):
            top, bottom, v = neighbours(y, cam.shape[0])
            left, right, u = neighbours(x, cam.shape[1])
            large[y, x] = (
                (1 - v) * (1 - u) * cam[top, left]
                + (1 - v) * u * cam[top, right]
                + v * (1 - u) * cam[bottom, left]
                + v * u * cam[bottom, right]
            )
    return large


def scaled(large: np.ndarray) -> np.ndarray:
    return large / large.max() if large.max() > 0 else large


def pictures(count: int, size: int = 32, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", PRESETS)
def test_it_agrees_with_the_reference(name: str) -> None:
    spec = preset(name)
    module, images, classes = build(spec, seed=3), pictures(3), [0, 4, 9]
    rows = analyse(spec).rows
    filled = 0
    for layer in sorted({*layers_to_choose(rows), len(rows) - 2, len(rows) - 1}):
        ours = grad_cam(module, images, layer, classes)
        assert ours.shape == (3, 32, 32)
        assert ours.dtype == np.float32
        for n, label in enumerate(classes):
            cam = reference(module, images[n], layer, label)
            assert cam.shape == rows[layer].output[1:]
            expected = scaled(enlarged(cam, rows[layer].centre, rows[layer].jump, 32))
            np.testing.assert_allclose(ours[n], expected, atol=2e-5)
            filled += expected.any()
    assert filled > len(layers_to_choose(rows))  # any two empty ones would agree


def test_where_every_map_is_padded_it_is_the_usual_bilinear_resize() -> None:
    module, images = build(preset("starter"), seed=3), pictures(2)
    rows = analyse(module.spec).rows
    for layer in layers_to_choose(rows):
        ours = grad_cam(module, images, layer, [1, 2])
        for n in range(2):
            cam = torch.from_numpy(reference(module, images[n], layer, n + 1))[None, None]
            usual = interpolate(cam, size=(32, 32), mode="bilinear", align_corners=False)[0, 0].numpy()
            np.testing.assert_allclose(ours[n], scaled(usual), atol=2e-5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs())
def test_any_network_and_any_layer(spec: NetSpec) -> None:
    assume(buildable(spec))
    module, images = build(spec, seed=1), pictures(1, spec.image_size)
    rows = analyse(spec).rows
    for layer in range(0, len(rows), max(1, len(rows) // 4)):
        (ours,) = grad_cam(module, images, layer, [1])
        cam = reference(module, images[0], layer, 1)
        large = enlarged(cam, rows[layer].centre, rows[layer].jump, spec.image_size)
        if large.max() > 1e-6:  # below that rounding decides
            np.testing.assert_allclose(ours, scaled(large), atol=1e-3)
        assert 0 <= ours.min() <= ours.max() <= 1


def test_pictures_do_not_depend_on_each_other() -> None:
    module, images = build(preset("starter"), seed=3), pictures(4)
    together = grad_cam(module, images, 22, torch.tensor([1, 2, 3, 4]))
    for n in range(4):
        np.testing.assert_allclose(
            grad_cam(module, images[n : n + 1], 22, [n + 1])[0], together[n], atol=1e-5
        )


def test_the_module_is_left_as_it_was() -> None:
    module = build(preset("starter"), seed=3)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with torch.inference_mode(False), torch.no_grad():  # a caller's no_grad does not matter
        grad_cam(module, pictures(2), 22, [0, 1])
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not module.layers[22]._forward_hooks
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    assert grad_cam(module, pictures(2), 22, [0, 1]).any()  # frozen weights do not matter either


def test_a_class_that_nothing_speaks_for_has_an_empty_map() -> None:
    module = build(preset("starter"), seed=3)
    module.layers[-1].weight.data[4] = 0
    ours = grad_cam(module, pictures(2), 22, [4, 4])
    assert not ours.any()
    assert np.isfinite(ours).all()


def test_a_unit_with_a_residual_connection_is_looked_at_behind_its_sum() -> None:
    units = (Unit(4), Unit(4), Unit(4, residual=2))
    spec = NetSpec("sum", (Stage(units), Stage(), Stage(), Stage()))
    rows, module = analyse(spec).rows, build(spec, seed=1).eval()
    assert [rows[i].layer.kind for i in layers_to_choose(rows)] == ["relu", "relu", "add"]
    images, labels = pictures(2), [3, 7]
    for layer in (5, 8, 9):  # inside the branch, at its end, and the sum itself
        maps = grad_cam(module, images, layer, labels)
        for image, label, found in zip(images, labels, maps, strict=True):
            assert np.allclose(found, scaled(reference(module, image, layer, label)), atol=1e-5)


def test_layers_to_choose_are_the_ends_of_units() -> None:
    for p in PRESETS.values():
        rows = analyse(p.spec).rows
        chosen = [rows[i].layer for i in layers_to_choose(rows)]
        units = [
            (name, n + 1)
            for name, s in zip(["C1", "C2", "C3", "C4"], p.spec.stages)
            for n in range(len(s.units))
        ]
        units += [("O", n + 1) for n in range(len(p.spec.output.units))]
        assert [(layer.stage, layer.unit) for layer in chosen] == units
        for i in layers_to_choose(rows):  # nothing of the unit comes after
            after = rows[i + 1].layer
            assert (after.stage, after.unit) != (rows[i].layer.stage, rows[i].layer.unit)


def test_the_usual_layer_and_advice() -> None:
    rows = analyse(preset("starter")).rows
    usual = rows[usual_layer(rows)]
    assert (usual.layer.stage, usual.layer.unit, usual.output[1:]) == ("C3", 2, (8, 8))
    assert advice(usual) is None
    last = rows[layers_to_choose(rows)[-1]]
    assert "4 × 4 values, 8 pixels apart" in str(advice(last))
    assert "single value" in str(advice(rows[-1]))
    assert "sees only 3 × 3 pixels" in str(advice(rows[layers_to_choose(rows)[0]]))
    for p in PRESETS.values():
        rows = analyse(p.spec).rows
        assert advice(rows[usual_layer(rows)]) is None


def test_the_usual_layer_where_none_is_good() -> None:
    def usual(*stages: Stage) -> tuple[int, int]:
        rows = analyse(NetSpec("t", stages + (Stage(),) * (4 - len(stages)))).rows
        assert all(advice(rows[i]) for i in layers_to_choose(rows))
        row = rows[usual_layer(rows)]
        return row.output[1], row.receptive_field

    # Maps of 16 that see 3 pixels, of 4 that see 3 + 2 * 2 * 4 = 11 (after a pool of 4), of 2 that see more.
    coarse = (Stage((Unit(4, stride=2),), pool=4), Stage((Unit(4),), pool=2), Stage((Unit(4),)))
    assert usual(*coarse)[0] == 4
    assert usual(Stage((Unit(4), Unit(4)))) == (32, 5)  # nothing sees enough: the last
    empty = analyse(NetSpec("t", (Stage(), Stage(), Stage(), Stage()))).rows
    assert usual_layer(empty) == 0  # nothing to choose from


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
