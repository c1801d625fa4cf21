"""The one module of the pages that uses torch: what a design's layer really looks at.

torch is loaded when this is first asked for, and then runs on one thread of the CPU, for one page at a time:
a page must never be slow because another one computes.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from cifar7 import paths
from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunError, RunFolder

Map = npt.NDArray[np.float32]

LARGEST_WORK = 4e9  # multiply-accumulates forward: about a second on an old core
MOST_IMAGES = 16
SEEDS = 4
KEPT = 128  # maps of 4 KiB
_one_at_a_time = threading.Lock()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def untrained(spec_json: str, layer: int) -> tuple[Map, float]:
    """How strongly each image pixel moves the middle value of a layer, before any training.

    Returns strengths (H, W), the strongest 1, and the side in pixels of a square as large as what counts.
    Noise as images; the mean of some initialisations. Fewer of both where the network is costly.
    """
    spec = NetSpec.from_dict(json.loads(spec_json))
    with _one_at_a_time:
        torch, receptive = _torch()
        from cifar7.network.module import build

        images, seeds = _affordable(spec, layer)
        noise = torch.randn(
            images,
            spec.in_channels,
            spec.image_size,
            spec.image_size,
            generator=torch.Generator().manual_seed(0),
        )
        maps = [receptive.effective_field(build(spec, seed=seed), layer, noise) for seed in range(seeds)]
        mean = np.stack(maps).mean(axis=0)  # (H, W)
        return _told(receptive, (mean / (mean.max() or 1.0)).astype(np.float32))


@st.cache_data(max_entries=KEPT, show_spinner=False)
def trained(run_id: str, layer: int) -> tuple[Map, float]:
    """The same for a run's weights, on test images of the set it was trained on.

    Raises RunError where the run has no weights, and what opening the run or its images raises.
    """
    run = RunFolder.open(paths.runs_dir(), run_id)
    weights_path, spec, images = run.weights_path(), run.spec(), open_set(run.data_name())
    if weights_path is None:
        raise RunError("this run has no weights yet; choose another one.")
    with _one_at_a_time:
        torch, receptive = _torch()
        count, _ = _affordable(spec, layer)
        pick = np.linspace(0, len(images.test) - 1, count).astype(int)
        pixels = torch.from_numpy(np.array(images.test.images[pick])).float() / 255  # (N, 3, H, W)
        mean, std = torch.tensor(images.mean), torch.tensor(images.std)
        pixels = (pixels - mean[:, None, None]) / std[:, None, None]
        weights = torch.load(weights_path, map_location="cpu", weights_only=True)
        return _told(receptive, receptive.trained_field(spec, weights, layer, pixels))


def _told(receptive: Any, strength: Map) -> tuple[Map, float]:
    return strength, float(receptive.effective_side(strength))


def _affordable(spec: NetSpec, layer: int) -> tuple[int, int]:
    """Images and initialisations so that the work stays bounded, whatever the network."""
    macs = max(1, sum(row.macs for row in analyse(spec).rows[: layer + 1]))
    images = int(min(MOST_IMAGES, max(2, LARGEST_WORK / macs / SEEDS)))
    return images, int(min(SEEDS, max(1, LARGEST_WORK / macs / images)))


def _torch() -> tuple[Any, Any]:
    """torch, on one thread, and the room that measures with it."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded
    import torch

    from cifar7.results import receptive

    torch.set_num_threads(1)
    return torch, receptive
