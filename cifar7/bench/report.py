"""How fast training is beside the ways that people write it, measured in one go on one machine.

Each contender takes a short lap that does not count (kernels are chosen, libraries load), then the contenders
take turns, so that a machine that is busier for a while slows all of them. The report has the median of each
figure over the laps. All of it is measured, except where it says "factor".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from statistics import median
from typing import Any

from cifar7.bench.loops import SUBMISSIONS, TEXTBOOK, Lap, ours, plain, time_to
from cifar7.bench.profile import shares
from cifar7.data.imageset import ImageSet
from cifar7.network.presets import preset
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.training.devices import choose
from cifar7.training.recipes import CHAMPION, DEFAULT, SPRINT

Progress = Callable[[str], None]  # what is being measured

STARTER, SEPARABLE = "starter", "velasoka-separable"
# Test accuracies, and the network and recipe of ours that is trained until it has them.
MARKS = ((0.8, "sprinter", SPRINT), (0.9, "champion", CHAMPION))
ON_A_CPU = 0.8  # the highest mark on a CPU: the next takes hours
CIFAR_IMAGES = 50_000  # of an epoch of the submissions
WARM_UP = 5  # batches: on CUDA a step is recorded after three


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    repeats: int
    slow_images: int  # trained on in a lap of the submissions' loop
    images: int  # likewise, of the textbook's loop and of ours
    test_images: int
    growing_networks: tuple[str, ...]  # presets
    growing_images: tuple[int, ...]  # counts
    profiled_steps: int  # of ours, for the convolutions' part
    to_marks: bool  # whether ours is trained until 80 % and 90 %


_GROWING = (STARTER, SEPARABLE, "shrimali")
QUICK = Plan(3, 240, 1280, 320, _GROWING, (640, 1280, 2560), 5, to_marks=False)
FULL = Plan(5, 2000, 12_800, 2000, _GROWING, (6400, 12_800, 25_600), 50, to_marks=True)


@dataclass(frozen=True, slots=True)
class Contender:
    """A loop with a network: `take` runs one lap over so many images."""

    name: str
    title: str
    network: str
    images: int
    warm_up: int  # images
    take: Callable[[int, int], Lap]  # images, test images


def bench(
    data: ImageSet, plan: Plan, device: str = "auto", progress: Progress = lambda _: None
) -> dict[str, Any]:
    """Measure all of it; plain data for JSON. `progress` is called with what is being measured.

    Raises ConfigError where there is no such device or the set has too few images, SpecError where a network
    cannot have the set's classes.
    """
    field = contenders(data, plan, device)
    laps = take_turns(field, plan, progress)
    loops = {x.name: {"title": x.title, "network": x.network, **summary(laps[x.name])} for x in field}
    speeds = {name: loop["images_per_second"] for name, loop in loops.items()}
    return {
        "loops": loops,
        "ratios": ratios(speeds),
        "epoch_of_submissions": epoch(loops["submissions"]),
        "convolutions": _parts(data, plan, device, progress),
        "growth": growth(data, plan, device, progress),
        "accuracy": _accuracy(data, plan, device, progress),
        "plan": asdict(plan),
    }


def contenders(data: ImageSet, plan: Plan, device: str) -> list[Contender]:
    """Who is compared. `submissions` is their loop with their network, the rest is with ours."""
    few, many, submissions = plan.slow_images, plan.images, "submissions' loop"
    rows = (
        ("submissions", submissions, SEPARABLE, few, plain, SUBMISSIONS),
        ("submissions-starter", submissions, STARTER, few, plain, SUBMISSIONS),
        ("textbook", "textbook loop", STARTER, many, plain, TEXTBOOK),
        ("ours", "ours", STARTER, many, ours, DEFAULT.config),
    )
    field = []
    for name, title, network, images, loop, config in rows:
        take = partial(loop, fitted(network, data), data, replace(config, device=device))
        field.append(Contender(name, title, network, images, WARM_UP * config.batch_size, take))
    return field


def fitted(name: str, data: ImageSet) -> NetSpec:
    """The preset with as many classes as the set has. Raises SpecError where it cannot have them."""
    spec = preset(name).with_classes(len(data.classes))
    check(spec)
    return spec


def take_turns(field: Sequence[Contender], plan: Plan, progress: Progress) -> dict[str, list[Lap]]:
    """Every contender's laps, without the warm-up."""
    laps: dict[str, list[Lap]] = {one.name: [] for one in field}
    for round_ in range(plan.repeats + 1):
        for one in field:
            label = f"lap {round_} of {plan.repeats}" if round_ else "warm-up"
            progress(f"{one.title}, {one.network}: {label}")
            if round_:
                laps[one.name].append(one.take(one.images, plan.test_images))
            else:
                one.take(min(one.images, one.warm_up), 64)
    return laps


