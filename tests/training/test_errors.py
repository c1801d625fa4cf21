"""What ends a run early: no number any more, no memory, a network that does not fit."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from toys import CLASSES, config, make_set, network, run
from where import ROOT

from cifar7.training.engine import Training
from cifar7.training.errors import TrainingError

pytestmark = pytest.mark.usefixtures("one_thread")


class PoisonedAt(nn.Module):
    """Puts out nan from training batch number `batch` on, counted from 0."""

    def __init__(self, batch):
        super().__init__()
        self.inner, self.left = network(), batch

    def forward(self, x):
        x = self.inner(x)
        if self.training:
            self.left -= 1
        return x * torch.nan if self.training and self.left < 0 else x


@pytest.mark.parametrize("pause", [0.0, 1000.0], ids=["seen at once", "seen at the epoch's end"])
def test_a_loss_that_is_not_finite_ends_the_run_with_step_rate_and_cure(pause):
    # Batch 4 of 18, counted from 0, is step 5; warm-up takes 4.5 steps: 0.02 * (0.1 + 0.9 * 4 / 4.5) = 0.018.
    with pytest.raises(TrainingError, match=r"step 5 of 18.* 0\.018; lower .* from 0\.02 to 0\.005"):
        run(config(), PoisonedAt(4), beat_seconds=pause)


def test_a_step_that_ruins_the_weights_is_seen_by_the_evaluation():
    module = network()
    events = Training(module, make_set(), config(), beat_seconds=0.0).events()
    next(event for event in events if event.kind == "beat" and event.step == 9)  # the epoch's last batch
    module[0].weight.data.fill_(torch.nan)
    with pytest.raises(TrainingError, match="step 9 of 18"):
        next(events)


class Hungry(nn.Module):
    """Fails as memory does."""

    def __init__(self, error):
        super().__init__()
        self.error, self.weight = error, nn.Parameter(torch.ones(1, 1))

    def forward(self, x):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("could not create a primitive"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "mps", "cudnn", "onednn", "python"],
)
def test_out_of_memory_is_told_in_plain_words(error):
    with pytest.raises(TrainingError, match=r"memory.* 32 images.* batch size of 16 or less"):
        run(config(), Hungry(error))


def test_errors_are_told_without_loading_torch():
    code = "import sys; import cifar7.training.errors; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_another_error_of_torch_is_left_alone():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        run(config(), Hungry(RuntimeError("shapes cannot be multiplied")))


def test_a_network_for_another_number_of_classes_is_refused():
    with pytest.raises(TrainingError, match=f"{len(CLASSES)} classes"):
        run(config(), network(classes=7))
