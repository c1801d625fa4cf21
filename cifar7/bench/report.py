"""How fast training is beside the ways that people write it, measured in one go on one machine.

Each contender takes a short lap that is not counted (kernels are chosen, libraries load), then the
contenders take turns, so that a machine that is busier for a while slows all of them. What is reported is the
median of each figure over the laps. Nothing is stated that was not measured, except where it says "factor".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from cifar7.bench.loops import SUBMISSIONS, TEXTBOOK, Lap, ours, plain, until
from cifar7.bench.profile import convolution_share
from cifar7.data.imageset import ImageSet
from cifar7.network.presets import preset
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.devices import choose
from cifar7.training.recipes import CHAMPION, DEFAULT, SPRINT

Tell = Callable[[str], None]

STARTER, SEPARABLE = "starter", "velasoka-separable"
# Test accuracies, and what of ours is trained until it has them.
MARKS = ((0.8, STARTER, SPRINT), (0.9, "champion", CHAMPION))
ON_A_CPU = 0.8  # the highest that is trained for there: the next takes hours
CIFAR_IMAGES = 50_000  # of an epoch of the submissions
WARM_UP = 5  # batches: on CUDA a step is recorded after three


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    repeats: int
    slow_images: int  # trained on in a lap of the submissions' loop
    images: int  # likewise, of the textbook's loop and of ours
    test_images: int
    growing_networks: tuple[str, ...]  # presets
    growing_images: tuple[int, ...]  # counts
    profiled_steps: int  # of ours, looked into for the time that is the convolutions'
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


def bench(data: ImageSet, plan: Plan, device: str = "auto", tell: Tell = lambda _: None) -> dict[str, Any]:
    """Measure all of it; plain data for JSON. `tell` hears what is being done.

    Raises ConfigError where there is no such device or the set has too few images, SpecError where a network
    cannot have the set's classes.
    """
    field = contenders(data, plan, device)
    laps = take_turns(field, plan, tell)
    loops = {
        one.name: {"title": one.title, "network": one.network, **summary(laps[one.name])} for one in field
    }
    speeds = {name: told["images_per_second"] for name, told in loops.items()}
    return {
        "loops": loops,
        "ratios": ratios(speeds),
        "epoch_of_submissions": epoch(loops["submissions"]),
        "convolutions": _convolutions(data, plan, device, tell),
        "growth": growth(data, plan, device, tell),
        "accuracy": _accuracy(data, plan, device, tell),
        "plan": asdict(plan),
    }


def contenders(data: ImageSet, plan: Plan, device: str) -> list[Contender]:
    """Who is compared. `submissions` is their loop with their network, the rest is with ours."""
    starter, separable = fitted(STARTER, data), fitted(SEPARABLE, data)
    config = TrainConfig.from_dict({**DEFAULT.config.to_dict(), "device": device})

    def slow(spec: NetSpec) -> Callable[[int, int], Lap]:
        return lambda images, tests: plain(spec, data, SUBMISSIONS, device, images, tests)

    def textbook(images: int, tests: int) -> Lap:
        return plain(starter, data, TEXTBOOK, device, images, tests)

    def engine(images: int, tests: int) -> Lap:
        return ours(starter, data, config, images, tests)

    few, many, warm = plan.slow_images, plan.images, WARM_UP * SUBMISSIONS.batch_size
    return [
        Contender("submissions", "submissions' loop", SEPARABLE, few, warm, slow(separable)),
        Contender("submissions-starter", "submissions' loop", STARTER, few, warm, slow(starter)),
        Contender("textbook", "textbook loop", STARTER, many, WARM_UP * TEXTBOOK.batch_size, textbook),
        Contender("ours", "ours", STARTER, many, WARM_UP * config.batch_size, engine),
    ]


def fitted(name: str, data: ImageSet) -> NetSpec:
    """The preset with as many classes as the set has. Raises SpecError where it cannot have them."""
    spec = preset(name).with_classes(len(data.classes))
    check(spec)
    return spec


def take_turns(field: Sequence[Contender], plan: Plan, tell: Tell) -> dict[str, list[Lap]]:
    """Every contender's laps, the one that warms up left out."""
    laps: dict[str, list[Lap]] = {one.name: [] for one in field}
    for round_ in range(plan.repeats + 1):
        for one in field:
            tell(
                f"{one.title}, {one.network}: " + (f"lap {round_} of {plan.repeats}" if round_ else "warm-up")
            )
            if round_:
                laps[one.name].append(one.take(one.images, plan.test_images))
            else:
                one.take(min(one.images, one.warm_up), 64)
    return laps


