"""Finished runs with given predictions, and what the gallery shows of them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import tiny
from streamlit.testing.v1 import AppTest

from cifar7.data.library import open_set
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs import queue
from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig

# Of `tiny`: 10 test pictures each of blue, green and red, in that order. 8 blue, 9 green and 6 red are right.
PREDICTED = [0] * 8 + [1] * 2 + [1] * 9 + [0] + [2] * 6 + [1] * 4
SURE = np.linspace(0.5, 0.99, 30)  # the later in the set the surer


def lay_tested(home: Path, predicted: list[int] = PREDICTED, data: str = "tiny") -> RunFolder:
    """A finished run that predicted these classes for the test pictures."""
    claim = queue.start_here(home / "runs", tiny.SPEC, tiny.config(), data)
    images = open_set(data)
    probabilities = np.zeros((len(predicted), 3), dtype=np.float32)
    for row, label in enumerate(predicted):
        probabilities[row] = (1 - SURE[row % 30]) / 2
        probabilities[row, label] = SURE[row % 30]
    claim.save_environment({"data": {"fingerprint": images.fingerprint}})
    claim.save_predictions(Predictions(probabilities, np.array(images.test.labels), images.classes))
    claim.end("finished", result={"test_accuracy": 23 / 30})
    claim.release()
    return claim.run


def lay_result(
    runs_dir: Path,
    spec: NetSpec,
    accuracy: float,
    *,
    name: str = "",
    data: str = "cifar10",
    device_type: str = "cuda",
    seconds_ago: float = 0.0,
    fingerprint: str = "f0",
    config: TrainConfig | None = None,
) -> RunFolder:
    """A finished run as a list of results sees it: without predictions, weights and events."""
    config = config or TrainConfig()
    run = RunFolder.create(runs_dir, spec, config, data)
    result = {"event": "finished", "state": "finished", "protocol": config.protocol,
              "epochs": config.epochs, "test_accuracy": accuracy, "device": "a device"}  # fmt: skip
    by = f"{sum(name.encode()):020x}" if name else ""
    told = {"state": "finished", "result": result, "ended": time.time() - seconds_ago}
    replace_json(run.path / "status.json", {**run.status(), **told, "by": by, "by_name": name})
    about = {"title": {"cifar10": "CIFAR-10"}.get(data, data), "synthetic": data == "shapes"}
    images = {**about, "name": data, "fingerprint": fingerprint}
    replace_json(run.path / "environment.json", {"device_type": device_type, "data": images})
    return run


def gallery(app: AppTest) -> list[int]:
    """The indices of the pictures that the gallery shows, in its order."""
    grids = [element.proto.json for element in app.get("bidi_component")]
    return [int(index) for grid in grids for index in re.findall(r'aria-label=\\"Picture (\d+):', grid)]


def texts(app) -> str:
    return " ".join(element.value for element in app.markdown).replace("\u00a0", " ")


def table(app, name: str) -> list[list[str]]:
    html = next(element.value for element in app.html if f'aria-label="{name}"' in element.value)
    rows = re.findall(r"<tr.*?</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
