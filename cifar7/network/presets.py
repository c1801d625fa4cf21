"""Networks to start from: the four of the two submissions, exactly, and ours."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from cifar7.network.spec import Head, NetSpec, SpecError, Stage, Unit


@dataclass(frozen=True, slots=True)
class Preset:
    """A named network with a line on what it is."""

    name: str
    title: str
    summary: str
    spec: NetSpec


def preset(name: str) -> NetSpec:
    """The network of a preset. Raises SpecError that lists the names there are."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SpecError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}.{hint}")
    return PRESETS[name].spec


def _starter() -> NetSpec:
    return NetSpec(
        name="starter",
        bias=False,
        stages=(
            Stage((Unit(16), Unit(32)), pool=2),
            Stage((Unit(48), Unit(64)), pool=2),
            Stage((Unit(96, dilation=2), Unit(128, kind="separable")), pool=2),
            Stage((Unit(128, kind="separable"), Unit(128, kind="separable"))),
        ),
        output=Head(classifier="linear"),
    )


def _champion() -> NetSpec:
    """Most of its arithmetic at 16x16 and 8x8, where a 3x3 costs little and sees much; the rest separable."""
    return NetSpec(
        name="champion",
        bias=False,
        stages=(
            Stage((Unit(32), Unit(64)), pool=2),
            Stage((Unit(128), Unit(128)), pool=2),
            Stage((Unit(192), Unit(192, dilation=2)), pool=2),
            Stage((Unit(256, kind="separable"), Unit(256, kind="separable"))),
        ),
        output=Head(classifier="linear"),
    )


def _featherweight() -> NetSpec:
    """Plain convolutions while there are few channels, separable ones where there are many."""

    def more(channels: int, dilation: int = 1) -> Unit:
        return Unit(channels, kind="separable", dilation=dilation, residual=1)

    return NetSpec(
        name="featherweight",
        bias=False,
        stages=(
            Stage((Unit(16), Unit(32)), pool=2),
            Stage((Unit(48), Unit(48, residual=1)), pool=2),
            Stage((Unit(96, kind="separable"), more(96, dilation=2), more(96)), pool=2),
            Stage((Unit(128, kind="separable"), more(128))),
        ),
        output=Head(classifier="linear"),
    )


def _shrimali() -> NetSpec:
    """Two max-pools: the dilated convolution without padding does the third halving. ReLU on the logits."""
    drop = 0.15
    separable = {"kind": "separable", "dropout": drop, "dropout_after": "depthwise"}
    return NetSpec(
        name="shrimali",
        order="conv-act-norm",
        stages=(
            Stage((Unit(32, dropout=drop), Unit(64, dropout=drop)), pool=2),
            Stage((Unit(128, **separable),), pool=2),  # type: ignore[arg-type]
            Stage((Unit(256, **separable),)),  # type: ignore[arg-type]
            Stage((Unit(256, dilation=2, padding=0, dropout=drop),)),
        ),
        output=Head((Unit(64, kernel=1, norm=False), Unit(10, kernel=1, norm=False)), classifier="none"),
    )


def _velasoka(name: str, c2: tuple[Unit, Unit], c3: tuple[Unit, Unit]) -> NetSpec:
    """What the three have in common. Their third pool ends C3, and nothing stands in C4."""
    return NetSpec(
        name=name,
        stages=(
            Stage((Unit(32), Unit(64)), pool=2),
            Stage(c2, pool=2),
            Stage(c3, pool=2),
            Stage(),
        ),
        output=Head(pool=2, classifier="conv"),
    )


_PLAIN_C2 = (Unit(64), Unit(128))
_SEPARABLE_C2 = (Unit(64), Unit(128, kind="separable", between=False, pointwise_padding=1))
_PLAIN_C3 = (Unit(128, padding=0), Unit(256, padding=0))
_DILATED_C3 = (Unit(128, dilation=2, padding=1), Unit(256, kernel=2, padding=0))

PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset(
            "starter",
            "Starter",
            "Ours: fulfils every structural requirement and trains pleasantly on two CPU cores.",
            _starter(),
        ),
        Preset(
            "champion",
            "Champion",
            "Ours: for accuracy, with fewer than a million parameters and all that a design is asked for.",
            _champion(),
        ),
        Preset(
            "featherweight",
            "Featherweight",
            "Ours: fewer than 100,000 parameters, with all that the strict assignment asks of a design.",
            _featherweight(),
        ),
        Preset(
            "shrimali",
            "Shrimali",
            "A submission: depthwise separable C2 and C3, a dilated C4 that shrinks the map, two max-pools.",
            _shrimali(),
        ),
        Preset(
            "velasoka-simple",
            "Velasoka, simple",
            "A submission's first network: plain convolutions, receptive field of exactly 44.",
            _velasoka("velasoka-simple", _PLAIN_C2, _PLAIN_C3),
        ),
        Preset(
            "velasoka-dilated",
            "Velasoka, dilated",
            "Its second: C3 dilated by 2 with padding 1, so that the map shrinks.",
            _velasoka("velasoka-dilated", _PLAIN_C2, _DILATED_C3),
        ),
        Preset(
            "velasoka-separable",
            "Velasoka, separable",
            "Its third: a depthwise separable convolution in C2, whose pointwise 1x1 is padded.",
            _velasoka("velasoka-separable", _SEPARABLE_C2, _DILATED_C3),
        ),
    )
}
