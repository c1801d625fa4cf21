"""A checkpoint: what it holds, versions that are still read, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from toys import config, network
from training.continued import RECIPES, STEPS, assert_same_end, at, ends, run, through_a_file

from cifar7.training import checkpoint
from cifar7.training.checkpoint import CheckpointError
from cifar7.training.engine import Training

pytestmark = pytest.mark.usefixtures("one_thread")


def as_version_1(saved):
    """The layout of the first version: parts side by side, the optimiser's tensors in one list."""
    tensors = [
        tensor
        for group in saved["optimiser"]["groups"]
        for name in ("momenta", "squares", "steps")
        for tensor in group.get(name, [])
    ]
    same = ("config", "data", "device", "epoch", "step", "lr", "seconds", "average")
    return {
        "version": 1,
        **{name: saved[name] for name in same},
        **saved["throughput"],
        **saved["train_step"],
        "weights": saved["module"],
        "memories": tensors,
        "tally": saved["metrics"]["sums"],
        "generator": saved["batches"]["generator"],
        "dropout": saved["rng"],
        "kept": saved["selection"]["best"],
    }


@pytest.mark.parametrize("settings", RECIPES[2:4], ids=str)  # adamw and sgd, averaged and not
def test_a_checkpoint_of_the_first_version_is_resumed_to_the_bit(settings, data, tmp_path):
    recipe, path = config(**settings), tmp_path / "checkpoint.pt"
    _, whole = run(recipe, data)
    first, _ = run(recipe, data, control=at(12))
    torch.save(as_version_1(first.checkpoint()), path)
    _, rest = run(recipe, data, resume=checkpoint.load(path))
    assert (rest[0].from_step, ends(rest)) == (12, ends(whole)[1:])
    assert_same_end(rest[-1], whole[-1])


def test_a_checkpoint_is_not_changed_by_what_comes_after(data):
    training = Training(network(), data, config(), beat_seconds=0.0)
    events = training.events()
    for event in events:
        if event.kind == "beat":
            break
    saved = training.checkpoint()
    before = {name: value.clone() for name, value in saved["module"].items()}
    momenta = [momentum.clone() for momentum in momenta_of(saved)]
    assert any(momentum.any() for momentum in momenta)
    list(events)
    assert all(torch.equal(saved["module"][name], value) for name, value in before.items())
    assert all(torch.equal(*pair) for pair in zip(momenta_of(saved), momenta, strict=True))


def momenta_of(saved):
    return [momentum for group in saved["optimiser"]["groups"] for momentum in group["momenta"]]


def test_momenta_are_loaded_in_the_parameters_layout(data, tmp_path):
    # A fused update walks through the memory: another order there would be another step.
    first, _ = run(config(), data, control=at(4))
    second = Training(network(), data, config(), resume=through_a_file(first, tmp_path))
    groups = second.state.optimiser.groups
    parameters = [p for group in groups for p in group.parameters]
    momenta = [m for group in groups for m in group.state["momenta"]]
    assert any(momentum.any() for momentum in momenta)
    assert [m.stride() for m in momenta] == [p.stride() for p in parameters]


class Wider(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = network(classes=4)
        self.more = nn.Linear(4, 4)

    def forward(self, x):
        return self.more(self.inner(x))


def test_what_cannot_go_on_is_refused(data, tmp_path):
    first, _ = run(config(), data, control=at(4))
    saved = through_a_file(first, tmp_path)
    for module, images, recipe, message in (
        (network(), data, config(lr=0.5), r"begun with lr 0\.02 and cannot go on with 0\.5"),
        (network(), replace(data, fingerprint="1"), config(), "images of stripes have changed"),
        (Wider(), data, config(), "another network"),
    ):
        with pytest.raises(CheckpointError, match=message):
            Training(module, images, recipe, resume=saved)
    finished, _ = run(config(), data)
    with pytest.raises(CheckpointError, match="2 epochs are done already"):
        Training(network(), data, config(epochs=1), resume=finished.checkpoint())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", None], ids=["empty", "damaged", "another"])
def test_a_file_that_is_no_checkpoint_is_refused(content, tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content) if content is not None else torch.save({"version": 0}, path)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is (damaged|of another)"):
        checkpoint.load(path)


def test_nothing_in_a_file_is_executed(tmp_path):
    torch.save({"version": 1, "weights": nn.Linear(1, 1)}, tmp_path / "checkpoint.pt")
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(tmp_path / "checkpoint.pt")


def test_begun_on_another_device_it_goes_on_and_says_so(data, tmp_path):
    first, _ = run(config(), data, control=at(4))
    saved = {**through_a_file(first, tmp_path), "device": "cuda"}
    _, rest = run(config(), data, resume=saved)
    (words,) = [event.words for event in rest if event.kind == "notice"]
    assert words.startswith("It was begun on cuda and goes on on cpu: what is drawn by chance")
    assert rest[-1].steps == STEPS
