"""How a network is trained: every setting with its unit and its limits, and nothing else."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from cifar7.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")
SCHEDULES = ("one-cycle", "constant", "step", "cosine")
PROTOCOLS = ("holdout", "test-each-epoch")
PRECISIONS = ("auto", "fp32", "bf16")
OPTIMISERS = ("sgd", "adamw")
FLIPS = ("none", "random", "alternating")
NORMALISATIONS = ("set", "half")

Triple = tuple[float, float, float]  # of R, G, B, on the scale 0..1
HALF: Triple = (0.5, 0.5, 0.5)


class ConfigError(UserError):
    """A setting that cannot be trained with: says which field, its limits and what would be right."""


def _number(default: float, low: float, high: float, above: bool = False) -> Any:
    """A field with a range, both ends included; with `above`, the lower end is not."""
    return field(default=default, metadata={"low": low, "high": high, "above": above})


def _choice(default: str, choices: tuple[str, ...]) -> Any:
    """A field with a closed set of values."""
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One recipe. Checked when it is made: raises ConfigError.

    Limits stand in the fields' metadata (`low`, `high`, `above`, `choices`), for pages to read.
    """

    epochs: int = _number(8, 1, 1000)  # passes over the training images
    batch_size: int = _number(128, 1, 16384)  # images a step
    lr: float = _number(0.2, 0, 100, above=True)  # peak learning rate
    optimiser: str = _choice("sgd", OPTIMISERS)
    momentum: float = _number(0.9, 0, 0.999)  # share of the last step that is kept (adamw: beta 1)
    nesterov: bool = True  # sgd: look ahead along the momentum (needs momentum above 0)
    weight_decay: float = _number(5e-4, 0, 1)  # a step, times the learning rate; not on norms and biases
    schedule: str = _choice("one-cycle", SCHEDULES)
    warmup: float = _number(0.25, 0, 1)  # one-cycle: share of all steps in which the learning rate rises
    step_epochs: int = _number(8, 1, 1000)  # step: epochs between two drops
    step_factor: float = _number(0.5, 0, 1, above=True)  # step: the learning rate times this at each drop
    label_smoothing: float = _number(0.0, 0, 0.9)  # probability spread evenly over all classes
    normalisation: str = _choice("set", NORMALISATIONS)  # the training images' own mean and deviation, or 0.5
    flip: str = _choice("random", FLIPS)  # left to right: half of the images, at random or every other epoch
    crop_padding: int = _number(2, 0, 16)  # crops are cut from the image with so many mirrored pixels a side
    cutout: int = _number(0, 0, 32)  # a square of so many pixels a side is blanked; 0: none
    averaging: float = _number(0.0, 0, 0.9999)  # share of the averaged weights that a step keeps; 0: off
    test_flip: bool = False  # evaluating, an image's mirror image is asked too, and the logits averaged
    protocol: str = _choice("holdout", PROTOCOLS)
    holdout: int = _number(5000, 1, 1_000_000)  # images held out, at most a tenth of the training images
    train_sample: int = _number(5000, 1, 1_000_000)  # training images on which the train accuracy is taken
    precision: str = _choice("auto", PRECISIONS)  # of steps and curves; the test is always fp32
    device: str = _choice("auto", DEVICES)
    seed: int = _number(1, 0, 2**31 - 1)

    def __post_init__(self) -> None:
        for known in fields(self):
            value = _read(known.name, getattr(self, known.name), str(known.type), dict(known.metadata))
            object.__setattr__(self, known.name, value)
        if self.optimiser == "sgd" and self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs momentum, which is 0; give it above 0, or turn nesterov off.")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, every field."""
        return {known.name: getattr(self, known.name) for known in fields(self)}

    @classmethod
    def from_dict(cls, data: Any) -> TrainConfig:
        """The recipe that `to_dict` wrote; a field that is missing takes its default. Raises ConfigError."""
        if not isinstance(data, dict):
            raise ConfigError(f"the training settings are {data!r:.60}; give an object with named fields.")
        names = [known.name for known in fields(cls)]
        for name in data:
            if name not in names:
                raise ConfigError(f"there is no training setting {name!r:.60}; there are {', '.join(names)}.")
        if isinstance(data.get("flip"), bool):  # as it was before there were two ways to mirror
            data = {**data, "flip": "random" if data["flip"] else "none"}
        return cls(**data)

    def scale(self, mean: Triple, std: Triple) -> tuple[Triple, Triple]:
        """Mean and deviation that pixels are brought to 0 and 1 with; `mean`, `std`: of the image set."""
        return (mean, std) if self.normalisation == "set" else (HALF, HALF)


def limits(name: str) -> dict[str, Any]:
    """The default and the limits of one field: `default`, and `low`, `high`, `above` or `choices`."""
    known = next((f for f in fields(TrainConfig) if f.name == name), None)
    if known is None or known.default is MISSING:
        raise KeyError(name)
    return {"default": known.default, **known.metadata}


def _read(name: str, value: Any, kind: str, meta: dict[str, Any]) -> Any:
    """One field's value, checked against its declared type and limits."""
    if "choices" in meta:
        if value not in meta["choices"]:
            raise ConfigError(f"{name} is {value!r:.60}; it takes {', '.join(meta['choices'])}.")
        return value
    if kind == "bool":
        if not isinstance(value, bool):
            raise ConfigError(f"{name} is {value!r:.60}; it takes true or false.")
        return value
    low, high, above = meta["low"], meta["high"], meta["above"]
    right_kind = isinstance(value, int if kind == "int" else (int, float)) and not isinstance(value, bool)
    # Written so that a value that is not a number (nan) fails too.
    if not right_kind or not low <= value <= high or (above and value <= low):
        noun = "a whole number" if kind == "int" else "a number"
        span = f"above {low} and up to {high}" if above else f"from {low} to {high}"
        raise ConfigError(f"{name} is {value!r:.60}; it takes {noun} {span}.")
    return value if kind == "int" else float(value)
