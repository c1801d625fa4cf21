"""The table of toggles: what can be set on a network, a stage or a unit. A new toggle is one more row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cifar7.network import edits, working
from cifar7.network.kinds import LAYER_KINDS, square
from cifar7.network.problems import obstacle
from cifar7.network.spec import ACTIVATIONS, CLASSIFIERS, CONVOLUTIONS, DROPOUT_PLACES, NORMS, NetSpec
from cifar7.network.toggles import (
    Form,
    Level,
    Place,
    Toggle,
    Trials,
    field_form,
    stage_form,
    unit_at,
)

SAME = "same"  # padding that follows kernel and dilation and keeps the map
GLOBAL = 0  # the option that stands for pooling the whole map
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
ORDER_TITLES = {"conv-norm-act": "normalisation first", "conv-act-norm": "activation first"}
CLASSIFIER_TITLES = {"none": "nothing", "conv": "1×1 convolution", "linear": "linear layer"}


def percent(rate: float) -> str:
    """A probability as "15 %", with a narrow space that does not break."""
    return f"{100 * rate:.0f}\u202f%"


def _is(kind: str) -> Callable[[NetSpec, Place], bool]:
    """Whether the unit, or one of the stage's, has a convolution of this kind."""

    def check(spec: NetSpec, place: Place) -> bool:
        units = [unit_at(spec, place)] if place.unit else spec.units(place.stage)
        return any(unit.kind == kind for unit in units)

    return check


def _possible_groups(spec: NetSpec, place: Place) -> Sequence[int]:
    return edits.possible_groups(spec, place.stage)


def _set_stage_kind(spec: NetSpec, stage: str, kind: str) -> NetSpec:
    """Grouped begins with the smallest number of groups that divides."""
    return edits.set_kind(spec, stage, kind, next(iter(edits.possible_groups(spec, stage)), 2))


def _set_unit_kind(spec: NetSpec, place: Place, kind: str) -> NetSpec:
    """A unit that becomes grouped begins with 2 groups."""
    groups = {"groups": 2} if kind == "grouped" else {}
    return edits.change_unit(spec, place.stage, place.unit, kind=kind, **groups)


def _switch_pool(spec: NetSpec, stage: str, on: bool) -> NetSpec:
    """A pool that comes is 2x2; one that is there stays as large as it is."""
    return edits.set_pool(spec, stage, (spec.stage(stage).pool or 2) if on else None)


