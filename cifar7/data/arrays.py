"""Images that lie in a NumPy archive: train_images, train_labels, test_images, test_labels and classes."""

from pathlib import Path

import numpy as np

from cifar7.data.imageset import DataError, RawSet, Split

SUFFIX = ".npz"


def read_arrays(path: Path) -> RawSet:
    """The set in an .npz: images uint8 (N, 3, 32, 32), labels whole numbers (N,), classes texts.

    DataError: arrays that are missing or of another form. Nothing is unpickled.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            classes = tuple(str(name) for name in content["classes"])
            parts = [
                Split(content[f"{part}_images"], content[f"{part}_labels"].astype(np.int64))
                for part in ("train", "test")
            ]
    except (KeyError, ValueError, AssertionError) as error:
        raise DataError(f"{path.name} has not the arrays of an image set ({error})") from None
    return RawSet(path.stem, classes, *parts, origin=f"arrays {path.name}", synthetic=False, notes=())
