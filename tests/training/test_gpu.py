"""What only a GPU can show: the recorded step trains as the launched one does, and waits for nobody."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from toys import config as on_cpu
from toys import make_set, network

from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.results.receptive import effective_field
from cifar7.training import devices
from cifar7.training.engine import Training
from cifar7.training.events import Beat, EpochEnd, Finished, Notice
from cifar7.training.state import TrainingState
from cifar7.training.step.cuda_graph import WARM_UP

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here"),
]

SETTINGS = [
    {},
    {"optimiser": "adamw", "lr": 0.002},
    {"averaging": 0.9, "label_smoothing": 0.1, "flip": "alternating", "cutout": 8, "crop_padding": 4},
    {"rotation": 15, "scaling": 20},
    {"optimiser": "muon"},
]


def config(**settings):
    return on_cpu(**{"device": "cuda", "precision": "fp32", **settings})


def training(record=True, **settings):
    return TrainingState(network(), make_set(), config(**settings), record=record)


def steps(run, count):
    batches = run.batches.order(0).split(32)[:count]
    for number, rows in enumerate(batches):
        run.train_step.take(rows, 0.02 / (1 + number), number)
    return run.evaluated.state_dict(), run.metrics.of_epoch()


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_recorded_step_trains_as_the_launched_one_does(settings):
    # 9 steps, of which WARM_UP are launched kernel by kernel in both. Crops and dropout are drawn alike.
    assert WARM_UP < 9
    recorded, figures = steps(one := training(**settings), 9)
    assert one.train_step.capture_seconds is not None
    plain = training(record=False, **settings)
    launched, plain_figures = steps(plain, 9)
    assert plain.train_step.capture_seconds is None
    # The gradient of a bias before a norm is 0 but for rounding, and AdamW makes whole strides of it, which
    # the norm's mean follows and takes out again: two runs need not agree on them.
    free = ("0.bias", "1.running_mean") if settings.get("optimiser") == "adamw" else ()
    for name, value in launched.items():
        if name not in free:
            torch.testing.assert_close(recorded[name], value, rtol=1e-3, atol=1e-4, msg=name)
    assert figures[:2] == pytest.approx(plain_figures[:2], rel=1e-3)


def test_a_network_learns_in_fp16_too_and_its_scale_is_kept():
    run = Training(network(), make_set(640, noise=60), config(epochs=6, precision="fp16"))
    *_, end = run.events()
    assert isinstance(end, Finished)
    assert end.test_accuracy == 1.0
    assert run.checkpoint()["train_step"]["scale"]["value"] >= 1


def test_the_gpu_is_found_to_work_by_a_trial_and_woken():
    assert devices.usable(torch.device("cuda")).works
    assert devices.why_not_gpu() is None
    before = torch.cuda.memory_allocated()
    devices.wake(torch.device("cuda"))
    assert torch.cuda.memory_allocated() < before + 50e6  # the libraries' workspaces, and no network
    devices.probe(torch.device("cuda"))


def test_the_effective_field_is_computed_on_the_gpu_as_on_the_cpu():
    module, images = build(preset("starter"), seed=1), torch.randn(4, 3, 32, 32)
    expected = effective_field(module, 3, images)
    assert effective_field(module.cuda(), 3, images.cuda()) == pytest.approx(expected, abs=1e-3)


def test_replays_draw_anew():
    # The same images at a rate of 0, nothing but the crops by chance: the losses tell crops apart.
    plain = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(512, 4))
    run = TrainingState(plain, make_set(), config(crop_padding=4, flip="none", weight_decay=0.0))
    rows, losses = run.batches.order(0)[:32], []
    for number in range(WARM_UP + 4):
        run.train_step.take(rows, 0.0, number)
        losses.append(run.metrics.since_last()[0])
    assert len(set(losses[WARM_UP:])) == 4


def test_between_two_looks_nobody_waits():
    run = training(averaging=0.9)
    steps(run, WARM_UP + 1)
    batches = run.batches.order(0).split(32)[:5]
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for number, rows in enumerate(batches):
            run.train_step.take(rows, 0.01, number)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_whole_run_learns_the_stripes():
    *events, end = Training(network(), make_set(640, noise=60), config(epochs=6, precision="auto")).events()
    assert isinstance(end, Finished)
    assert end.test_accuracy == 1.0
    assert not any(isinstance(event, Notice) for event in events)
    assert sum(isinstance(event, EpochEnd) for event in events) == 6
    assert any(isinstance(event, Beat) for event in events)


def test_a_resumed_run_is_near_the_one_that_was_not_left():
    whole = list(Training(network(), make_set(), config()).events())[-1]
    asked = []
    run = Training(
        network(), make_set(), config(), control=lambda: "pause" if len(asked) > 12 else asked.append(1)
    )
    list(run.events())
    rest = list(Training(network(), make_set(), config(), resume=run.checkpoint()).events())[-1]
    for name, value in whole.weights.items():
        torch.testing.assert_close(rest.weights[name], value, rtol=1e-2, atol=1e-3, msg=name)


def test_a_loss_that_is_no_number_is_found():
    with pytest.raises(Exception, match="finite number at step"):
        list(
            Training(
                network(), make_set(), config(lr=100.0, epochs=40, optimiser="sgd", nesterov=False)
            ).events()
        )


def test_memory_that_is_not_enough_divides_the_batch():
    data = make_set(2560)
    spec = preset("velasoka-simple").with_classes(4)
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(min(1.0, 1.0e9 / total))
    try:
        module = build(spec, seed=1)
        *events, end = Training(module, data, config(batch_size=2048, epochs=1)).events()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    assert isinstance(end, Finished)
    assert any("parts" in event.words for event in events if isinstance(event, Notice))
