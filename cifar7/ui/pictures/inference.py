"""The only module of the pages that uses torch: where a layer looks, and how a run classifies a picture.

The first call loads torch. It runs on one thread of the CPU, for one page at a time, so that no page is slow
because others compute.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunError, RunFolder
from cifar7.training.config import Triple
from cifar7.ui.words.lines import lines
from cifar7.ui.words.summary import shape_words

Map = npt.NDArray[np.float32]  # (H, W), the strongest 1
Picture = npt.NDArray[np.uint8]  # (3, H, W)

LARGEST_WORK = 4e9  # multiply-accumulates of the forward pass: about a second on an old core
MOST_IMAGES = 16
SEEDS = 4
CACHED_MAPS = 128  # of 4 KiB
CACHED_MODULES = 4  # of a few MB
_one_at_a_time = threading.Lock()


def _version(run: RunFolder) -> tuple[str, int]:
    """What separates cached results: the run, and when its weights were written."""
    try:
        return run.id, (run.path / "model.pt").stat().st_mtime_ns
    except OSError:  # the function itself says that there are none
        return run.id, 0


_cached = st.cache_data(max_entries=CACHED_MAPS, show_spinner=False, hash_funcs={RunFolder: _version})


@_cached
def untrained(spec: NetSpec, layer: int) -> tuple[Map, float]:
    """How strongly each image pixel moves the middle value of a layer, before any training.

    Returns strengths (H, W), the strongest 1, and the side in pixels of the effective field's square. The
    images are noise; the result is the mean of some initialisations. A costly network gets fewer of both.
    """
    with _torch():
        from cifar7.results import receptive

        strength = receptive.untrained_field(spec, layer, *_affordable(spec, layer))
        return strength, float(receptive.effective_side(strength))


@_cached
def trained(run: RunFolder, layer: int) -> tuple[Map, float]:
    """The same for a run's weights, on test images of the set it was trained on.

    Raises RunError if the run has no weights, and the errors of opening the run or its images.
    """
    weights_path, spec = _weights(run), run.spec()
    images, scale = _images_and_scale(run)
    with _torch() as torch:
        from cifar7.data.augment import normalise
        from cifar7.results import receptive
        from cifar7.training.checkpoint import load_weights

        count, _ = _affordable(spec, layer)
        pick = np.linspace(0, len(images.test) - 1, count).astype(int)
        pixels = torch.from_numpy(np.array(images.test.images[pick]))  # (N, 3, H, W)
        weights = load_weights(weights_path)
        strength = receptive.trained_field(spec, weights, layer, normalise(pixels, *scale, torch.float32))
        return strength, float(receptive.effective_side(strength))


def _affordable(spec: NetSpec, layer: int) -> tuple[int, int]:
    """Numbers of images and initialisations that keep the work below LARGEST_WORK, if two images do."""
    macs = max(1, sum(row.macs for row in analyse(spec).rows[: layer + 1]))
    images = int(min(MOST_IMAGES, max(2, LARGEST_WORK / macs / SEEDS)))
    return images, int(min(SEEDS, max(1, LARGEST_WORK / macs / images)))


@contextmanager
def _torch() -> Iterator[Any]:
    """torch on one thread, for one page at a time."""
    with _one_at_a_time:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch reads it when it is loaded
        import torch

        torch.set_num_threads(1)
        yield torch


@_cached
def layers(spec: NetSpec) -> tuple[dict[int, tuple[str, str | None]], int]:
    """The layers that Grad-CAM can look from, by their index into the design's rows; and the usual one's.

    Each has its label and, where its map says little, the reason.
    """
    rows = analyse(spec).rows
    with _torch():
        from cifar7.results import gradcam

        table = lines(rows)

        def label(index: int) -> str:
            line = next(line for line in reversed(table) if rows.index(line.row) <= index)
            return f"{line.stage} {line.name}, map {shape_words(rows[index].output)}"

        indices = gradcam.layers_to_choose(rows)
        choices = {index: (label(index), gradcam.advice(rows[index])) for index in indices}
        return choices, gradcam.usual_layer(rows)


@_cached
def attention(run: RunFolder, picture: Picture, layer: int, target: int) -> Map:
    """Grad-CAM (H, W), the strongest pixel 1: where a layer finds what speaks for the class `target`.

    `picture`: uint8 (3, H, W). Raises RunError if there are no weights, and the errors of opening the run or
    its image set.
    """
    _, scale = _images_and_scale(run)
    with _torch() as torch:
        from cifar7.data.augment import normalise
        from cifar7.results.gradcam import grad_cam

        pixels = torch.from_numpy(np.array(picture)[None])  # (1, 3, H, W)
        floats = normalise(pixels, *scale, torch.float32)
        strength: Map = grad_cam(_module(run), floats, layer, [target])[0]  # (H, W)
        return strength


@_cached
def classify(run: RunFolder, picture: Picture) -> dict[str, float]:
    """The probability, 0..1, of each class for a picture, uint8 (3, H, W). Raises as `attention` does."""
    images, scale = _images_and_scale(run)
    with _torch():
        from cifar7.results.picture import classify

        probabilities = classify(_module(run), picture[None], *scale)[0]  # (K,)
        return dict(zip(images.classes, probabilities.tolist(), strict=True))


@st.cache_resource(max_entries=CACHED_MODULES, show_spinner=False, hash_funcs={RunFolder: _version})
def _module(run: RunFolder) -> Any:
    """The network of a run with its weights."""
    from cifar7.network.module import build
    from cifar7.training.checkpoint import fill, load_weights

    module = build(run.spec())
    fill(module, load_weights(_weights(run)), "model.pt")
    return module.eval()


def _images_and_scale(run: RunFolder) -> tuple[ImageSet, tuple[Triple, Triple]]:
    """The run's image set, and the mean and deviation (per channel) that its recipe normalises with."""
    images = open_set(run.data_name())
    return images, run.config().scale(images.mean, images.std)


def _weights(run: RunFolder) -> Path:
    path = run.weights_path()
    if path is None:
        raise RunError("this run has no weights yet; choose another one.")
    return path
