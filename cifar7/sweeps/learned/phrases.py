"""What varies, its choices and figures as parts of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cifar7.network.controls.toggle import Place
from cifar7.network.spec import NetSpec
from cifar7.sweeps.knobs import Knob, Setting, Switch, Value, knob, same
from cifar7.sweeps.outcome import Judged
from cifar7.wording import count, duration


@dataclass(frozen=True, slots=True)
class Named:
    """An axis in words."""

    noun: str  # as in "dilation"
    where: str  # as in " in C3", or empty
    texts: tuple[tuple[str, Value], ...]  # of the usual values
    knob: Knob

    @property
    def words(self) -> str:
        """As "dilation in C3"."""
        return self.noun + self.where

    def value(self, value: Value) -> str:
        """A value as people read it, in quotes where it is several words."""
        text = next((text for text, usual in self.texts if same(usual, value)), "")
        if isinstance(value, float):
            text = f"{value:.4g}"
        elif isinstance(self.knob, Setting):
            text = self.knob.option.label(value)
        return f"“{text}”" if " " in text else text or str(value)

    def choice(self, value: Value) -> str:
        """As "dilation 2 in C3"."""
        return f"{self.noun} {self.value(value)}{self.where}"

    def above(self, cut: float) -> str:
        """As "dropout above 0.1"."""
        return f"{self.noun}{self.where} above {cut:.4g}"


def named(names: Iterable[str], spec: NetSpec) -> dict[str, Named]:
    """The axes of these names in a design, in words."""
    found = {}
    for name in names:
        turned = knob(name, spec)
        if isinstance(turned, Switch):
            noun, where = turned.toggle.subject, _where(turned.places)
        else:
            noun, where = (turned.option.noun, "") if isinstance(turned, Setting) else (name, "")
        found[name] = Named(noun, where, tuple(turned.choices(spec).items()), turned)
    return found


def together(values: Mapping[str, Value], axes: Mapping[str, Named]) -> str:
    """The values of a trial, as "dilation 2 in C3, convolution separable in C4"."""
    return ", ".join(axes[name].choice(value) for name, value in values.items() if name in axes)


FIGURE_NOUNS = {
    "receptive_field": "the receptive field",
    "parameters": "the number of parameters",
    "macs": "the number of MACs",
    "seconds": "the time of a training",
}


def figure_value(figure: str, value: float) -> str:
    """As "29 px", "41,000 parameters" or "1 min 05 s"."""
    if figure == "receptive_field":
        return f"{value:,.0f} px"
    if figure == "seconds":
        return duration(value, tenths_below=60)
    return f"{value:,.0f} {'MACs' if figure == 'macs' else 'parameters'}"


def with_figure(figure: str, cut: float) -> str:
    """As "with a receptive field of 29 px or more"."""
    value = figure_value(figure, cut)
    before = "a receptive field of " if figure == "receptive_field" else ""
    after = " a training" if figure == "seconds" else ""
    return f"with {before}{value}{after} or more"


def price(parameters: int, macs: int, seconds: float | None) -> str:
    """As "153,306 parameters, 9,120,000 MACs and 1 min 05 s a training"."""
    if seconds is None:
        return f"{count(parameters, 'parameter')} and {count(macs, 'MAC')}"
    time = duration(seconds, tenths_below=10)
    return f"{count(parameters, 'parameter')}, {count(macs, 'MAC')} and {time} a training"


def signed(points: float) -> str:
    """Percentage points with their sign: "+0.8", "−0.3", "0.0"."""
    text = f"{points:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def lower(judged: Judged) -> str:
    """A group of classes within a sentence: "the relational pairs"."""
    return f"the {judged.title[:1].lower()}{judged.title[1:]}"


def _where(places: tuple[Place, ...]) -> str:
    """As " in C3, unit 2"; empty for the whole network and for several places at once."""
    if len(places) != 1 or not places[0].stage:
        return ""
    unit = f", unit {places[0].unit}" if places[0].unit else ""
    return f" in {places[0].stage}{unit}"