def _other_widths(spec: NetSpec, place: Place) -> Sequence[int]:
    """Half and twice the stage's channels."""
    channels = edits.stage_channels(spec, place.stage)
    return [width for width in (channels // 2, channels * 2) if width]


TOGGLES = (
    Toggle(
        "kind", "Convolution", "convolution",
        "Standard: each filter reads all channels. Grouped: the channels are split into groups that do not "
        "see each other. Depthwise separable: one filter for each channel, then a 1×1 convolution that "
        "mixes them.",
        {
            **stage_form(
                "buttons", CONVOLUTIONS, lambda spec, stage: edits.stage_kind(spec.stage(stage)),
                _set_stage_kind, line=2,
                trials=Trials(
                    [kind for kind in CONVOLUTIONS if kind != "grouped"], lambda kind: f"{kind} convolutions"
                ),
            ),
            **field_form("list", "kind", *CONVOLUTIONS, apply=_set_unit_kind),
        },
    ),
    Toggle(
        "groups", "Groups", "groups",
        "Into how many groups the channels are split; it has to divide input and output channels.",
        {
            **stage_form(
                "number", _possible_groups, lambda spec, stage: edits.stage_groups(spec.stage(stage)),
                lambda spec, stage, groups: edits.set_kind(spec, stage, "grouped", groups),
                line=2, width=100, visible=_is("grouped"),
                trials=Trials(
                    lambda spec, place: _possible_groups(spec, place)[:2], lambda groups: f"{groups} groups"
                ),
            ),
            **field_form("number", "groups", 2, 4, 8, 16, 32, 64, visible=_is("grouped")),
        },
        low=1, high=1024,
    ),
    Toggle(
        "channels", "Channels", "channels",
        "How many maps the stage puts out, and with them how many filters it learns. Choose, or type a "
        "number from 1 to 1,024. Units as wide as the last one change with it.",
        {
            **stage_form(
                "number", WIDTHS, edits.stage_channels, edits.set_channels, width=110,
                trials=Trials(_other_widths, lambda width: f"{width} channels"),
            ),
            **field_form("number", "channels", *sorted((10, *WIDTHS))),
        },
        low=1, high=1024,
    ),
    Toggle(
        "kernel", "Kernel", "kernel", "Side of the square that a filter reads, in pixels.",
        field_form("number", "kernel", 1, 2, 3, 5, 7), low=1, high=11,
    ),
    Toggle(
        "dilation", "Dilation", "dilation",
        "Distance between the taps of a kernel: at 2 every second pixel is read, so a 3×3 spans 5×5 for the "
        "same number of parameters. The padding follows, so that the map keeps its size, unless it was set "
        "by hand.",
        {
            **stage_form(
                "buttons", (1, 2, 3, 4), lambda spec, stage: edits.stage_dilation(spec.stage(stage)),
                edits.set_dilation,
                trials=Trials((1, 2, 3, 4), lambda dilation: f"dilation {dilation}"),
            ),
            **field_form("list", "dilation", 1, 2, 3, 4, 6, 8),
        },
    ),
    Toggle(
        "stride", "Stride", "stride", "Pixels that a filter moves on at each step: 2 halves the map.",
        field_form("list", "stride", 1, 2, 3, 4),
    ),
    Toggle(
        "padding", "Padding", "padding",
        "Pixels of zeros added on each side. Same: as many as keep the map, whatever kernel and dilation. A "
        "number stays when they change, and with too few the map shrinks.",
        field_form(
            "list", "padding", SAME, *range(9),
            read=lambda spec, place: SAME if (pad := unit_at(spec, place).padding) is None else pad,
            apply=lambda spec, place, pad: edits.change_unit(
                spec, place.stage, place.unit, padding=None if pad == SAME else pad
            ),
        ),
    ),
    Toggle(
        "dropout", "Dropout", "dropout",
        "Share of the values set to zero at random while training, which holds back overfitting.",
        {
            **stage_form(
                "slider", tuple(step / 20 for step in range(11)),
                lambda spec, stage: edits.stage_dropout(spec.stage(stage)), edits.set_dropout, width=170,
                trials=Trials((0.0, 0.1, 0.2), lambda rate: f"dropout {100 * rate:.0f} %"),
            ),
            **field_form("list", "dropout", *(step / 20 for step in range(19))),
        },
        percent,
    ),
    Toggle(
        "after", "Dropout after", "dropout after the",
        "Where the dropout stands: after the whole unit, or right after its depthwise convolution only.",
        field_form("list", "dropout_after", *DROPOUT_PLACES, visible=_is("separable")),
    ),
    Toggle(
        "pointwise", "1×1 padding", "padding of the 1×1",
        "Zeros around a 1×1 convolution only add a border without information: 0 is what one wants.",
        field_form("list", "pointwise_padding", *range(5), visible=_is("separable")),
    ),
    Toggle(
        "residual", "Adds its input", "residual connection",
        "A residual connection: what goes in is added, unchanged, to what comes out, before the max-pool. "
        "The unit learns only what to change, and the gradient has a way past it. Both maps need the same "
        "channels and size.",
        field_form(
            "list", "residual", line=2, width=264,
            options=lambda spec, place: range(min(2, place.unit) + 1),
            obstacle=lambda spec, place, units: (
                obstacle(spec, place.stage, place.unit, units) if units else None
            ),
        ),
        working.residual,
    ),
    Toggle(
        "norm", "Normalisation", "normalisation",
        "Whether the network's normalisation follows this convolution.",
        field_form("switch", "norm", True, False, line=3),
    ),
    Toggle(
        "activation", "Activation", "activation",
        "Whether the network's activation follows this convolution.",
        field_form("switch", "activation", True, False, line=3),
    ),
    Toggle(
        "between", "Both in between", "norm and activation between",
        "Normalisation and activation also between the depthwise and the 1×1 convolution.",
        field_form("switch", "between", True, False, line=3, visible=_is("separable")),
    ),
    Toggle(
        "pool", "Max-pool", "max-pool",
        "Keeps the largest value of each square of pixels: halves the map and doubles the jump.",
        stage_form(
            "switch", (True, False), lambda spec, stage: spec.stage(stage).pool is not None,
            _switch_pool,
            line=2,
            trials=Trials(
                lambda spec, place: [spec.stage(place.stage).pool is None],
                lambda on: f"max-pool {square(2)}" if on else "no pooling",
            ),
        ),
    ),
    Toggle(
        "pool_size", "Max-pool", "max-pool",
        "Side of the square of which the largest value is kept, in pixels; the map shrinks by that factor.",
        stage_form(
            "list", (2, 3, 4), lambda spec, stage: spec.stage(stage).pool, edits.set_pool,
            line=3, width=110, visible=lambda spec, place: spec.stage(place.stage).pool is not None,
        ),
        square,
    ),
    Toggle(
        "pool", "Average pooling", "average pooling",
        "Averages each map to one number. Global: over the whole map, whatever its size. The receptive "
        "field with pooling counts it.",
        stage_form(
            "list", (GLOBAL, 2, 3, 4, 8), lambda spec, stage: spec.output.pool or GLOBAL,
            lambda spec, stage, size: replace(spec, output=replace(spec.output, pool=size or None)),
            Level.OUTPUT, width=200,
        ),
        lambda size: "global: the whole map" if size == GLOBAL else square(size),
    ),
    Toggle(
        "classifier", "After the pooling", "after the pooling",
        "What turns the averaged channels into one value a class. With nothing, the last unit before the "
        "pooling has to put out one channel a class.",
        stage_form(
            "buttons", CLASSIFIERS, lambda spec, stage: spec.output.classifier,
            lambda spec, stage, classifier: edits.set_classifier(spec, classifier), Level.OUTPUT,
        ),
        CLASSIFIER_TITLES.__getitem__,
    ),
    Toggle(
        "activation", "Activation", "Activation",
        "The bend after each convolution; without one, layers in a row would be no more than one layer.",
        field_form("buttons", "activation", *ACTIVATIONS, level=Level.NETWORK,
                   trials=Trials(ACTIVATIONS, lambda kind: LAYER_KINDS[kind].title)),
        lambda kind: LAYER_KINDS[kind].title,
    ),
    Toggle(
        "norm", "Normalisation", "Normalisation",
        "Rescales values so that training is faster and steadier: batch takes the statistics over the batch "
        "of images, group over groups of channels of one image.",
        field_form("buttons", "norm", *NORMS, level=Level.NETWORK,
                   trials=Trials(NORMS, lambda norm: f"{'no' if norm == 'none' else norm} normalisation")),
    ),
    Toggle(
        "order", "Order", "Order",
        "What follows the convolution first: the normalisation, or the activation.",
        field_form("buttons", "order", *ORDER_TITLES, level=Level.NETWORK, line=2), ORDER_TITLES.__getitem__,
    ),
    Toggle(
        "bias", "Biases before a normalisation too", "Biases before a normalisation",
        "Biases also where a normalisation follows. It takes the mean out again, so they are parameters "
        "without effect.",
        field_form("switch", "bias", True, False, level=Level.NETWORK, line=3),
    ),
)  # fmt: skip


def toggles_at(place: Place, line: int | None = None) -> Iterator[tuple[Toggle, Form]]:
    """The toggles of a place, or of one line of its card or editor, in the order of the table."""
    for toggle in TOGGLES:
        form = toggle.forms.get(place.level)
        if form and line in (None, form.line):
            yield toggle, form
