"""A run's recipe as a stand-alone train.py: PyTorch, torchvision or Pillow, and the exported model.py.

Only what the recipe uses is written. A setting that this file does not know is refused, so that one that is
added to TrainConfig is never dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cifar7.export import train_blocks as blocks
from cifar7.export.errors import ExportError
from cifar7.network.source import safe_name
from cifar7.training.config import TrainConfig

# Every setting that the written file follows, and the values it knows of those that have a closed set.
KNOWN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("epochs", "batch_size", "lr", "momentum", "nesterov", "weight_decay", "warmup"), ()),
    **dict.fromkeys(("step_epochs", "step_factor", "label_smoothing", "crop_padding"), ()),
    **dict.fromkeys(("holdout", "train_sample", "seed", "device", "cutout", "averaging", "test_flip"), ()),
    "optimiser": ("sgd", "adamw"),
    "normalisation": ("set", "half"),
    "flip": ("none", "random", "alternating"),
    "schedule": ("one-cycle", "constant", "step", "cosine"),
    "protocol": ("holdout", "test-each-epoch"),
    "precision": ("auto", "fp32", "bf16"),
}

_BF16 = '    bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)'


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """What train.py has to know of the image set. `mean` and `std`: of R, G, B, on the scale 0..1."""

    title: str
    classes: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    official: bool  # torchvision's CIFAR-10, which train.py downloads; any other set comes as class folders


def train_source(config: TrainConfig, images: TrainedOn) -> str:
    """The text of `train.py`. Raises ExportError for a recipe with something in it that is not known here."""
    check_known(config.to_dict())
    parts = [
        _head(config, images),
        blocks.LOAD_OFFICIAL if images.official else blocks.LOAD_FOLDERS,
        blocks.SPLIT,
        *([blocks.CROP] if config.crop_padding else []),
        *([blocks.FLIP] if config.flip == "random" else []),
        blocks.NORMALISE,
        *([blocks.CUTOUT] if config.cutout else []),
        *([_rate(config)[0]] if config.schedule != "constant" else []),
        *([blocks.DECAY] if config.weight_decay else []),
        *([blocks.AVERAGE] if config.averaging else []),
        blocks.EVALUATE_BOTH if config.test_flip else blocks.EVALUATE,
        _train(config),
        _main(images),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def check_known(settings: dict[str, Any]) -> None:
    """Raises ExportError for a setting, or a value of one, that the written train.py would not follow."""
    for name, value in settings.items():
        if name not in KNOWN:
            raise ExportError(
                f"the setting {name} ({value!r:.60}) cannot be written to train.py yet; "
                "export the model alone, as in --out model.py."
            )
        if KNOWN[name] and value not in KNOWN[name]:
            raise ExportError(
                f"{name} is {value!r:.60}, which cannot be written to train.py yet; it writes "
                f"{', '.join(KNOWN[name])}. Export the model alone, as in --out model.py."
            )


def _head(config: TrainConfig, images: TrainedOn) -> str:
    """Docstring, imports and constants."""
    title = "CIFAR-10" if images.official else safe_name(images.title)[:60]
    way = "    python train.py                            downloads CIFAR-10 into ./data, once"
    if not images.official:
        way = "    python train.py --data FOLDER              with train/<class>/ and test/<class>/ in it"
    return "\n".join(
        [
            f'"""Train the network of model.py on {title}, as the run was trained that README.md tells of.',
            "",
            way,
            "    python train.py --device cpu --epochs 1    a quick try",
            "",
            *_protocol(config),
            "The images lie on the device as bytes and are made ready there, a batch at a time.",
            "The trained weights go to trained.pt.",
            '"""',
            "",
            *_imports(config, images),
            "",
            *(f"{name} = {value}  # {note}" for name, value, note in _constants(config)),
            *_scale(config, images),
            *([] if images.official else _classes(images.classes)),
        ]
    )


def _scale(config: TrainConfig, images: TrainedOn) -> Iterator[str]:
    mean, std = config.scale(images.mean, images.std)
    own = "of R, G, B of the training images, on the scale 0 to 1"
    yield f"MEAN = {_triple(mean)}  # {own if config.normalisation == 'set' else 'of R, G, B: 0..1 to -1..1'}"
    yield f"STD = {_triple(std)}"


