"""Grad-CAM against a reference of hooks and plain loops, and against where the shapes really lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from random_specs import buildable, specs
from torch import Tensor
from torch.nn.functional import interpolate

from cifar7.network.arithmetic import analyse
from cifar7.network.module import Network, build
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.results.gradcam import advice, grad_cam, layers_to_choose, usual_layer


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

    def along(values: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        low, high, share = zip(*(neighbours(pixel, values) for pixel in range(pixels)), strict=True)
        return np.array(low), np.array(high), np.array(share)

    top, bottom, v = (side[:, None] for side in along(cam.shape[0]))
    left, right, u = along(cam.shape[1])
    return (
        (1 - v) * (1 - u) * cam[top, left]
        + (1 - v) * u * cam[top, right]
        + v * (1 - u) * cam[bottom, left]
        + v * u * cam[bottom, right]
    )


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


def test_all_is_computed_where_the_network_lies_and_doubled_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Meta tensors in the place of an Apple GPU's, which has no doubles."""
    double = Tensor.double

    def on_the_cpu(tensor: Tensor) -> Tensor:
        assert not tensor.is_meta, "doubled on the device"
        return double(tensor)

    monkeypatch.setattr(Tensor, "cpu", lambda tensor: torch.ones(tensor.shape))
    monkeypatch.setattr(Tensor, "double", on_the_cpu)
    module, images = build(preset("starter")).to("meta"), torch.zeros(2, 3, 32, 32, device="meta")
    assert np.array_equal(grad_cam(module, images, 0, torch.tensor([0, 1])), np.ones((2, 32, 32)))
