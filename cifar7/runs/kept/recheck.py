"""A finished run's figures, computed again from its folder: design, settings and weights, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isclose

from cifar7.data.imageset import ImageSet
from cifar7.runs.folder import RunError, RunFolder

_SAME_LOSS = 1e-5  # relative: another number of threads adds in another order


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run over `images` images: an accuracy, 0 to 1, or a loss in nats."""

    name: str  # as in the run's result
    images: int
    recorded: float
    recomputed: float

    @property
    def same(self) -> bool:
        """An accuracy to the image; a loss save for rounding."""
        if self.name.endswith("accuracy"):
            return round(self.recorded * self.images) == round(self.recomputed * self.images)
        return isclose(self.recorded, self.recomputed, rel_tol=_SAME_LOSS)


def recheck(run: RunFolder, images: ImageSet, device: str | None = None) -> tuple[Figure, ...]:
    """Evaluate the weights in model.pt again, as the run did: on the same rows, in the same precision.

    On the kind of device that the run was trained on unless another is named, where rounding may change the
    answer to an image or two. Raises RunError for a run without a result or on other images than these,
    ConfigError where there is no such device.
    """
    result = run.status()["result"]
    path = run.weights_path()
    if not result or path is None:
        raise RunError(f"the run {run.id} did not come to its test, so there is nothing to check")
    environment = run.environment()
    if (environment.get("data") or {}).get("fingerprint") != images.fingerprint:
        raise RunError(f"the images of {images.title} have changed since the run {run.id}; train it again")

    from cifar7.network.module import build  # loads torch, only once there is something to compute
    from cifar7.training.checkpoint import fill, load_weights
    from cifar7.training.selection import rescore

    config = replace(run.config(), device=device or environment.get("device_type") or "auto")
    module = build(run.spec())
    fill(module, load_weights(path), f"model.pt of the run {run.id}")
    figures = rescore(module, images, config, str(result["precision"]))
    return tuple(
        Figure(name, count, float(result[name]), value)
        for name, (value, count) in figures.items()
        if result.get(name) is not None
    )
