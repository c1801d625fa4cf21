"""How outputs of an old commit are kept as files: packed, masked, and compared with today's."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FIXTURES = Path(__file__).parent / "fixtures"
OLD_RUNS = FIXTURES / "runs"
OLD_SETS = FIXTURES / "data"

PATHS = {"path", "runs_dir", "data_dir", "out"}  # of the machine
# Of a command that trains: whoever repeats it has another clock, another id and perhaps another processor.
FRESH = {*PATHS, "run", "seconds", "seconds_training", "images_per_second", "device", "created"}
REPEATED = ("status", "spec", "config", "environment", "curve")  # by `show`, of the run's own files
# Objects that may gain keys: each new training option, each new field of a network or a run.
GROWING = {"config", "spec", "units", "status", "runs", "show"}


CLASSES = ("blue", "green", "red")


def colours(each: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Noise with a tint: `each` images a class (3 each, 3, 32, 32), and their labels. The tints overlap."""
    dice = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), each).astype(np.int64)
    tints = dice.integers(-25, 26, (3 * each, 3))  # a channel of each image
    tints[np.arange(3 * each), 2 - labels] += 20
    images = dice.integers(60, 160, (3 * each, 3, 32, 32)) + tints[:, :, None, None]
    return images.astype(np.uint8), labels


def masked(value: Any, keys: set[str]) -> Any:
    """The same value with "*" for whatever stands under these keys."""
    if isinstance(value, dict):
        return {key: "*" if key in keys else masked(item, keys) for key, item in value.items()}
    return [masked(item, keys) for item in value] if isinstance(value, list) else value


def packed(value: Any) -> Any:
    """Lists of like objects as columns and rows: a table of layers names its columns once."""
    if isinstance(value, dict):
        return {key: packed(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [packed(item) for item in value]
    alike = len(value) > 1 and all(isinstance(item, dict) and list(item) == list(value[0]) for item in value)
    if alike and value[0]:
        return {"columns": list(value[0]), "rows": [list(item.values()) for item in items]}
    return items


def unpacked(value: Any) -> Any:
    """What `packed` was given."""
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["columns", "rows"]:
        return [dict(zip(value["columns"], unpacked(row), strict=True)) for row in value["rows"]]
    return {key: unpacked(item) for key, item in value.items()}


def write(name: str, value: Any) -> None:
    """Keep a value as NAME.json, an entry of its top level a line."""
    plain = packed(value)
    if isinstance(plain, dict):
        lines = [f"{json.dumps(key)}: {_line(item)}" for key, item in plain.items()]
        text = "{\n" + ",\n".join(lines) + "\n}\n"
    else:
        text = _line(plain) + "\n"
    path = FIXTURES / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read(name: str) -> Any:
    """What `write` kept."""
    return unpacked(json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")))


def differences(old: Any, new: Any, near: float = 0.0, at: str = "") -> list[str]:
    """Where today's value is another than the old one, a line each; `near`: how far numbers may lie apart.

    Numbers are compared relative to the larger, or absolutely where they are below 1.
    """
    growing = at.rpartition(".")[2].partition("[")[0] in GROWING
    if isinstance(old, dict) and isinstance(new, dict):
        keys = list(old) if growing else [*old, *(key for key in new if key not in old)]
        lines = [f"{at}.{key}: there is {'one now' if key in new else 'none now'}" for key in keys
                 if (key in old) != (key in new)]  # fmt: skip
        shared = [key for key in keys if key in old and key in new]
        return lines + [line for key in shared
                        for line in differences(old[key], new[key], near, f"{at}.{key}")]  # fmt: skip
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for i, (before, now) in enumerate(zip(old, new, strict=True))
            for line in differences(before, now, near, f"{at}[{i}]")
        ]
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (old, new))
    if numbers and type(old) is type(new) and abs(old - new) <= near * max(1, abs(old), abs(new)):
        return []
    return [] if type(old) is type(new) and old == new else [f"{at}: was {old!r:.200}, is {new!r:.200}"]


def brief(shown: dict[str, Any]) -> dict[str, Any]:
    """What `show` says of a run without the files that it repeats."""
    return {key: "*" if key in PATHS else value for key, value in shown.items() if key not in REPEATED}


def behaviour(module: Any, channels: int, size: int) -> dict[str, Any]:
    """The names and shapes of a network's weights, and its logits for two images of waves."""
    import torch

    shapes = [f"{name} {tuple(value.shape)}" for name, value in module.state_dict().items()]
    count = 2 * channels * size * size
    images = torch.arange(count).mul(0.37).sin().reshape(2, channels, size, size)  # (2, C, H, W)
    with torch.no_grad():
        logits = module.eval()(images)[:, :3]  # (2, 3)
    return {
        "weights": digest("\n".join(shapes).encode()),
        "logits": [[round(float(value), 5) for value in row] for row in logits],
    }


def assert_same(old: Any, new: Any, near: float = 0.0) -> None:
    """Fail with a line for each difference."""
    lines = differences(old, new, near)
    assert not lines, "\n".join(lines)


def contents(archive: bytes) -> dict[str, str]:
    """The names in a zip, each with what identifies its content, whatever libraries packed or drew it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return {name: _identity(name, files.read(name)) for name in sorted(files.namelist())}


def _identity(name: str, content: bytes) -> str:
    if name.endswith(".png"):
        return "a picture" if content.startswith(b"\x89PNG") else "no picture"
    if not name.endswith(".pt"):
        return digest(content)
    import torch

    weights = torch.load(io.BytesIO(content), weights_only=True)
    return digest(
        *(part for key, value in weights.items() for part in (key.encode(), value.numpy().tobytes()))
    )


def digest(*parts: bytes) -> str:
    """16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