def summary(laps: Sequence[Lap]) -> dict[str, Any]:
    """The median of every figure of the laps, and the slowest and the fastest lap's images a second."""
    told: dict[str, Any] = {}
    for known in fields(Lap):
        values = [getattr(lap, known.name) for lap in laps]
        if isinstance(values[0], str):
            told[known.name] = values[0]
        else:
            told[known.name] = None if None in values else median(values)
    speeds = [lap.images_per_second for lap in laps]
    spread = {"slowest": min(speeds), "fastest": max(speeds)}
    return {**told, "images_per_second": median(speeds), **spread, "laps": len(laps)}


def ratios(speeds: dict[str, float]) -> dict[str, float]:
    """How many times as many images a second ours takes, by whom it is compared with."""
    return {f"ours/{name}": speeds["ours"] / speed for name, speed in speeds.items() if name != "ours"}


def epoch(submissions: dict[str, Any]) -> dict[str, Any]:
    """Seconds that their loop needs for an epoch of CIFAR-10: what was measured, and the factor up to it."""
    images = submissions["images"]
    factor = CIFAR_IMAGES / images
    return {
        "measured_images": images,
        "measured_seconds": submissions["training"],
        "factor": factor,
        "seconds": submissions["training"] * factor,
        "how": f"the seconds measured for {images:,} images x {factor:g}; evaluation left out",
    }


def growth(data: ImageSet, plan: Plan, device: str, tell: Tell) -> dict[str, list[dict[str, Any]]]:
    """Ours with one network after the other, and with more and more images."""
    config = TrainConfig.from_dict({**DEFAULT.config.to_dict(), "device": device})

    def several(network: str, images: int) -> dict[str, Any]:
        spec = fitted(network, data)
        ours(spec, data, config, WARM_UP * config.batch_size, 64)
        return {"network": network, **summary([ours(spec, data, config, images, 64) for _ in range(3)])}

    networks, counts = [], []
    for name in plan.growing_networks:
        tell(f"ours with {name}")
        networks.append(several(name, plan.growing_images[0]))
    for count in plan.growing_images:
        tell(f"ours with {count:,} images")
        counts.append(several(STARTER, count))
    return {"parameters": networks, "images": counts}


def _convolutions(data: ImageSet, plan: Plan, device: str, tell: Tell) -> dict[str, Any]:
    """What part of a step of ours the convolutions' own time is."""
    tell(f"the convolutions' part of a step of ours, {STARTER}")
    config = TrainConfig.from_dict({**DEFAULT.config.to_dict(), "device": device})
    found = convolution_share(fitted(STARTER, data), data, config, plan.profiled_steps)
    if found is None:
        return {"network": STARTER, "batch_size": config.batch_size, "share": None}
    return {"network": STARTER, "batch_size": config.batch_size, **asdict(found), "share": found.share}


def _accuracy(data: ImageSet, plan: Plan, device: str, tell: Tell) -> dict[str, Any]:
    """When ours reached the marks; the other loops are not trained that far, which would take hours."""
    if not plan.to_marks:
        return {"measured": False, "why": "left out by --quick"}
    told: dict[str, Any] = {"measured": True, "others": "not measured"}
    for mark, network, recipe in MARKS:
        entry = {"network": network, "recipe": recipe.name, "recipe_epochs": recipe.config.epochs}
        if choose(device).type == "cpu" and mark > ON_A_CPU:
            told[f"{mark:.0%}"] = {**entry, "reached": None, "why": "takes too long on a CPU"}
            continue
        tell(f"ours until {mark:.0%} of the test images are right: {network}, recipe {recipe.name}")
        config = TrainConfig.from_dict({**recipe.config.to_dict(), "device": device})
        found = until(fitted(network, data), data, config, mark)
        told[f"{mark:.0%}"] = {
            **entry,
            "reached": found and {"seconds": found[0], "epochs": found[1]},
            "why": None if found else f"not reached in the recipe's {recipe.config.epochs} epochs",
        }
    return told
