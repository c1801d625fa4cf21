"""A run, or a design, packed as a repository to hand in."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from cifar7.export.errors import ExportError
from cifar7.export.model_source import model_source
from cifar7.export.readme import design_readme, run_readme
from cifar7.export.record import Record, read_record
from cifar7.export.train_source import train_source
from cifar7.network.profiles import Profile
from cifar7.network.source import renamed_keys
from cifar7.network.spec import NetSpec
from cifar7.runs.files import replacing
from cifar7.runs.folder import RunFolder

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: equal files make equal bytes

# As in cifar7's own requirements.txt, which the tests are run with.
_TORCH = "torch>=2.11,<3\n"
_TRAINING = {
    True: _TORCH + "torchvision>=0.26,<1\nnumpy>=2.2,<3\n",  # CIFAR-10 through torchvision
    False: _TORCH + "numpy>=2.2,<3\npillow>=12,<14\n",  # class folders
}


def submission_files(run: RunFolder, profile: Profile, *, data_dir: Path | None = None) -> dict[str, bytes]:
    """The files of a run's submission, by name. Loads torch, to rename the weights.

    Raises ExportError for a run without a result, without its images, or with a setting that train.py
    cannot follow; RunError, SpecError, ConfigError or PredictionsError for a damaged folder.
    """
    from cifar7.export.pictures import confusion_png, curves_png, mistakes_png

    record = read_record(run, data_dir)
    return {
        "README.md": run_readme(record, profile).encode(),
        "model.py": model_source(record.spec).encode(),
        "train.py": train_source(record.config, record.images).encode(),
        "weights.pt": _weights(run, record),
        "curves.png": curves_png(record),
        "confusion.png": confusion_png(record.predictions),
        "mistakes.png": mistakes_png(record.predictions, record.images.test.images),
        "requirements.txt": _TRAINING[record.official].encode(),
        "spec.json": spec_json(record.spec),
    }


def design_files(spec: NetSpec, profile: Profile) -> dict[str, bytes]:
    """The files of a design that was not trained, by name. Raises SpecError where it cannot be built."""
    return {
        "model.py": model_source(spec).encode(),
        "README.md": design_readme(spec, profile).encode(),
        "requirements.txt": _TORCH.encode(),
        "spec.json": spec_json(spec),
    }


def spec_json(spec: NetSpec) -> bytes:
    """The design as the file that `describe` and `train` read."""
    return json.dumps(spec.to_dict(), indent=1).encode() + b"\n"


def pack(files: dict[str, bytes]) -> bytes:
    """A zip of the files in the order of their names; equal files give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # a plain file, readable by all
            compressed = name.endswith((".png", ".pt"))
            entry.compress_type = zipfile.ZIP_STORED if compressed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return out.getvalue()


def write(out: Path, content: bytes) -> None:
    """Put `content` at `out` in one step. Raises ExportError where that is not possible."""
    try:
        with replacing(out) as half:
            half.write_bytes(content)
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror}); choose another place.") from None


def _weights(run: RunFolder, record: Record) -> bytes:
    """The run's weights under the names of the written model.py, for torch.load(..., weights_only=True)."""
    import torch

    from cifar7.training.checkpoint import load_weights

    path = run.weights_path()
    if path is None:
        raise ExportError(f"the run {run.id} has no weights; choose another run.")
    prefixes = renamed_keys(record.spec)
    weights = {}
    for key, value in load_weights(path).items():
        prefix, _, name = key.rpartition(".")
        if prefix not in prefixes:
            raise ExportError(f"the weights of the run {run.id} are not those of its design ({key!r:.60}).")
        weights[f"{prefixes[prefix]}.{name}"] = value
    out = io.BytesIO()
    torch.save(weights, out)
    return out.getvalue()