def summary(laps: Sequence[Lap]) -> dict[str, Any]:
    """The median of every figure of the laps, and the slowest and the fastest lap's images a second."""
    medians: dict[str, Any] = {}
    for field in fields(Lap):
        values = [getattr(lap, field.name) for lap in laps]
        if isinstance(values[0], str):
            medians[field.name] = values[0]
        else:
            medians[field.name] = None if None in values else median(values)
    speeds = [lap.images_per_second for lap in laps]
    spread = {"slowest": min(speeds), "fastest": max(speeds)}
    return {**medians, "images_per_second": median(speeds), **spread, "laps": len(laps)}


def ratios(speeds: dict[str, float]) -> dict[str, float]:
    """Images a second of ours, as a multiple of each other contender's."""
    return {f"ours/{name}": speeds["ours"] / speed for name, speed in speeds.items() if name != "ours"}


def epoch(submissions: dict[str, Any]) -> dict[str, Any]:
    """Seconds that their loop needs for an epoch of CIFAR-10: what was measured, and the factor up to it."""
    images, seconds = submissions["images"], submissions["training"]
    factor = CIFAR_IMAGES / images
    return {
        "measured_images": images,
        "measured_seconds": seconds,
        "factor": factor,
        "seconds": seconds * factor,
        "how": f"the seconds measured for {images:,} images x {factor:g}; evaluation left out",
    }


def growth(data: ImageSet, plan: Plan, device: str, progress: Progress) -> dict[str, list[dict[str, Any]]]:
    """Ours with one network after the other, and with more and more images."""
    config = replace(DEFAULT.config, device=device)

    def medians(network: str, images: int, label: str) -> dict[str, Any]:
        progress(f"ours with {label}")
        lap = partial(ours, fitted(network, data), data, config)
        lap(WARM_UP * config.batch_size, 64)
        return {"network": network, **summary([lap(images, 64) for _ in range(3)])}

    fewest = plan.growing_images[0]
    return {
        "parameters": [medians(name, fewest, name) for name in plan.growing_networks],
        "images": [medians(STARTER, count, f"{count:,} images") for count in plan.growing_images],
    }


def _parts(data: ImageSet, plan: Plan, device: str, progress: Progress) -> dict[str, Any]:
    """Where the time of a step of ours goes."""
    progress(f"the parts of a step of ours, {STARTER}")
    config = replace(DEFAULT.config, device=device)
    figures = shares(fitted(STARTER, data), data, config, plan.profiled_steps)
    return {"network": STARTER, "batch_size": config.batch_size, **(figures or {"share": None})}


def _accuracy(data: ImageSet, plan: Plan, device: str, progress: Progress) -> dict[str, Any]:
    """The time to each mark. The other loops are not trained that far, which would take hours."""
    if not plan.to_marks:
        return {"measured": False, "why": "left out by --quick"}
    marks: dict[str, Any] = {"measured": True, "others": "not measured"}
    for mark, network, recipe in MARKS:
        entry = {"network": network, "recipe": recipe.name, "recipe_epochs": recipe.config.epochs}
        if choose(device).type == "cpu" and mark > ON_A_CPU:
            marks[f"{mark:.0%}"] = {**entry, "reached": None, "why": "takes too long on a CPU"}
            continue
        progress(f"ours until {mark:.0%} of the test images are right: {network}, recipe {recipe.name}")
        config = replace(recipe.config, device=device)
        reached = time_to(fitted(network, data), data, config, mark)
        marks[f"{mark:.0%}"] = {
            **entry,
            "reached": reached and {"seconds": reached[0], "epochs": reached[1]},
            "why": None if reached else f"not reached in the recipe's {recipe.config.epochs} epochs",
        }
    return marks
