"""What a training is expected to take, by hand and held against what it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy
from where import ROOT

from cifar7.network.arithmetic import walk
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.training.budget import (
    LONGEST_SECONDS,
    Budget,
    BudgetError,
    PastRun,
    Place,
    Plan,
    held_out,
)
from cifar7.training.config import TrainConfig
from cifar7.training.kept import kept

PLACE = Place("cpu", cores=2)


def network(*units: Unit, **more: object) -> NetSpec:
    return NetSpec("n", (Stage(units, pool=2), Stage(), Stage(), Stage()), **more)  # type: ignore[arg-type]


def plan(spec: NetSpec, train: int = 50_000, test: int = 10_000, place: Place = PLACE, **settings) -> Plan:
    return Plan(spec, TrainConfig(**settings), place, train, test)


# The class was blocked by these two.
WIDE = NetSpec("wide", (Stage((Unit(200),) * 12), Stage(), Stage(), Stage()))
STARTER = preset("starter")


def test_what_is_kept_of_a_small_network_by_hand() -> None:
    # Image 3·32·32, convolution 8·32·32 for the norm, ReLU 8·32·32 for its own backward and the pool, the
    # pool 8·16·16 for the average, the average 8 for the classifier; the norm's is read by ReLU alone.
    counted = kept(network(Unit(8)))
    assert counted.values == 3072 + 8192 + 8192 + 2048 + 8
    assert counted.indices == 2048
    assert counted.pair == 8192 + 8192  # convolution to norm


def saved_bytes(spec: NetSpec, batch: int) -> int:
    """Of the tensors that autograd keeps for a step in bf16, the weights left out."""
    module = build(spec).to(memory_format=torch.channels_last).train()
    own = {p.data_ptr() for p in module.parameters()}
    storages: dict[int, int] = {}
    held = []  # so that no storage is given out twice

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    images = torch.randn(batch, 3, 32, 32).bfloat16().contiguous(memory_format=torch.channels_last)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16):
            logits = module(images)
        cross_entropy(logits.float(), torch.zeros(batch, dtype=torch.int64))
    return sum(storages.values())


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "spec",
    [
        STARTER,
        preset("velasoka-separable"),
        network(Unit(16), Unit(16, residual=1), Unit(16, dropout=0.2)),
        network(Unit(16), Unit(16, kind="avg_pool", kernel=2, stride=2), Unit(32), activation="gelu"),
        network(Unit(16), Unit(32, kind="grouped", groups=4), norm="group", activation="silu"),
        network(Unit(16, padding_mode="reflect"), Unit(16, padding_mode="reflect")),
    ],
    ids=lambda spec: spec.name,
)
def test_what_is_kept_is_what_autograd_keeps(spec: NetSpec) -> None:
    batch = 8
    # The weights' casts are kept once, and not once an image.
    weights = 2 * sum(row.parameters for row in walk(spec) if row.layer.weighted)
    counted = kept(spec)
    assert batch * (2 * counted.values + 8 * counted.indices) == pytest.approx(
        saved_bytes(spec, batch) - weights, rel=0.11
    )


PEAK = """# forked: torch is loaded
import json, resource, sys
sys.path.insert(0, sys.argv[1] + "/tests")
from dataclasses import replace
import numpy as np
import torch
from toys import make_set
from cifar7.network.arithmetic import walk
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.devices import wake
from cifar7.training.state import TrainingState
wake(torch.device("cpu"))
spec, settings = NetSpec.from_dict(json.loads(sys.argv[2])), json.loads(sys.argv[3])
before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
state = TrainingState(build(spec, 1), make_set(600, 100), TrainConfig(**settings))
state.module.train()
for rows in state.start_epoch()[:2]:
    state.take_step(rows)
candidate = state.selection.candidate(state.evaluated, 1)
state.selection.test(state.module)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (STARTER, {"batch_size": 256}),
        (network(Unit(64), Unit(64), Unit(64)), {"batch_size": 128, "optimiser": "adamw", "averaging": 0.9}),
    ],
    ids=["starter", "wide"],
)
def test_memory_is_within_a_factor_of_two_of_what_a_process_takes_and_hardly_ever_below(
    spec: NetSpec, settings: dict[str, object]
) -> None:
    spec, settings = spec.with_classes(4), {**settings, "device": "cpu", "protocol": "test-each-epoch"}
    arguments = [str(ROOT), json.dumps(spec.to_dict()), json.dumps(settings)]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    taken = int(done.stdout)
    own = replace(plan(spec, 600, 100), config=TrainConfig(**settings))  # type: ignore[arg-type]
    expected = own.memory() - 570_000_000  # what the process had before
    assert 0.8 * taken < expected < 2 * taken


