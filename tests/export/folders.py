"""A set of class folders without images, for files that are only written."""

from __future__ import annotations

import numpy as np
import tiny

from cifar7.data.imageset import ImageSet, Split

NONE = Split(np.empty((0, 3, 32, 32), dtype=np.uint8), np.empty(0, dtype=np.int64))
FOLDERS = ImageSet(
    title="Colours", classes=tiny.CLASSES, train=NONE, test=NONE, origin="", synthetic=False, notes=(),
    name="colours", fingerprint="", mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3),
)  # fmt: skip
