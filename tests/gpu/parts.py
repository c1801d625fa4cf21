"""What `tests/on_a_gpu.py` measures, a function for each part: it returns plain data for JSON."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any
from xml.etree import ElementTree

import tiny
from where import ROOT

from cifar7.data import library
from cifar7.data.imageset import ImageSet
from cifar7.network.presets import preset
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import CHAMPION, FEATHERWEIGHT, SPRINT

MOST_EPOCHS = 300  # of a long training
TRIAL_EPOCHS = 2  # of the run before it, which tells what an epoch takes and is not counted
SPARE = 0.9  # of the time that is planned with


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    data: str = library.OFFICIAL  # a name, class folders, or an archive of them
    device: str = "auto"
    seeds: int = 5
    minutes: float = 8.0  # of each part that is as long as one lets it
    small: bool = False  # the smallest of everything, to see that it works

    def images(self) -> ImageSet:
        """The images to train on."""
        return library.open_data(self.data)

    def spec(self, name: str, images: ImageSet) -> NetSpec:
        """A preset with as many classes as the images have."""
        return (tiny.SPEC if self.small else preset(name)).with_classes(len(images.classes))


Part = Callable[[Options], dict[str, Any]]


def about(options: Options) -> dict[str, Any]:
    """Hardware, versions and images."""
    from cifar7.commands.benching import hardware

    images = options.images()
    sizes = {"train": len(images.train), "test": len(images.test)}
    data = {"title": images.title, "fingerprint": images.fingerprint, **sizes}
    return {"machine": hardware(options.device), "data": data}


def tests(options: Options) -> dict[str, Any]:
    """The tests that need CUDA; skipped ones show where there is none."""
    if importlib.util.find_spec("pytest") is None:
        return {"why": "pytest is not installed here: pip install pytest"}
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    files = [str(path) for path in found if "mark.gpu" in path.read_text()]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # Of pytest alone: what .pytest.ini asks for besides may not be installed.
        plain = ["-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider", "-q", "-m", "gpu"]
        command = [sys.executable, "-m", "pytest", *plain, f"--junitxml={report}", *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        _say(done.stdout[-4000:])
        if not report.is_file():
            said = (done.stdout + done.stderr)[-2000:]
            return {"why": f"pytest ended with status {done.returncode}: {said}"}
        return {**counts(ElementTree.parse(report).getroot()), "status": done.returncode}


def counts(report: ElementTree.Element) -> dict[str, Any]:
    """How many passed, failed and were skipped, and which failed, of a JUnit report."""
    names: dict[str, list[str]] = {"failure": [], "error": [], "skipped": []}
    cases = list(report.iter("testcase"))
    for case in cases:
        for kind in names:
            if case.find(kind) is not None:
                names[kind].append(f"{case.get('classname')}::{case.get('name')}")
    failed = [*names["failure"], *names["error"]]
    skipped = len(names["skipped"])
    return {"passed": len(cases) - len(failed) - skipped, "failed": failed, "skipped": skipped}


def bench(options: Options) -> dict[str, Any]:
    """`python -m cifar7 bench`: our training beside the loops that people write."""
    from cifar7.bench import report

    plan = report.FULL
    if options.small:
        plan = replace(report.QUICK, repeats=1, slow_images=16, images=64, test_images=16, profiled_steps=2)
        plan = replace(plan, growing_networks=(report.STARTER,), growing_images=(64,))
    return report.bench(options.images(), plan, options.device, _say)


def result(options: Options) -> dict[str, Any]:
    """From pressing Train to a tested network, with a warm worker, to which the first design is new."""
    import time_to_result

    images = options.images()
    spec, config = options.spec("sprinter", images), replace(SPRINT.config, device=options.device)
    if options.small:
        config = replace(config, epochs=1, batch_size=16)
    runs = []
    with tempfile.TemporaryDirectory() as folder, time_to_result.warm_worker(Path(folder)):
        for seed in seeds(options):
            timed = time_to_result.measure(Path(folder), images.name, spec, replace(config, seed=seed))
            runs.append(asdict(timed))
            _say(f"seed {seed}: {timed.seconds:.2f} s, {timed.test_accuracy:.2%}")
    return {
        "network": spec.name, "epochs": config.epochs, "runs": runs, **spread(runs, "test_accuracy"),
        "first": runs[0]["seconds"], "later": median(run["seconds"] for run in runs[1:] or runs),
    }  # fmt: skip


def champion(options: Options) -> dict[str, Any]:
    """`champion` with its recipe, for as many epochs as the time allows."""
    return _long(options, "champion", CHAMPION.config)


def featherweight(options: Options) -> dict[str, Any]:
    """`featherweight` likewise."""
    return _long(options, "featherweight", FEATHERWEIGHT.config)


def airbench(options: Options) -> dict[str, Any]:
    """airbench94 on the same images, as often as there are seeds and time; the first run is not counted."""
    from gpu.airbench import Settings, train

    from cifar7.training.devices import choose, tune

    device, images = choose(options.device), options.images()
    tune(device)
    settings = Settings(epochs=1.5, batch_size=32, widths=(4, 8, 8)) if options.small else Settings()
    began = perf_counter()
    train(images, 0, device, settings)
    runs: list[dict[str, Any]] = []
    for seed in seeds(options):
        if runs and perf_counter() - began > 60 * options.minutes * SPARE:
            break
        runs.append({"seed": seed, **asdict(train(images, seed, device, settings))})
        _say(f"seed {seed}: {runs[-1]['seconds']:.2f} s, {runs[-1]['accuracy']:.2%}")
    return {
        "network": "airbench94", "epochs": settings.epochs, "runs": runs,
        "parameters": runs[0]["parameters"], "seconds": mean(run["seconds"] for run in runs),
        **spread(runs, "accuracy"), "mean_plain": mean(run["accuracy_plain"] for run in runs),
    }  # fmt: skip


PARTS: dict[str, Part] = {
    part.__name__: part for part in (tests, bench, result, champion, featherweight, airbench)
}

INSIDE: dict[str, Part] = {"about": about, **PARTS}


def seeds(options: Options) -> range:
    """The seeds to train with, from 1 on."""
    return range(1, 1 + options.seeds)


def spread(runs: list[dict[str, Any]], name: str) -> dict[str, float | None]:
    """Mean and sample deviation of one figure."""
    values = [float(run[name]) for run in runs]
    return {"mean": mean(values), "deviation": stdev(values) if len(values) > 1 else None}


def epochs_within(seconds: float, runs: int, one_epoch: float, besides: float) -> int:
    """How many epochs each of `runs` may have; `besides`: seconds that each takes for all the rest."""
    each = SPARE * seconds / runs - besides
    return max(TRIAL_EPOCHS, min(MOST_EPOCHS, int(each / one_epoch)))


def _long(options: Options, name: str, config: TrainConfig) -> dict[str, Any]:
    from cifar7.training import devices

    images = options.images()
    spec, config = options.spec(name, images), replace(config, device=options.device)
    if options.small:
        config = replace(config, batch_size=16)
    began = perf_counter()
    trial = _train(spec, images, replace(config, epochs=TRIAL_EPOCHS, seed=0))
    left = 60 * options.minutes - (perf_counter() - began)
    epochs = epochs_within(left, options.seeds, trial["one_epoch"], trial["besides"])
    if options.small:
        epochs = TRIAL_EPOCHS
    _say(f"{name}: {epochs} epochs")
    runs = []
    for seed in seeds(options):
        runs.append(_train(spec, images, replace(config, epochs=epochs, seed=seed)))
        _say(f"seed {seed}: {runs[-1]['seconds']:.0f} s, {runs[-1]['test_accuracy']:.2%}")
        devices.give_back(devices.choose(options.device))
    shown = ("precision", "protocol", "parameters")
    return {
        "network": spec.name, "epochs": epochs, "runs": runs, **{key: runs[0][key] for key in shown},
        "seconds": mean(run["seconds"] for run in runs), **spread(runs, "test_accuracy"),
        "images_per_second": mean(run["images_per_second"] for run in runs),
    }  # fmt: skip


def _train(spec: NetSpec, images: ImageSet, config: TrainConfig) -> dict[str, Any]:
    """One training in this process."""
    from cifar7.network.module import build
    from cifar7.training.engine import Training
    from cifar7.training.events import EpochEnd, Finished, Notice

    module = build(spec, seed=config.seed)
    events = list(Training(module, images, config).events())
    end = events[-1]
    assert isinstance(end, Finished)
    ends = [event.seconds for event in events if isinstance(event, EpochEnd)]
    one_epoch = (ends[-1] - ends[0]) / (len(ends) - 1)
    told = ("seconds", "test_accuracy", "heldout_accuracy", "train_accuracy", "best_epoch", "precision",
            "protocol", "images_per_second")  # fmt: skip
    return {
        "seed": config.seed, **{name: getattr(end, name) for name in told},
        "parameters": sum(p.numel() for p in module.parameters()),
        "one_epoch": one_epoch, "besides": max(0.0, end.seconds - len(ends) * one_epoch),
        "notices": [event.words for event in events if isinstance(event, Notice)],
    }  # fmt: skip


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
