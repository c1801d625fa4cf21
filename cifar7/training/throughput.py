"""How fast a run goes and how long it will still take, from measured times. No clock is read here."""

from __future__ import annotations

from math import exp
from typing import Any

_MEMORY = 10.0  # seconds over which a speed is remembered
# Until an evaluation was measured: seconds an evaluated image takes as a share of a trained one. A forward
# pass is a third of a step's arithmetic.
_EVALUATION_SHARE = 1 / 3


class Throughput:
    """Speeds of training and of evaluation, both in images a second."""

    def __init__(self) -> None:
        self.training_seconds = 0.0
        self.training_images = 0
        self._first: tuple[int, float] | None = None  # slow: libraries load, kernels are chosen
        self._recent_images = 0.0
        self._recent_seconds = 0.0
        self._evaluated_images = 0
        self._evaluation_seconds = 0.0

    def add_training(self, images: int, seconds: float) -> None:
        """Count training steps that were measured together."""
        self.training_images += images
        self.training_seconds += seconds
        if self._first is None:
            self._first = (images, seconds)
            return
        decay = exp(-seconds / _MEMORY)
        self._recent_images = self._recent_images * decay + images
        self._recent_seconds = self._recent_seconds * decay + seconds

    def add_evaluation(self, images: int, seconds: float) -> None:
        """Count an evaluation."""
        self._evaluated_images += images
        self._evaluation_seconds += seconds

    @property
    def images_per_second(self) -> float:
        """The recent speed, the first measurement left out as soon as there is another; 0 before any."""
        if self._recent_seconds > 0:
            return self._recent_images / self._recent_seconds
        return _speed(*(self._first or (0, 0.0)))

    @property
    def mean_images_per_second(self) -> float:
        """Over the whole run; 0 before any step."""
        return _speed(self.training_images, self.training_seconds)

    def seconds_left(self, images_to_train: int, images_to_evaluate: int) -> float:
        """The time that so many images will take at the present speed; 0 while nothing was measured."""
        speed = self.images_per_second
        if speed == 0:
            return 0.0
        evaluation = _EVALUATION_SHARE / speed  # seconds an image
        if self._evaluated_images:
            evaluation = self._evaluation_seconds / self._evaluated_images
        return images_to_train / speed + images_to_evaluate * evaluation

    def state_dict(self) -> dict[str, Any]:
        """The totals. Recent speeds are measured anew: a run may go on in another process and machine."""
        return {"training_seconds": self.training_seconds, "training_images": self.training_images}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`."""
        self.training_seconds, self.training_images = state["training_seconds"], state["training_images"]


def _speed(images: float, seconds: float) -> float:
    return images / seconds if seconds > 0 else 0.0
