"""What a trained network predicts for the test pictures: probabilities, and what follows from them.

Numpy only: the page reads predictions without loading torch.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cifar7.disk import open_regular
from cifar7.errors import UserError

Order = Literal["confidence", "unsure", "loss", "index"]
ORDERS: tuple[Order, ...] = get_args(Order)


LARGEST = 512_000_000  # bytes of a file; 10,000 pictures of 1000 classes take 40 MB


class PredictionsError(UserError):
    """The predictions cannot be read, or do not fit together."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Class probabilities of N pictures and the truth about them.

    probabilities: float32 (N, K), each row summing to one; labels: int64 (N,), the true classes;
    classes: the K class names. Raises PredictionsError when these three do not fit together.
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        probabilities = np.asarray(self.probabilities, dtype=np.float32)
        labels = np.asarray(self.labels, dtype=np.int64)
        classes = tuple(str(name) for name in self.classes)
        if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
            raise PredictionsError(
                f"probabilities have the shape {probabilities.shape}; "
                f"(pictures, {len(classes)} classes) is wanted"
            )
        if labels.shape != (len(probabilities),):
            raise PredictionsError(
                f"there are labels of the shape {labels.shape} for {len(probabilities)} pictures; "
                "one each is wanted"
            )
        if len(labels) and (labels.min() < 0 or labels.max() >= len(classes)):
            raise PredictionsError(
                f"labels run from {labels.min()} to {labels.max()}; 0 to {len(classes) - 1} is wanted"
            )
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "classes", classes)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The likeliest class of every picture, (N,); the lower index where two tie."""
        return self.probabilities.argmax(axis=1).astype(np.int64)  # (N,)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability given to the predicted class, (N,)."""
        return self.probabilities.max(axis=1, initial=0)  # (N,)

    @property
    def true_probability(self) -> NDArray[np.float32]:
        """The probability given to the true class, (N,); the loss is minus its logarithm."""
        return self.probabilities[np.arange(len(self)), self.labels]  # (N,)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the likeliest class is the true one, (N,)."""
        return self.predicted == self.labels  # (N,)

    @property
    def accuracy(self) -> float:
        """Fraction of pictures whose likeliest class is the true one, 0..1; nan without pictures."""
        return float(self.correct.mean()) if len(self) else float("nan")

    def confusion(self) -> NDArray[np.int64]:
        """Counts (K, K), [true, predicted]; rows sum to the class sizes, the trace to the hits."""
        size = len(self.classes)
        cells = self.labels * size + self.predicted  # (N,)
        return np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)  # (K, K)

    def class_accuracy(self) -> NDArray[np.float64]:
        """Fraction of each true class that was recognised (recall), (K,); nan for one without pictures."""
        counts = self.confusion()
        return divide(counts.diagonal(), counts.sum(axis=1))

    def indices(
        self,
        true: int | None = None,
        predicted: int | None = None,
        *,
        wrong_only: bool = False,
        order: Order = "confidence",
    ) -> list[int]:
        """Indices of the pictures with this true and this predicted class (None: any class).

        order: "confidence" puts the surest prediction first, "unsure" the least sure, "loss" the one whose
        true class got the least probability, "index" keeps the order of the set.
        Raises PredictionsError for a class that is not there or an unknown order.
        """
        mask = np.ones(len(self), dtype=bool)  # (N,)
        if true is not None:
            mask &= self.labels == self._class(true)
        if predicted is not None:
            mask &= self.predicted == self._class(predicted)
        if wrong_only:
            mask &= ~self.correct
        return self.ordered(mask, order)

    def ordered(self, mask: NDArray[np.bool_], order: Order = "confidence") -> list[int]:
        """Indices of the pictures in `mask` (N,), in an order as of `indices`."""
        indices = np.flatnonzero(mask)
        if order == "index":
            return [int(index) for index in indices]
        if order not in ORDERS:
            raise PredictionsError(f"there is no order {order!r}; choose one of {', '.join(ORDERS)}")
        keys = {"confidence": -self.confidence, "unsure": self.confidence, "loss": self.true_probability}
        # A stable sort: pictures of equal rank keep the set's order, so a gallery does not jump.
        ranks = np.argsort(keys[order][indices], kind="stable")
        return [int(index) for index in indices[ranks]]

    def mistakes(
        self, true: int | None = None, predicted: int | None = None, order: Order = "confidence"
    ) -> list[int]:
        """Indices of the misclassified pictures, the most confident mistake first; see `indices`."""
        return self.indices(true, predicted, wrong_only=True, order=order)

    def confused_pairs(self, limit: int = 5) -> list[tuple[int, int, int, float]]:
        """The commonest errors, as (true class, predicted class, count, fraction of the true class)."""
        counts = self.confusion()
        sizes = counts.sum(axis=1)
        wrong = counts.copy()
        np.fill_diagonal(wrong, 0)
        ranks = np.argsort(-wrong, axis=None, kind="stable")[:limit]
        cells = [divmod(int(rank), len(self.classes)) for rank in ranks]
        return [(t, p, int(wrong[t, p]), float(wrong[t, p] / sizes[t])) for t, p in cells if wrong[t, p]]

    def check_same_pictures(self, other: Predictions) -> None:
        """Raise PredictionsError unless both are about the same pictures, as far as labels and names tell."""
        if self.classes != other.classes:
            raise PredictionsError(
                "the runs were tested on sets with different classes; choose runs of one set"
            )
        if not np.array_equal(self.labels, other.labels):
            raise PredictionsError("the runs were tested on different pictures; choose runs of one set")

    def _class(self, index: int) -> int:
        if not 0 <= index < len(self.classes):
            raise PredictionsError(f"there is no class {index}; they run from 0 to {len(self.classes) - 1}")
        return index

    def save(self, path: Path) -> None:
        """Write an .npz, whatever the name of `path`."""
        names = np.array(self.classes, dtype=str)
        with path.open("wb") as file:  # to a path, numpy adds an ending of its own
            np.savez(file, probabilities=self.probabilities, labels=self.labels, classes=names)

    @staticmethod
    def load(path: Path) -> Predictions:
        """Read an .npz written by `save`; raises PredictionsError if it is missing or is something else."""
        try:
            with open_regular(path, most=LARGEST) as file, zipfile.ZipFile(file) as archive:
                probabilities = _array(archive, "probabilities", "f", 2)
                labels = _array(archive, "labels", "iu", 1)
                classes = tuple(map(str, _array(archive, "classes", "U", 1)))
            # Rounding apart; and a value that is no number fails too.
            if not (np.all(probabilities >= -1e-3) and np.all(probabilities <= 1 + 1e-3)):
                raise ValueError("a probability lies outside 0 to 1")
            if not classes or any(not name or len(name) > 200 for name in classes):
                raise ValueError("the classes have no names")
        except FileNotFoundError:
            raise PredictionsError("this run has no predictions: it did not come to its test") from None
        except PredictionsError:
            raise
        except Exception as error:  # zipfile and numpy fail in any way there is
            raise PredictionsError(
                f"{path.name} is not a file of predictions ({str(error) or type(error).__name__:.200}); "
                "train the run again"
            ) from error
        return Predictions(probabilities, labels, classes)


def _array(archive: zipfile.ZipFile, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    """An array of an .npz, of one of these kinds of dtype. Raises ValueError, KeyError and what zipfile does.

    Nothing is allocated for what the file does not hold: it is not compressed, and as long as its head says.
    """
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    content = io.BytesIO(archive.read(entry))
    version = np.lib.format.read_magic(content)
    if version != (1, 0):
        raise ValueError(f"{name} is of another version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(content)
    if dtype.kind not in kinds or len(shape) != dimensions or fortran or dtype.hasobject:
        raise ValueError(f"{name} is of another form")
    rest = content.getbuffer()[content.tell() :]
    if len(rest) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} is cut short")
    return np.frombuffer(rest, dtype).reshape(shape)


def divide(counts: NDArray[np.generic], totals: NDArray[np.generic]) -> NDArray[np.float64]:
    """counts / totals, broadcast; nan where a total is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(counts, float), np.asarray(totals, float))
    quotient = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient
