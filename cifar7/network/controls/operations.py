"""What a unit does: its operation, how wide it is, and the window it slides over the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cifar7.network import edits, unit_edits
from cifar7.network.controls.toggle import Place, Toggle, Trials, behind, field_form, stage_form, unit_at
from cifar7.network.spec import CONVOLUTIONS, OPERATIONS, PADDING_MODES, NetSpec, Unit

SAME = "same"  # padding that follows kernel and dilation and keeps the map
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
KIND_TITLES = {
    **{kind: kind for kind in CONVOLUTIONS},
    "linear": "linear layer",
    "max_pool": "max-pool",
    "avg_pool": "average pool",
    "none": "only what follows",
}
BORDER_TITLES = {
    "zeros": "zeros",
    "reflect": "the map mirrored",
    "replicate": "its edge repeated",
    "circular": "its other side",
}


def unit_is(check: Callable[[Unit], bool]) -> Callable[[NetSpec, Place], bool]:
    """Whether the unit, or one of the stage's, is such a unit."""

    def visible(spec: NetSpec, place: Place) -> bool:
        units = [unit_at(spec, place)] if place.unit else spec.units(place.stage)
        return any(map(check, units))

    return visible


CONVOLVES = unit_is(lambda unit: unit.convolves)
SLIDES = unit_is(lambda unit: unit.convolves or unit.pools)
GROUPED = unit_is(lambda unit: unit.kind == "grouped")
SEPARABLE = unit_is(lambda unit: unit.kind == "separable")


def _possible_groups(spec: NetSpec, place: Place) -> Sequence[int]:
    return edits.possible_groups(spec, place.stage)


def _set_stage_kind(spec: NetSpec, stage: str, kind: str) -> NetSpec:
    """Grouped begins with the smallest number of groups that divides."""
    return edits.set_kind(spec, stage, kind, next(iter(edits.possible_groups(spec, stage)), 2))


def _kinds(spec: NetSpec, place: Place) -> Sequence[str]:
    """The operations that a place may have; linear layers stand behind the pooling."""
    return [kind for kind in OPERATIONS if kind != "linear" or behind(spec, place)]


