"""Networks to start from: the four of the two submissions, exactly, and ours."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import partial

from cifar7.network.spec import Head, NetSpec, SpecError, Stage, Unit


@dataclass(frozen=True, slots=True)
class Preset:
    """A network with a line on what it is."""

    title: str
    summary: str
    spec: NetSpec

    @property
    def name(self) -> str:
        """What it is chosen by, and its network's name."""
        return self.spec.name


def preset(name: str) -> NetSpec:
    """The network of a preset. Raises SpecError that lists the names there are."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SpecError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}.{hint}")
    return PRESETS[name].spec


_separable = partial(Unit, kind="separable")
_convolution = partial(Unit, bias=False, norm=False, activation=False)  # and nothing behind it


def _pooled(*units: Unit) -> Stage:
    """Units, a max-pool, and behind it, on a quarter of the map, normalisation and activation."""
    pool = Unit(units[-1].channels, kind="max_pool", kernel=2, stride=2, norm=False, activation=False)
    return Stage((*units, pool, Unit(units[-1].channels, kind="none")))


def _ours(name: str, *stages: Stage, activation: str = "relu") -> NetSpec:
    output = Head(classifier="linear")
    return NetSpec(name=name, bias=False, stages=stages, output=output, activation=activation)


def _shrimali() -> NetSpec:
    """Two max-pools: the dilated convolution without padding does the third halving. ReLU on the logits."""
    unit = partial(Unit, dropout=0.15)
    separable = partial(unit, kind="separable", dropout_after="depthwise")
    return NetSpec(
        name="shrimali",
        order="conv-act-norm",
        stages=(
            Stage((unit(32), unit(64)), pool=2),
            Stage((separable(128),), pool=2),
            Stage((separable(256),)),
            Stage((unit(256, dilation=2, padding=0),)),
        ),
        output=Head((Unit(64, kernel=1, norm=False), Unit(10, kernel=1, norm=False)), classifier="none"),
    )


def _velasoka(name: str, c2: Unit, *c3: Unit) -> NetSpec:
    """What the three have in common. Their third pool ends C3, and nothing stands in C4."""
    stages = (Stage((Unit(32), Unit(64)), pool=2), Stage((Unit(64), c2), pool=2), Stage(c3, pool=2), Stage())
    return NetSpec(name=name, stages=stages, output=Head(pool=2, classifier="conv"))


_DILATED_C3 = (Unit(128, dilation=2, padding=1), Unit(256, kernel=2, padding=0))

PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset(
            "Starter",
            "Ours: fulfils every structural requirement and trains pleasantly on two CPU cores.",
            _ours(
                "starter",
                Stage((Unit(16), Unit(32)), pool=2),
                Stage((Unit(48), Unit(64)), pool=2),
                Stage((Unit(96, dilation=2), _separable(128)), pool=2),
                Stage((_separable(128), _separable(128))),
            ),
        ),
        Preset(
            "Sprinter",
            "Ours: learns most in a minute. Each pool comes before normalisation and ReLU, which then have a "
            "quarter of the work.",
            _ours(
                "sprinter",
                _pooled(_convolution(16)),
                _pooled(_convolution(64)),
                _pooled(Unit(128), _convolution(128, dilation=2)),
                Stage((Unit(256), _separable(256))),
            ),
        ),
        Preset(
            "Champion",
            "Ours: for accuracy, with fewer than a million parameters and all that is asked for. SiLU is "
            "worth a point to it.",
            # Most arithmetic at 16x16 and 8x8, where a 3x3 costs little and sees much; the rest separable.
            _ours(
                "champion",
                _pooled(_convolution(32)),
                _pooled(Unit(128), _convolution(128)),
                _pooled(Unit(192), _convolution(192, dilation=2)),
                Stage((_separable(256), _separable(256))),
                activation="silu",
            ),
        ),
        Preset(
            "Featherweight",
            "Ours: fewer than 100,000 parameters, with all that the strict assignment asks of a design.",
            # Plain convolutions while there are few channels, separable ones where there are many.
            _ours(
                "featherweight",
                Stage((Unit(16), Unit(32)), pool=2),
                Stage((Unit(48), Unit(48, residual=1)), pool=2),
                Stage(
                    (_separable(96), _separable(96, dilation=2, residual=1), _separable(96, residual=1)),
                    pool=2,
                ),
                Stage((_separable(128), _separable(128, residual=1))),
            ),
        ),
        Preset(
            "Shrimali",
            "A submission: depthwise separable C2 and C3, a dilated C4 that shrinks the map, two max-pools.",
            _shrimali(),
        ),
        Preset(
            "Velasoka, simple",
            "A submission's first network: plain convolutions, receptive field of exactly 44.",
            _velasoka("velasoka-simple", Unit(128), Unit(128, padding=0), Unit(256, padding=0)),
        ),
        Preset(
            "Velasoka, dilated",
            "Its second: C3 dilated by 2 with padding 1, so that the map shrinks.",
            _velasoka("velasoka-dilated", Unit(128), *_DILATED_C3),
        ),
        Preset(
            "Velasoka, separable",
            "Its third: a depthwise separable convolution in C2, whose pointwise 1x1 is padded.",
            _velasoka(
                "velasoka-separable", _separable(128, between=False, pointwise_padding=1), *_DILATED_C3
            ),
        ),
    )
}