def _triple(values: tuple[float, float, float]) -> str:
    return f"({', '.join(f'{value:.8g}' for value in values)})"


def _protocol(config: TrainConfig) -> list[str]:
    if config.protocol == "holdout":
        return [
            "A part of the training images is held out to choose the epoch whose weights are kept; the test",
            "images are read once, at the end.",
        ]
    return ["The test images are read after every epoch; the weights of the last one are kept."]


def _imports(config: TrainConfig, images: TrainedOn) -> Iterator[str]:
    yield "import argparse"
    if config.averaging:
        yield "import copy"
    yield "import math"
    if not images.official:
        yield "import re"
    yield "import time"
    if not images.official:
        yield "from pathlib import Path"
    yield ""
    yield "import numpy as np"
    yield "import torch"
    if not images.official:
        yield "from PIL import Image, ImageOps"
    yield "from torch.nn.functional import cross_entropy"
    if images.official:
        yield "from torchvision.datasets import CIFAR10"
    yield ""
    yield "from model import Network"


def _constants(config: TrainConfig) -> Iterator[tuple[str, object, str]]:
    """Name, value and unit of the settings that the recipe uses."""
    adamw = config.optimiser == "adamw"
    cycle = config.schedule == "one-cycle" and 0 < config.warmup < 1
    peak = "throughout" if config.schedule == "constant" else "the peak"
    table: list[tuple[object, str, object, str]] = [
        (True, "EPOCHS", config.epochs, "passes over the training images"),
        (True, "BATCH_SIZE", config.batch_size, "images a step"),
        (True, "LEARNING_RATE", config.lr, peak),
        (cycle, "WARMUP", config.warmup, "share of all steps in which the learning rate rises"),
        (config.schedule == "step", "STEP_EPOCHS", config.step_epochs, "epochs between two drops"),
        (config.schedule == "step", "STEP_FACTOR", config.step_factor, "what a drop leaves"),
        (adamw, "MOMENTUM", config.momentum, "beta 1: share of the mean gradient that is kept"),
        (not adamw and config.momentum, "MOMENTUM", config.momentum, "share of the last step that is kept"),
        (config.weight_decay, "WEIGHT_DECAY", config.weight_decay, "a step, times the learning rate"),
        (config.label_smoothing, "LABEL_SMOOTHING", config.label_smoothing, "spread over all classes"),
        (config.crop_padding, "CROP_PADDING", config.crop_padding, "pixels a side"),
        (config.cutout, "CUTOUT", config.cutout, "pixels a side"),
        (config.averaging, "AVERAGING", config.averaging, "share of the averaged weights that a step keeps"),
        (config.protocol == "holdout", "HELD_OUT", config.holdout, "images, at most a tenth of all"),
        (True, "TRAIN_SAMPLE", config.train_sample, "training images that the training accuracy is taken on"),
        (True, "SEED", config.seed, "of weights, order and augmentation"),
    ]
    yield from ((name, value, note) for used, name, value, note in table if used)


def _classes(classes: tuple[str, ...]) -> Iterator[str]:
    """The class names as text that means the same whatever is in them."""
    yield "CLASSES = ("
    yield from (f"    {quoted(name)}," for name in classes)
    yield ")"


def quoted(text: str) -> str:
    """A Python literal in ASCII; in double quotes where there is nothing to escape."""
    plain = re.fullmatch(r"[ !#-\[\]-~]*", text)
    return f'"{text}"' if plain else ascii(text)


def _rate(config: TrainConfig) -> tuple[str, str]:
    """The schedule's function, and how it is called."""
    if config.schedule == "step":
        return blocks.RATES["step"], "learning_rate(epoch)"
    name = config.schedule
    if name == "one-cycle" and config.warmup in (0, 1):
        name += ", rising" if config.warmup else ", falling"
    return blocks.RATES[name], "learning_rate(epoch * per_epoch + number, epochs * per_epoch)"


