"""The one module of the pages that uses torch: what a layer looks at, and what a run says of a picture.

torch is loaded when this is first asked for, and then runs on one thread of the CPU, for one page at a time:
a page must never be slow because another one computes.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from cifar7 import paths
from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunError, RunFolder
from cifar7.ui.words.lines import lines
from cifar7.ui.words.summary import shape_words

Map = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]  # (3, H, W)

LARGEST_WORK = 4e9  # multiply-accumulates forward: about a second on an old core
MOST_IMAGES = 16
SEEDS = 4
KEPT = 128  # maps of 4 KiB
KEPT_MODULES = 4  # of a few MB
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that Grad-CAM can look from. `advice`: why its map says little, if so."""

    at: int  # index into the design's rows
    words: str
    advice: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a run says of a picture of somebody's own."""

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]


@st.cache_data(max_entries=KEPT, show_spinner=False)
def untrained(spec_json: str, layer: int) -> tuple[Map, float]:
    """How strongly each image pixel moves the middle value of a layer, before any training.

    Returns strengths (H, W), the strongest 1, and the side in pixels of a square as large as what counts.
    Noise as images; the mean of some initialisations. Fewer of both where the network is costly.
    """
    spec = NetSpec.from_dict(json.loads(spec_json))
    with _one_at_a_time:
        _torch()
        from cifar7.results import receptive

        return _told(receptive, receptive.untrained_field(spec, layer, *_affordable(spec, layer)))


@st.cache_data(max_entries=KEPT, show_spinner=False)
def trained(run_id: str, layer: int) -> tuple[Map, float]:
    """The same for a run's weights, on test images of the set it was trained on.

    Raises RunError where the run has no weights, and what opening the run or its images raises.
    """
    run = RunFolder.open(paths.runs_dir(), run_id)
    weights_path, spec, images = _weights(run), run.spec(), open_set(run.data_name())
    with _one_at_a_time:
        torch = _torch()
        from cifar7.data.augment import normalise
        from cifar7.results import receptive

        count, _ = _affordable(spec, layer)
        pick = np.linspace(0, len(images.test) - 1, count).astype(int)
        pixels = torch.from_numpy(np.array(images.test.images[pick]))  # (N, 3, H, W)
        floats = normalise(pixels, *run.config().scale(images.mean, images.std), torch.float32)
        weights = torch.load(weights_path, map_location="cpu", weights_only=True)
        return _told(receptive, receptive.trained_field(spec, weights, layer, floats))


def _told(receptive: Any, strength: Map) -> tuple[Map, float]:
    return strength, float(receptive.effective_side(strength))


def _affordable(spec: NetSpec, layer: int) -> tuple[int, int]:
    """Images and initialisations so that the work stays bounded, whatever the network."""
    macs = max(1, sum(row.macs for row in analyse(spec).rows[: layer + 1]))
    images = int(min(MOST_IMAGES, max(2, LARGEST_WORK / macs / SEEDS)))
    return images, int(min(SEEDS, max(1, LARGEST_WORK / macs / images)))


def _torch() -> Any:
    """torch, on one thread."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded
    import torch

    torch.set_num_threads(1)
    return torch


@st.cache_data(max_entries=KEPT, show_spinner=False)
def layers(spec_json: str) -> tuple[tuple[Layer, ...], int]:
    """The layers of a design to look from with Grad-CAM, and which of them to begin with (its `at`)."""
    rows = analyse(NetSpec.from_dict(json.loads(spec_json))).rows
    with _one_at_a_time:
        _torch()
        from cifar7.results import gradcam

        chosen = gradcam.layers_to_choose(rows)
        shown = lines(rows)

        def name(at: int) -> str:
            line = next(line for line in reversed(shown) if rows.index(line.row) <= at)
            return f"{line.stage} {line.name}, map {shape_words(rows[at].output)}"

        found = tuple(Layer(at, name(at), gradcam.advice(rows[at])) for at in chosen)
        return found, gradcam.usual_layer(rows)


def attention(run_id: str, picture: Picture, layer: int, target: int) -> Map:
    """Grad-CAM (H, W), the strongest pixel 1: where a layer finds what speaks for the class `target`.

    `picture`: uint8 (3, H, W). Raises RunError without weights, and what opening the run or its set raises.
    """
    return _attention(run_id, _version(run_id), picture, layer, target)


def classify(run_id: str, picture: Picture) -> Said:
    """What a run says of a picture uint8 (3, H, W). Raises as `attention` does."""
    return _classify(run_id, _version(run_id), picture)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _attention(run_id: str, version: int, picture: Picture, layer: int, target: int) -> Map:
    run = RunFolder.open(paths.runs_dir(), run_id)
    images = open_set(run.data_name())
    scale = run.config().scale(images.mean, images.std)  # as it was trained
    with _one_at_a_time:
        torch = _torch()
        from cifar7.data.augment import normalise
        from cifar7.results.gradcam import grad_cam

        pixels = torch.from_numpy(np.array(picture)[None])  # (1, 3, H, W)
        floats = normalise(pixels, *scale, torch.float32)
        found: Map = grad_cam(_module(run_id, version), floats, layer, [target])[0]  # (H, W)
        return found


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _classify(run_id: str, version: int, picture: Picture) -> Said:
    run = RunFolder.open(paths.runs_dir(), run_id)
    images = open_set(run.data_name())
    scale = run.config().scale(images.mean, images.std)  # as it was trained
    with _one_at_a_time:
        _torch()
        from cifar7.results import picture as own

        shares = own.classify(_module(run_id, version), picture[None], *scale)[0]
        return Said(images.classes, tuple(float(share) for share in shares))


@st.cache_resource(max_entries=KEPT_MODULES, show_spinner=False)
def _module(run_id: str, version: int) -> Any:
    """The network of a run with its weights; `version` is the file's time."""
    import torch

    from cifar7.network.module import build

    run = RunFolder.open(paths.runs_dir(), run_id)
    module = build(run.spec())
    module.load_state_dict(torch.load(_weights(run), map_location="cpu", weights_only=True))
    return module.eval()


def _weights(run: RunFolder) -> Path:
    path = run.weights_path()
    if path is None:
        raise RunError("this run has no weights yet; choose another one.")
    return path


def _version(run_id: str) -> int:
    """The time of the run's weights: what is kept of others is not theirs."""
    return _weights(RunFolder.open(paths.runs_dir(), run_id)).stat().st_mtime_ns