def _other_widths(spec: NetSpec, place: Place) -> Sequence[int]:
    """Half and twice the stage's channels."""
    channels = edits.stage_channels(spec, place.stage)
    return [width for width in (channels // 2, channels * 2) if width]


def _paddings(spec: NetSpec, place: Place) -> Sequence[int | str]:
    """A pool takes no more than half of its kernel."""
    unit = unit_at(spec, place)
    return range(unit.kernel // 2 + 1) if unit.pools else [SAME, *range(9)]


def _padding(spec: NetSpec, place: Place) -> int | str:
    unit = unit_at(spec, place)
    return SAME if unit.padding is None and not unit.pools else unit.actual_padding


def _set_padding(spec: NetSpec, place: Place, padding: int | str) -> NetSpec:
    if edits.unit_at(spec, place.stage, place.unit, place.beside) and _padding(spec, place) == padding:
        return spec
    value = None if padding == SAME else padding
    return edits.change_unit(spec, place.stage, place.unit, place.beside, padding=value)


OPERATING = (
    Toggle(
        "kind", "Operation", "operation",
        "Standard: a convolution whose filters read all channels. Grouped: its channels are split into "
        "groups that do not see each other. Separable: one filter for each channel, then a 1×1 convolution "
        "that mixes them. A pool keeps the largest value of its window, or the average.",
        field_form(
            "list", "kind", options=_kinds,
            apply=lambda spec, place, kind: unit_edits.set_operation(
                spec, place.stage, place.unit, place.beside, kind, groups=2
            ),
        ),
        KIND_TITLES.__getitem__,
    ),
    Toggle(
        "kind", "Convolution", "convolution",
        "Standard: each filter reads all channels. Grouped: the channels are split into groups that do not "
        "see each other. Depthwise separable: one filter for each channel, then a 1×1 convolution that "
        "mixes them.",
        stage_form(
            "buttons", CONVOLUTIONS, lambda spec, stage: edits.stage_kind(spec.stage(stage)),
            _set_stage_kind, line=2, visible=CONVOLVES,
            trials=Trials(
                [kind for kind in CONVOLUTIONS if kind != "grouped"], lambda kind: f"{kind} convolutions"
            ),
        ),
    ),
    Toggle(
        "groups", "Groups", "groups",
        "Into how many groups the channels are split; it has to divide input and output channels.",
        {
            **stage_form(
                "number", _possible_groups, lambda spec, stage: edits.stage_groups(spec.stage(stage)),
                lambda spec, stage, groups: edits.set_kind(spec, stage, "grouped", groups),
                line=2, width=100, visible=GROUPED,
                trials=Trials(
                    lambda spec, place: _possible_groups(spec, place)[:2], lambda groups: f"{groups} groups"
                ),
            ),
            **field_form("number", "groups", 2, 4, 8, 16, 32, 64, visible=GROUPED),
        },
        low=1, high=1024,
    ),
    Toggle(
        "channels", "Channels", "channels",
        "How many maps the stage puts out, and with them how many filters it learns. Choose, or type a "
        "number from 1 to 1,024. Units as wide as the last one change with it.",
        stage_form(
            "number", WIDTHS, edits.stage_channels, edits.set_channels, width=110,
            visible=lambda spec, place: edits.channels_set(spec, place.stage) is not None,
            trials=Trials(_other_widths, lambda width: f"{width} channels"),
        ),
        low=1, high=1024,
    ),
    Toggle(
        "channels", "Channels", "channels",
        "How many maps the unit puts out, and with them how many filters it learns. Choose, or type a "
        "number from 1 to 1,024.",
        field_form(
            "number", "channels", *sorted((10, *WIDTHS)),
            visible=unit_is(lambda unit: not unit.keeps_channels),
        ),
        low=1, high=1024,
    ),
    Toggle(
        "kernel", "Kernel", "kernel", "Side of the square that a filter or a pool reads, in pixels.",
        field_form("number", "kernel", 1, 2, 3, 5, 7, visible=SLIDES), low=1, high=11,
    ),
    Toggle(
        "dilation", "Dilation", "dilation",
        "Distance between the taps of a kernel: at 2 every second pixel is read, so a 3×3 spans 5×5 for the "
        "same number of parameters. The padding follows, so that the map keeps its size, unless it was set "
        "by hand.",
        {
            **stage_form(
                "buttons", (1, 2, 3, 4), lambda spec, stage: edits.stage_dilation(spec.stage(stage)),
                edits.set_dilation, visible=CONVOLVES,
                trials=Trials((1, 2, 3, 4), lambda dilation: f"dilation {dilation}"),
            ),
            **field_form("list", "dilation", 1, 2, 3, 4, 6, 8, visible=CONVOLVES),
        },
    ),
    Toggle(
        "stride", "Stride", "stride", "Pixels that the window moves on at each step: 2 halves the map.",
        field_form("list", "stride", 1, 2, 3, 4, visible=SLIDES),
    ),
    Toggle(
        "padding", "Padding", "padding",
        "Pixels of zeros added on each side. Same: as many as keep the map, whatever kernel and dilation. A "
        "number stays when they change, and with too few the map shrinks.",
        field_form("list", "padding", options=_paddings, read=_padding, apply=_set_padding, visible=SLIDES),
        str,
    ),
    Toggle(
        "pointwise", "1×1 padding", "padding of the 1×1",
        "Zeros around a 1×1 convolution only add a border without information: 0 is what one wants.",
        field_form("list", "pointwise_padding", *range(5), visible=SEPARABLE, rare=0),
    ),
    Toggle(
        "border", "Beyond the border", "beyond the border",
        "What the padding is filled with: zeros, or values of the map itself, so that its edge looks less "
        "like an edge.",
        field_form(
            "list", "padding_mode", *PADDING_MODES, rare="zeros",
            visible=unit_is(
                lambda unit: unit.convolves and bool(unit.actual_padding or unit.pointwise_padding)
            ),
        ),
        BORDER_TITLES.__getitem__,
    ),
)  # fmt: skip