def _train(config: TrainConfig) -> str:
    """The function that trains."""
    holds_out = config.protocol == "holdout"
    average = "    average = copy.deepcopy(network)\n" if config.averaging else ""
    ending = [
        blocks.REPORT_HOLDOUT if holds_out else blocks.REPORT_TEST,
        blocks.END_HOLDOUT if holds_out else blocks.END_TEST,
        blocks.SAVE,
    ]
    if config.averaging:  # what is evaluated and kept
        ending = [block.replace("network", "average") for block in ending]
    parts = [
        blocks.TRAIN_HEAD.replace("@OPTIMISER@", _optimiser(config)).replace("@AVERAGE@", average),
        *([blocks.SIDES] if config.flip == "alternating" else []),
        blocks.ROWS_HOLDOUT if holds_out else blocks.ROWS_ALL,
        blocks.BATCHES,
        *(["    best = None  # held-out accuracy, minus its loss, epoch"] if holds_out else []),
        *([_BF16] if config.precision == "auto" else []),
        blocks.EPOCH,
        *_step(config),
        *ending,
    ]
    # A block that begins with an empty line keeps it.
    return "\n".join(part.removeprefix("\n").rstrip("\n") for part in parts)


def _optimiser(config: TrainConfig) -> str:
    words = ["parameter_groups(network)" if config.weight_decay else "network.parameters()"]
    words.append("lr=LEARNING_RATE")
    if config.optimiser == "adamw":
        words.append("betas=(MOMENTUM, 0.999)")
        words += [] if config.weight_decay else ["weight_decay=0.0"]
        return f"AdamW({', '.join(words)})"
    if config.momentum:
        words.append("momentum=MOMENTUM")
    if config.nesterov:
        words.append("nesterov=True")
    return f"SGD({', '.join(words)})"


def _step(config: TrainConfig) -> Iterator[str]:
    """One step of the optimiser, indented as it stands in the loop over epochs."""
    batches = "order.split(batch_size)[:per_epoch]"
    counted = config.schedule in ("one-cycle", "cosine") or config.averaging
    if config.flip == "alternating":
        yield "        mirrored = sides if epoch % 2 == 0 else ~sides"
    yield (
        f"        for number, batch in enumerate({batches}):"
        if counted
        else f"        for batch in {batches}:"
    )
    if config.schedule != "constant":
        yield "            for group in optimiser.param_groups:"
        yield f'                group["lr"] = {_rate(config)[1]}'
    yield "            x, y = images[batch], labels[batch]  # (B, 3, 32, 32) bytes, (B,)"
    if config.crop_padding:
        yield "            x = random_crop(x, generator)"
    if config.flip == "random":
        yield "            x = random_flip(x, generator)"
    elif config.flip == "alternating":
        yield "            x = torch.where(mirrored[batch].view(-1, 1, 1, 1), x.flip(3), x)"
    if config.cutout:
        yield "            x = random_cutout(normalise(x), generator)"
    yield from _forward(config)
    smoothing = ", label_smoothing=LABEL_SMOOTHING" if config.label_smoothing else ""
    yield f"            loss = cross_entropy(logits.float(), y{smoothing})"
    yield "            optimiser.zero_grad()"
    yield "            loss.backward()"
    yield "            optimiser.step()"
    if config.averaging:
        yield "            update(average, network, epoch * per_epoch + number)"
    # The recorded loss is without smoothing, so that it compares with an evaluation's.
    told = "cross_entropy(logits.float(), y)" if config.label_smoothing else "loss"
    yield f"            total += {told}.detach()"


def _forward(config: TrainConfig) -> Iterator[str]:
    given = "x" if config.cutout else "normalise(x)"
    if config.precision == "fp32":
        yield f"            logits = network({given})  # (B, classes)"
        return
    enabled = ", enabled=bf16" if config.precision == "auto" else ""
    yield f"            with torch.autocast(device.type, torch.bfloat16{enabled}):"
    yield f"                logits = network({given})  # (B, classes)"


def _main(images: TrainedOn) -> str:
    told = "where CIFAR-10 is, or will be" if images.official else "has train/ and test/ in it"
    return "\n".join(
        [
            blocks.MAIN.strip("\n").replace("@DATA_HELP@", told),
            *([] if images.official else [blocks.MAIN_FOLDERS.strip("\n")]),
            blocks.MAIN_END.strip("\n"),
        ]
    )
