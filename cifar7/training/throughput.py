"""How fast a run goes and how long it will still take, from measured times. No clock is read here."""

from __future__ import annotations

from math import exp

_MEMORY = 10.0  # seconds over which a speed is remembered
# Until an evaluation was measured: seconds an evaluated image takes as a share of a trained one. A forward
# pass is a third of a step's arithmetic.
_EVALUATION_SHARE = 1 / 3


class Pace:
    """Speeds of training and of evaluation, both in images a second."""

    def __init__(self) -> None:
        self.training_seconds = 0.0
        self.training_images = 0
        self._first: tuple[int, float] | None = None  # slow: libraries load, kernels are chosen
        self._recent_images = 0.0
        self._recent_seconds = 0.0
        self._evaluated_images = 0
        self._evaluation_seconds = 0.0

    def trained(self, images: int, seconds: float) -> None:
        """Take note of training steps that were measured together."""
        self.training_images += images
        self.training_seconds += seconds
        if self._first is None:
            self._first = (images, seconds)
            return
        fading = exp(-seconds / _MEMORY)
        self._recent_images = self._recent_images * fading + images
        self._recent_seconds = self._recent_seconds * fading + seconds

    def evaluated(self, images: int, seconds: float) -> None:
        """Take note of an evaluation."""
        self._evaluated_images += images
        self._evaluation_seconds += seconds

    @property
    def images_per_second(self) -> float:
        """Of late, the first measurement left out as soon as there is another; 0 before any."""
        if self._recent_seconds > 0:
            return self._recent_images / self._recent_seconds
        images, seconds = self._first or (0, 0.0)
        return images / seconds if seconds > 0 else 0.0

    @property
    def mean_images_per_second(self) -> float:
        """Over the whole run; 0 before any step."""
        return self.training_images / self.training_seconds if self.training_seconds > 0 else 0.0

    def seconds_left(self, images_to_train: int, images_to_evaluate: int) -> float:
        """What is still to come at the present speed; 0 while nothing was measured."""
        speed = self.images_per_second
        if speed == 0:
            return 0.0
        evaluation = _EVALUATION_SHARE / speed  # seconds an image
        if self._evaluated_images:
            evaluation = self._evaluation_seconds / self._evaluated_images
        return images_to_train / speed + images_to_evaluate * evaluation
