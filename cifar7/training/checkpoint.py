"""Everything that the rest of a run depends on, as plain data and tensors, to file and back."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, TypedDict, cast

import torch
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.disk import open_regular
from cifar7.errors import UserError
from cifar7.training.config import TrainConfig

VERSION = 2
State = dict[str, Any]  # as from a part's `state_dict`

# What may differ when a run is resumed: how long it is to be, and where.
_FREE = ("epochs", "device")


class CheckpointError(UserError):
    """A checkpoint that a run cannot be resumed from, and why."""


class Checkpoint(TypedDict):
    """A run between two steps: plain data, and the `state_dict` of each of its parts, on the CPU."""

    version: int
    config: dict[str, Any]  # TrainConfig.to_dict()
    data: str  # fingerprint of the image set
    device: str  # type, as "cuda"
    epoch: int  # completed
    step: int  # completed
    lr: float  # of the last step
    seconds: float  # of the run so far, without pauses
    module: State
    optimiser: State
    average: State | None
    metrics: State
    throughput: State
    selection: State
    batches: State
    train_step: State
    rng: list[Tensor]  # torch's global generators, from which dropout draws


def copied(value: Any) -> Any:
    """Nested dicts and lists with every tensor copied to the CPU: later steps do not change the copy."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def load(path: Path) -> Checkpoint:
    """Read a saved checkpoint, of this version or the first. Raises CheckpointError for anything else."""
    damaged = f"the checkpoint {path.name} is damaged; train the design again."
    try:
        content = _tensors(path)
    except Exception as error:
        raise CheckpointError(damaged) from error
    version = content.get("version") if isinstance(content, dict) else None
    if version not in (1, VERSION):
        raise CheckpointError(f"the checkpoint {path.name} is of another cifar7; train the design again.")
    try:
        checkpoint = _from_version_1(content) if version == 1 else content
        _check_form(checkpoint)
    except Exception as error:
        raise CheckpointError(damaged) from error
    return cast(Checkpoint, checkpoint)


def load_weights(path: Path) -> dict[str, Tensor]:
    """Read a saved state dict, onto the CPU. Raises CheckpointError for anything else."""
    try:
        weights = _tensors(path)
        if not isinstance(weights, dict) or not weights:
            raise ValueError("no weights")
        _check_tensors(weights)
    except Exception as error:
        raise CheckpointError(f"{path.name} holds no weights; train the design again.") from error
    return weights


def fill(module: nn.Module, weights: dict[str, Tensor], file: str) -> None:
    """Load the weights of `file` into a module. Raises CheckpointError where they are not this network's."""
    try:
        module.load_state_dict(weights)
    except Exception as error:
        raise CheckpointError(
            f"{file} holds the weights of another network; train the design again."
        ) from error


def _tensors(path: Path) -> Any:
    """What torch.save wrote into a file, as tensors and plain data; fails in any way there is.

    Only files as torch writes them: not compressed, so that nothing takes more memory than the file is long.
    """
    with open_regular(path) as file:
        with zipfile.ZipFile(file) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ValueError("compressed")
        file.seek(0)
        return torch.load(file, map_location="cpu", weights_only=True)


def _check_tensors(state: Any) -> None:
    if not isinstance(state, dict):
        raise TypeError("no state dict")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise TypeError("no state dict")


def _check_form(checkpoint: Any) -> None:
    """Whether the parts are there and of their types; what is in them is for those who take them up."""
    missing = [name for name in Checkpoint.__annotations__ if name not in checkpoint]
    texts = all(isinstance(checkpoint[name], str) for name in ("data", "device"))
    whole = all(isinstance(checkpoint[name], int) for name in ("epoch", "step"))
    sound = all(0 <= checkpoint[name] < 2**53 for name in ("epoch", "step", "lr", "seconds"))
    if missing or not (texts and whole and sound):
        raise ValueError("no checkpoint")
    _check_tensors(checkpoint["module"])


def check_resumable(
    checkpoint: Checkpoint, config: TrainConfig, data: ImageSet, weights: dict[str, Tensor]
) -> None:
    """Raise CheckpointError unless a run of `config` on `data` can go on from the checkpoint.

    `weights`: a state dict of the network that is to be trained; its shapes are compared.
    """
    if checkpoint["data"] != data.fingerprint:
        raise CheckpointError(
            f"the images of {data.name} have changed since this run was trained on them; train it anew."
        )
    before = TrainConfig.from_dict(checkpoint["config"]).to_dict()
    for name, value in config.to_dict().items():
        if name not in _FREE and before[name] != value:
            raise CheckpointError(
                f"the run was begun with {name} {before[name]!r:.40} and cannot go on with "
                f"{value!r:.40}; start a new one."
            )
    if checkpoint["epoch"] > config.epochs:
        raise CheckpointError(
            f"{checkpoint['epoch']} epochs are done already, which is more than {config.epochs}."
        )
    theirs, ours = ({k: v.shape for k, v in state.items()} for state in (checkpoint["module"], weights))
    if theirs != ours:
        raise CheckpointError("the checkpoint is of another network; start a new run.")


def _from_version_1(content: dict[str, Any]) -> Checkpoint:
    """The parts' states stood side by side, and the optimiser's tensors in one list."""
    same = ("config", "data", "device", "epoch", "step", "lr", "seconds", "average")
    checkpoint = {
        **{name: content[name] for name in same},
        "version": VERSION,
        "module": content["weights"],
        "optimiser": _optimiser_from_version_1(content["memories"], content["config"]["optimiser"]),
        "metrics": {"sums": content["tally"], "reported": [0.0, 0.0, 0.0]},
        "throughput": {name: content[name] for name in ("training_seconds", "training_images")},
        "selection": {"best": content["kept"]},
        "batches": {"generator": content["generator"]},
        "train_step": {"parts": content["parts"]},
        "rng": content["dropout"],
    }
    return cast(Checkpoint, checkpoint)


def _optimiser_from_version_1(tensors: list[Tensor], kind: str) -> State:
    """Kernels and matrices came first, then biases and norms; of each group one name after the other."""
    names = ("momenta", "squares", "steps") if kind == "adamw" else ("momenta",)
    count = sum(tensor.ndim > 1 for tensor in tensors)  # steps have no dimension
    first = count if kind != "adamw" else count // 2 * 3
    groups = []
    for group in (tensors[:first], tensors[first:]):
        size = len(group) // len(names)
        groups.append({name: group[i * size : (i + 1) * size] for i, name in enumerate(names)})
    return {"groups": groups}
