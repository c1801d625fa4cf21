"""A finished run as one record, read once for every file that is written about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cifar7.data import library
from cifar7.data.imageset import DataError, ImageSet
from cifar7.export.errors import ExportError
from cifar7.export.train_source import TrainedOn
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.files import plain
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.training.events import EpochEnd, Started


@dataclass(frozen=True, eq=False)
class Record:
    """A run. Accuracies are fractions 0..1, times are seconds, losses nats."""

    spec: NetSpec
    analysis: Analysis
    config: TrainConfig
    started: dict[str, Any]  # the event, with the numbers of images
    epochs: tuple[dict[str, Any], ...]  # the events of whole epochs, in order
    result: dict[str, Any]  # the finished event
    environment: dict[str, Any]
    predictions: Predictions
    images: ImageSet
    official: bool  # the set is torchvision's CIFAR-10

    @property
    def holds_out(self) -> bool:
        """Whether the epoch was chosen on held-out images and the test set read once."""
        return self.result["protocol"] == "holdout"

    @property
    def watched(self) -> str:
        """The images measured beside the training images after each epoch: `heldout` or `test`."""
        return "heldout" if self.holds_out else "test"

    @property
    def on_gpu(self) -> bool:
        """Whether it was trained on something faster than a CPU."""
        return self.environment["device_type"] != "cpu"

    @property
    def title(self) -> str:
        """The image set in words."""
        return "CIFAR-10" if self.official else str(self.environment["data"]["title"])

    def trained_on(self) -> TrainedOn:
        """What train.py needs to know of the images."""
        images = self.images
        return TrainedOn(self.title, images.classes, images.mean, images.std, self.official)


def read_record(run: RunFolder, data_dir: Path | None = None) -> Record:
    """Read the folder of a run that finished, or was stopped and tested, and open its images.

    `data_dir`: where the library of images is, if not in its usual place. Raises ExportError for a run
    without a result and where the images are gone or have changed; RunError, SpecError, ConfigError or
    PredictionsError for a damaged folder.
    """
    status = run.reconcile()
    if not status["result"]:
        cure = (
            "wait for its end"
            if status["state"] in ("queued", "running", "paused")
            else "choose a run that finished"
        )
        raise ExportError(f"the run {run.id} is {status['state']} and has no result; {cure}.")
    spec = run.spec()
    check(spec)
    environment, predictions = run.environment(), run.predictions()
    events = run.story()
    epochs = {event.epoch: plain(event.to_dict()) for event in events if isinstance(event, EpochEnd)}
    started = next((event for event in reversed(events) if isinstance(event, Started)), None)
    if started is None or not environment.get("data"):
        raise ExportError(f"the record of the run {run.id} is damaged; choose another run.")
    return Record(
        spec=spec,
        analysis=analyse(spec),
        config=run.config(),
        started=started.to_dict(),
        epochs=tuple(epochs[number] for number in sorted(epochs)),
        result=status["result"],
        environment=environment,
        predictions=predictions,
        images=_images(run, environment["data"], predictions, data_dir),
        official=run.data_name() == library.OFFICIAL,
    )


def _images(
    run: RunFolder, data: dict[str, Any], predictions: Predictions, data_dir: Path | None
) -> ImageSet:
    """The set that the run was trained on, and no other of that name."""
    name = run.data_name()
    try:
        images = library.open_set(name, data_dir=data_dir)
    except DataError as error:
        raise ExportError(f"the export needs the images of the run, {name}: {error}") from None
    if images.fingerprint != data.get("fingerprint") or len(images.test) != len(predictions):
        raise ExportError(
            f"the image set {name} has changed since the run {run.id} was trained on it; "
            "bring the former images back under that name, or train again."
        )
    return images
