"""A run's pictures as PNG on white: curves, confusion matrix, and the mistakes with their labels.

Curves and matrix are Vega-Lite, the charts' language of the page, drawn without a browser or a network.
The colours are the page's: blue for training, vermillion for held-out, orange for test images, green for
the true class and purple for a predicted one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cifar7.export import glyphs
from cifar7.export.record import Record
from cifar7.results.figures import most_confused
from cifar7.results.predictions import Predictions

TRAINING, HELD_OUT, TEST = "#0072B2", "#D55E00", "#C58600"
TRUE, PREDICTED = "#009E73", "#CC79A7"
TRUE_TEXT, PREDICTED_TEXT = "#00664B", "#8A3A66"  # darker: small letters on white

VEGA_LITE = "6.4"
SCALE = 2.0  # pixels of the picture for one of the drawing: sharp in print
_CONFIG = {
    "background": "white",
    "font": "sans-serif",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e6e6e6"},
    "title": {"fontSize": 14, "anchor": "start"},
    "legend": {"labelFontSize": 12, "symbolStrokeWidth": 0, "symbolSize": 120},
    "view": {"stroke": None},
}

LEGIBLE = 20  # classes, up to which names and numbers fit
COLUMNS, MOST_MISTAKES = 8, 40
TILE, GAP, LINE = 96, 14, 18  # pixels: a picture's side, the space around it, a line of text
MARK = 8  # pixels: the disc before a true class and the square before a predicted one


def curves_png(record: Record) -> bytes:
    """Accuracy and loss after each epoch."""
    apart = {"scale": dict.fromkeys(("color", "strokeDash", "shape"), "independent")}
    return draw({"hconcat": [curve(record, "accuracy"), curve(record, "loss")], "resolve": apart})


def confusion_png(predictions: Predictions) -> bytes:
    """The confusion matrix: shares of the true classes as shades, counts as numbers.

    Of more classes than are legible the whole of it without names, and beside it those confused most.
    """
    classes = len(predictions.classes)
    if classes <= LEGIBLE:
        return draw(matrix(predictions))
    chosen = most_confused(predictions.confusion(), LEGIBLE)
    whole = {**matrix(predictions), "title": f"All {classes:,} classes"}
    part = {**matrix(predictions, chosen), "title": f"The {len(chosen)} most often confused"}
    return draw({"hconcat": [whole, part], "resolve": {"scale": {"color": "independent"}}})


def draw(drawing: dict[str, Any]) -> bytes:
    """A Vega-Lite drawing as PNG on white, drawn offline."""
    import vl_convert  # a whole JavaScript engine, and only needed here

    picture: bytes = vl_convert.vegalite_to_png({**drawing, "config": _CONFIG}, VEGA_LITE, scale=SCALE)
    return picture


def curve(record: Record, measure: str) -> dict[str, Any]:
    """The Vega-Lite of `accuracy` or `loss`: lines with a colour, a dash and a shape of their own."""
    watched = "held-out images" if record.holds_out else "test images"
    training = "training images" if measure == "accuracy" else "training, while learning"
    of_training = "train_accuracy" if measure == "accuracy" else "train_loss"
    pairs = ((training, of_training), (watched, f"{record.watched}_{measure}"))
    values = [
        {"epoch": end["epoch"], "series": series, "value": end[field]}
        for series, field in pairs
        for end in record.epochs
        if end.get(field) is not None
    ]

    def look(values: list[Any], legend: dict[str, Any] | None) -> dict[str, Any]:
        scale = {"domain": [training, watched], "range": values}
        return {"field": "series", "type": "nominal", "scale": scale, "legend": legend}

    legend = {"title": None, "orient": "top"}
    form: dict[str, Any] = {"axis": {"format": ".0%"}} if measure == "accuracy" else {"scale": {"zero": True}}
    ticks = {"tickMinStep": 1, "format": "d", "grid": False}
    return {
        "width": 380,
        "height": 280,
        "title": "Accuracy" if measure == "accuracy" else "Loss (cross-entropy, nats)",
        "data": {"values": values},
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative", "axis": ticks, "scale": {"nice": False}},
            "y": {"field": "value", "type": "quantitative", "title": None, **form},
            "color": look([TRAINING, HELD_OUT if record.holds_out else TEST], legend),
            "shape": look(["circle", "diamond"], legend),
            "strokeDash": look([[1, 0], [6, 3]], None),  # where two lines coincide both are seen
        },
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 60, "filled": True}},
    }


def matrix(predictions: Predictions, chosen: Sequence[int] | None = None) -> dict[str, Any]:
    """The Vega-Lite of the confusion matrix; errors are shaded on a scale of their own, or none were seen.

    `chosen`: of these classes alone.
    """
    counts, names = predictions.confusion(), list(predictions.classes)
    sizes = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, sizes, out=np.zeros(counts.shape), where=sizes > 0)  # (K, K)
    wrong = ~np.eye(len(names), dtype=bool)
    strength = np.where(wrong, share / max(share[wrong].max(initial=0.0), 1e-9), share)
    shown = list(range(len(names))) if chosen is None else list(chosen)
    legible = len(shown) <= LEGIBLE
    cells = [
        {
            # Numbers, as two classes of one name are still two; the axes show the names.
            "true": true,
            "predicted": predicted,
            "shown": f"{number:,}" if number else "",
            "right": true == predicted,
            "strength": float(strength[true, predicted]),
        }
        for (true, predicted), number in ((at, int(n)) for at, n in np.ndenumerate(counts))
        if (number or legible) and {true, predicted} <= set(shown)
    ]
    side = max(300, 46 * len(shown)) if legible else 46 * LEGIBLE
    colours = {"domain": [True, False], "range": [TRUE, PREDICTED]}
    opacities = {"domain": [0, 1], "range": [0.04, 0.85]}
    shade = {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {
            "color": {"field": "right", "type": "nominal", "legend": None, "scale": colours},
            "opacity": {"field": "strength", "type": "quantitative", "legend": None, "scale": opacities},
        },
    }
    numbers = {"mark": {"type": "text", "fontSize": 12}, "encoding": {"text": {"field": "shown"}}}
    return {
        "width": side,
        "height": side,
        "data": {"values": cells},
        "encoding": {
            "x": _classes("predicted", "predicted class", "top", names, shown),
            "y": _classes("true", "true class", "left", names, shown),
        },
        "layer": [shade, *([numbers] if legible else [])],
    }


def _classes(field: str, title: str, orient: str, names: list[str], shown: list[int]) -> dict[str, Any]:
    # A list of names is the same in JSON and in Vega's expressions. Behind a space, as Vega stumbles over a
    # text such as "constructor" there.
    label = f"slice({json.dumps([f' {name}' for name in names])}[datum.value], 1)"
    axis: dict[str, Any] = {"orient": orient, "labelExpr": label}
    axis |= {
        "labels": len(shown) <= LEGIBLE,
        "domain": False,
        "ticks": False,
        "grid": False,
        "labelLimit": 130,
        "labelPadding": 4,
    }
    if orient == "top":
        axis |= {"labelAngle": -45, "labelAlign": "left"}
    scale = {"domain": shown, "paddingInner": 0.06, "paddingOuter": 0}
    return {"field": field, "type": "ordinal", "title": title, "scale": scale, "axis": axis}


def mistakes_png(
    predictions: Predictions, images: NDArray[np.uint8], chosen: Sequence[int] | None = None
) -> bytes:
    """The surest mistakes on the test images (N, 3, 32, 32), each with its true and its predicted class.

    `chosen`: the first of these instead. Where there is no mistake the picture says so.
    """
    indices = list(predictions.mistakes() if chosen is None else chosen)[:MOST_MISTAKES]
    columns = min(COLUMNS, max(4, len(indices)))
    rows = -(-len(indices) // columns)
    width, height = TILE + GAP, TILE + 2 * LINE + GAP  # of one picture with its labels
    sheet = Image.new("RGB", (columns * width + GAP, LINE + 2 * GAP + rows * height), "white")
    pen = _Pen(sheet, predictions.classes)
    if indices:
        pen.true(GAP, GAP, "true class")
        pen.predicted(GAP + width, GAP, "predicted class and its probability", width=3 * width)
    else:
        pen.text(GAP, GAP, f"No mistake on {len(predictions):,} test images.", "black", 4 * width)
    for at, index in enumerate(indices):
        left, top = GAP + at % columns * width, LINE + 2 * GAP + at // columns * height
        pixels = np.ascontiguousarray(np.moveaxis(np.asarray(images[index]), 0, -1))  # (32, 32, 3)
        sheet.paste(Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.NEAREST), (left, top))
        label, answer = predictions.labels[index], predictions.predicted[index]
        pen.true(left, top + TILE + 3, predictions.classes[label])
        confidence = _probability(float(predictions.confidence[index]))
        pen.predicted(left, top + TILE + 3 + LINE, predictions.classes[answer], f" {confidence}")
    out = io.BytesIO()
    sheet.save(out, format="PNG", optimize=True)
    return out.getvalue()


class _Pen:
    """Writes labels: colour, mark and word say the same."""

    def __init__(self, sheet: Image.Image, names: Sequence[str]) -> None:
        self._draw = ImageDraw.Draw(sheet)
        self._font = glyphs.load(glyphs.best_font(names))

    def true(self, left: int, top: int, text: str) -> None:
        """A true class."""
        self._draw.ellipse((left, top + 4, left + MARK, top + 4 + MARK), fill=TRUE)
        self.text(left + MARK + 4, top, text, TRUE_TEXT)

    def predicted(self, left: int, top: int, text: str, end: str = "", width: int = TILE + GAP) -> None:
        """A predicted class."""
        self._draw.rectangle((left, top + 4, left + MARK, top + 4 + MARK), fill=PREDICTED)
        self.text(left + MARK + 4, top, text, PREDICTED_TEXT, width, end)

    def text(
        self, left: int, top: int, text: str, colour: str, width: int = TILE + GAP, end: str = ""
    ) -> None:
        """A line, shortened until it and its end are narrower than `width` pixels less a mark."""
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        whole = text + end
        while text and self._font.getlength(whole) > width - MARK - 8:
            text = text[:-1]
            whole = f"{text.rstrip()}…{end}"
        self._draw.text((left, top), whole, colour, self._font)


def _probability(value: float) -> str:
    """In whole percent; 100 % is said of certainty alone."""
    return f"{min(99, round(100 * value)) if value < 1 else 100} %"