def test_more_of_anything_takes_more_memory() -> None:
    least = plan(STARTER, batch_size=64, averaging=0.0, precision="bf16").memory()
    for more in ({"batch_size": 512}, {"optimiser": "adamw"}, {"averaging": 0.9}, {"precision": "fp32"}):
        settings = {"batch_size": 64, "precision": "bf16", **more}
        if "precision" in more:
            settings["batch_size"] = 512
            assert plan(STARTER, **settings).memory() > plan(STARTER, batch_size=512).memory()
        else:
            assert plan(STARTER, **settings).memory() > least


def test_a_batch_is_no_larger_than_the_images_there_are() -> None:
    assert plan(STARTER, train=1000, batch_size=16_384).batch == 900  # a tenth is held out
    assert plan(STARTER, train=0, batch_size=16_384).batch == 16_384  # not known


def test_a_batch_of_16384_is_refused_with_one_that_fits() -> None:
    own = plan(STARTER, batch_size=16_384)
    with pytest.raises(BudgetError) as refused:
        own.check_memory(4e9, "are the limit here")
    assert "it would take about 15 GB of memory, and 4.0 GB are the limit here" in str(refused.value)
    assert "take a batch size of 3,072 or less, or fewer channels" in str(refused.value)
    own.with_batch(3072).check_memory(4e9)
    with pytest.raises(BudgetError):
        own.with_batch(4096).check_memory(4e9)


def test_where_no_batch_fits_it_is_the_network_that_is_too_large() -> None:
    with pytest.raises(BudgetError, match="give it fewer channels, more pools or strides"):
        plan(WIDE, batch_size=128).check_memory(0.5e9)


def test_a_network_that_takes_days_is_refused_with_what_to_lower() -> None:
    own = plan(WIDE, epochs=40, batch_size=128)
    # 40·45,000 images of 4.06e9 MACs at 60e9 a second on two cores: 17 h at least in convolutions alone.
    with pytest.raises(BudgetError, match=r"at least .* h, and 30 min are the limit here; train for 1 epoch"):
        own.check_seconds(own.budget(), 1800)
    with pytest.raises(BudgetError, match="a single epoch takes longer: give it fewer channels"):
        own.check_seconds(own.budget(), 60)
    own.check_seconds(Budget(0, 100.0), 50)  # it may as well take half as long
    with pytest.raises(BudgetError, match="about 1 min"):
        own.check_seconds(Budget(0, 60.0, guided=True), 50)


def test_a_layer_at_work_for_long_is_refused() -> None:
    # 1024 to 1024 channels, 3x3 on 16x16: 2.4e9 MACs; 125 images in fp32 on two cores take 1.7 s.
    spec = NetSpec("deep", (Stage((Unit(1024, stride=2), Unit(1024))), Stage(), Stage(), Stage()))
    with pytest.raises(BudgetError, match=r"a single layer .* 2 s at a time.*fewer channels"):
        plan(spec, batch_size=16).check_layer()
    plan(spec, batch_size=16, place=Place("cpu", cores=16)).check_layer()
    plan(spec, place=Place("cuda")).check_layer()
    # 200 to 200 channels on 32x32: 369e6 MACs, of which 128 images take 0.3 s and 1,024 are too many.
    with pytest.raises(BudgetError, match="take a batch size of 384 or less"):
        plan(WIDE, batch_size=1024).check_layer()
    plan(WIDE, batch_size=128).check_layer()
    assert plan(WIDE, batch_size=384).layer_seconds() <= LONGEST_SECONDS


def test_an_earlier_run_is_the_guide_in_proportion_to_the_arithmetic() -> None:
    spec = STARTER
    macs = 20_720_896
    own = plan(spec, epochs=10)  # 450,000 images
    past = [PastRun(2 * macs, 128, "auto", 45_000, 30.0), PastRun(macs // 3, 128, "auto", 45_000, 1.0)]
    # Half the MACs and ten times the images of the first: five times its 30 s.
    assert own.budget(past) == Budget(own.memory(), pytest.approx(150.0), guided=True)
    for far in (
        PastRun(5 * macs, 128, "auto", 45_000, 30.0),
        PastRun(macs, 4, "auto", 45_000, 30.0),
        PastRun(macs, 128, "fp32", 45_000, 30.0),
        PastRun(macs, 128, "auto", 45_000, 30.0, kind="cuda"),
    ):
        assert not own.budget([far]).guided


def test_evaluations_are_counted() -> None:
    # 8 epochs of 5,000 sampled and 5,000 held out, and the test at the end.
    assert plan(STARTER).evaluated == 8 * 10_000 + 10_000
    assert plan(STARTER, test_flip=True).evaluated == 2 * 90_000
    assert plan(STARTER, protocol="test-each-epoch").evaluated == 8 * 15_000
    assert held_out(1000, TrainConfig()) == 100


def test_of_an_accelerator_no_rate_is_known() -> None:
    assert plan(STARTER, place=Place("cuda")).budget().seconds is None
    assert plan(replace(STARTER, output=Head()), train=0).budget().seconds is None
