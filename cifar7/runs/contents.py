"""What stands in a run folder, read: by anybody, at any time, without a lock, and checked on reading.

A folder may hold anything: it was copied, edited by hand, or a disk failed. Each file becomes a typed
value or an error in words, and nothing but regular files of the folder itself is opened.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cifar7.disk import NotRegularError, TooLargeError, is_regular
from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.directory import DamagedError, RunError
from cifar7.runs.files import read_json, read_lines
from cifar7.runs.kinds import Kind, kind_of
from cifar7.runs.status import Status, read_data_name, read_environment, read_status
from cifar7.training.config import TrainConfig
from cifar7.training.events import Event, Started

T = TypeVar("T")


@dataclass(frozen=True)
class Contents:
    """The files of one run."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name: time and design, or a kind other than training, and an unguessable end."""
        return self.path.name

    @property
    def kind(self) -> Kind:
        """What executing it means: a training, as most are, or a learning-rate test."""
        return kind_of(self.id)

    def status(self) -> Status:
        """How the run stands, as written. RunError when the folder is gone, DamagedError if damaged."""
        return self._read("status.json", read_status)

    def events(self, after: int = 0) -> tuple[list[Event], int]:
        """Events from byte `after` of the record on, and the byte to read on from next time.

        Beats are thinned to one per half second, and further in long runs; status()["progress"] is always the
        newest. Events of a kind that is not known here are passed over. Raises DamagedError for a record that
        cannot be read.
        """
        with self._reading("events.jsonl"):
            items, offset = read_lines(self.path / "events.jsonl", max(0, int(after)))
        return [event for item in items if (event := Event.from_dict(item))], offset

    def story(self) -> list[Event]:
        """The events of the run as it stands: without those beyond the point that it was resumed from."""
        story: list[Event] = []
        for event in self.events()[0]:
            if isinstance(event, Started):
                done = event.from_step
                story = [earlier for earlier in story if done and getattr(earlier, "step", 0) <= done]
            story.append(event)
        return story

    def spec(self) -> NetSpec:
        """The design, as it was when the run was made. SpecError or RunError if the file is damaged."""
        return NetSpec.from_dict(self._read("spec.json", dict))

    def config(self) -> TrainConfig:
        """The training settings. Raises ConfigError or RunError if the file is damaged."""
        settings = self._read("config.json", dict)
        settings.pop("data", None)
        return TrainConfig.from_dict(settings)

    def data_name(self) -> str:
        """The library's name of the image set; RunError if the file is damaged."""
        return self._read("config.json", read_data_name)

    def environment(self) -> dict[str, Any]:
        """Versions, device and the data's fingerprint; empty until it has begun. May raise DamagedError."""
        if not os.path.lexists(self.path / "environment.json"):
            return {}
        return self._read("environment.json", read_environment)

    def has_predictions(self) -> bool:
        """Whether the run came to its test."""
        return is_regular(self.path / "predictions.npz")

    def predictions(self) -> Predictions:
        """The network's outputs for the test images; PredictionsError where there are none."""
        return Predictions.load(self.path / "predictions.npz")

    def weights_path(self) -> Path | None:
        """model.pt, a state dict for `checkpoint.load_weights`; None before an epoch's end."""
        path = self.path / "model.pt"
        return path if is_regular(path) else None

    def checkpoint_path(self) -> Path | None:
        """checkpoint.pt, from which the run can go on; None before there is one."""
        path = self.path / "checkpoint.pt"
        return path if is_regular(path) else None

    def requested(self) -> str | None:
        """What the running run is to do: "stop", "end" at once, "pause" or None. Cheap: asked every batch."""
        with suppress(OSError, ValueError):
            ask = read_json(self.path / "control.json").get("ask")
            return ask if isinstance(ask, str) and len(ask) < 20 else None
        return None

    def _read(self, name: str, check: Callable[[dict[str, Any]], T]) -> T:
        with self._reading(name):
            return check(read_json(self.path / name))

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """What cannot be read in between is told: DamagedError, or RunError where the folder is gone."""
        try:
            if self.path.is_symlink():
                raise OSError(errno.ELOOP, "lies behind a link")
            yield
        except UserError:
            raise
        except (OSError, ValueError) as error:
            if not os.path.lexists(self.path):
                raise RunError(f"the run {self.id} is gone; choose another run") from None
            fault = _fault(error)
            missing = isinstance(error, FileNotFoundError)
            message = (
                f"the run {self.id} is gone, or its {name} is; choose another run"
                if missing
                else f"{name} of the run {self.id} is damaged (it {fault}); choose another run"
            )
            raise DamagedError(message, f"{name} {fault}") from None


def _fault(error: OSError | ValueError) -> str:
    """What is wrong with a file, as the end of a sentence."""
    if isinstance(error, FileNotFoundError):
        return "is missing"
    if isinstance(error, PermissionError):
        return "may not be read"
    if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
        return "is no JSON"
    if isinstance(error, OSError):
        known = isinstance(error, (NotRegularError, TooLargeError)) or error.errno == errno.ELOOP
        return str(error.strerror) if known else f"cannot be read ({error.strerror})"
    return str(error)[:200]
