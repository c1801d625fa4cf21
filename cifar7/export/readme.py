"""The README of a submission. Every number in it is in the run's folder, or follows from the design.

Text that a user typed (names of the design, of the image set, of its classes, of a profile) goes through
`wording.plain`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cifar7.export.observations import observations
from cifar7.export.record import Record
from cifar7.export.wording import count, duration, percent, plain, table
from cifar7.network import working
from cifar7.network.arithmetic import Analysis, Row, analyse
from cifar7.network.assignment import Achieved, Verdict, card
from cifar7.network.profiles import Profile
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig

PROTOCOLS = {
    "holdout": "a part of the training images was held out, and the epoch whose weights are kept was chosen "
    "on it; the test images were read once, at the end",
    "test-each-epoch": "the test images were read after every epoch, and the weights of the last one are "
    "kept; the best of many readings flatters, so the result is the last one",
}


def run_readme(record: Record, profile: Profile) -> str:
    """The README of a run: results, card, network, receptive field, observations, pictures."""
    sections = [
        f"# {plain(record.spec.name)}\n\n{_opening(record)}",
        f"## Results\n\n{table(('figure', 'value'), list(_results(record)))}\n\n{_protocol(record)}",
        f"## Data\n\n{_data(record)}",
        f"## Assignment\n\n{plain(profile.title)}\n\n{_card(card(record.found, profile, achieved(record)))}",
        *_network_sections(record.spec, record.found),
        "## Observations\n\n" + "\n".join(f"- {line}" for line in observations(record)),
        _PICTURES,
        "## Recipe\n\n" + "\n".join(f"- {line}" for line in recipe(record.config)),
        f"## Run it\n\n{_how(record)}",
    ]
    return "\n\n".join(sections) + "\n"


def design_readme(spec: NetSpec, profile: Profile) -> str:
    """The README of a design that was not trained. The design must be buildable."""
    found = analyse(spec)
    sections = [
        f"# {plain(spec.name)}\n\n{_network_words(spec, found)} It is not trained yet.",
        f"## Assignment\n\n{plain(profile.title)}\n\n{_card(card(found, profile))}",
        *_network_sections(spec, found),
        f"## Run it\n\n{_INSTALL}\n\n`python model.py` prints the network and the shape of its output.",
    ]
    return "\n\n".join(sections) + "\n"


def achieved(record: Record) -> Achieved:
    """What the run adds to the assignment card."""
    how = {"holdout": "test set read once", "test-each-epoch": "last of several readings"}
    where = "" if record.official else f", on {record.title}, not the official CIFAR-10"
    return Achieved(
        accuracy=record.result["test_accuracy"],
        protocol=how[record.result["protocol"]] + where,
        on_gpu=record.on_gpu,
        device=str(record.result["device"]),
    )


def _opening(record: Record) -> str:
    result = record.result
    stopped = ""
    if result["state"] == "stopped":
        stopped = f" It was stopped early, after {count(result['steps'], 'step')}."
    return (
        f"{_network_words(record.spec, record.found)} After {count(result['epochs'], 'epoch')} of training "
        f"on {plain(record.title)} it recognises **{percent(result['test_accuracy'])}** of the test images."
        f"{stopped}"
    )


def _network_words(spec: NetSpec, found: Analysis) -> str:
    size = f"{spec.image_size}×{spec.image_size}"
    return (
        f"A convolutional network for images of {size} pixels in {spec.classes} classes, in plain PyTorch: "
        f"{found.parameters:,} parameters, {found.macs:,} multiply-accumulates an image."
    )


def _results(record: Record) -> Iterator[tuple[str, str]]:
    result = record.result
    yield "Parameters", f"{record.found.parameters:,}"
    best = result["best_epoch"]
    kept = f" (the weights of epoch {best} are kept)" if best else " (the weights at the stop are kept)"
    yield "Epochs", f"{result['epochs']:,}{kept}"
    yield "Dropout", dropout_words(record.found)
    columns = [("training", "train_accuracy")]
    columns.append(("held-out", "heldout_accuracy") if record.holds_out else ("test", "test_accuracy"))
    for word, name in columns:
        known = [end[name] for end in record.epochs if end.get(name) is not None]
        if known:
            yield f"First {word} accuracy", percent(known[0])
            yield f"Best {word} accuracy", percent(max(known))
    yield "**Test accuracy**", f"**{percent(result['test_accuracy'])}**"
    yield "Device", plain(str(result["device"]))
    yield "Time", f"{duration(result['seconds'])}, evaluation included"
    yield "Speed", f"{result['images_per_second']:,.0f} training images a second, {result['precision']}"
    yield "PyTorch", str(record.environment["torch"])


def dropout_words(found: Analysis) -> str:
    """The dropout of a network, as in "15 %, in 5 places"."""
    rates = sorted(row.layer.rate for row in found.rows if row.layer.kind == "dropout")
    if not rates:
        return "none"
    told = " and ".join(f"{100 * rate:g} %" for rate in dict.fromkeys(rates))
    return f"{told}, in {count(len(rates), 'place')}"


def _protocol(record: Record) -> str:
    started = record.started
    sample = min(record.config.train_sample, started["train_images"])
    return (
        f"Protocol: {PROTOCOLS[record.result['protocol']]}. The training accuracy is measured like the "
        f"others, on {count(sample, 'training image')} as they are, without augmentation and dropout."
    )


def _data(record: Record) -> str:
    known, started = record.environment["data"], record.started
    if record.official:
        what = "CIFAR-10, the official set as torchvision downloads it."
    elif known["synthetic"]:
        what = (
            f"{plain(record.title)}: drawn by a program. It is not CIFAR-10, and a score on it says nothing "
            "about photographs."
        )
    else:
        what = (
            f"{plain(record.title)} ({plain(str(known['origin']))}). It is not the official CIFAR-10, so the "
            "score does not compare with scores on that."
        )
    held = f"{count(started['heldout_images'], 'image')} held out, " if record.holds_out else ""
    classes = record.predictions.classes
    names = ", ".join(plain(name) for name in classes)
    return (
        f"{what} {count(started['train_images'], 'image')} to train on, {held}"
        f"{count(started['test_images'], 'image')} to test; {len(classes)} classes: {names}."
    )


def _card(verdicts: list[Verdict]) -> str:
    marks = {True: "✓ passed", False: "✗ failed", None: "– open"}
    rows = [
        (plain(v.requirement.title), v.requirement.words, plain(v.words), marks[v.passed]) for v in verdicts
    ]
    return table(("requirement", "asked", "measured", ""), rows)


def _network_sections(spec: NetSpec, found: Analysis) -> list[str]:
    return [
        f"## Layers\n\n{_layers(spec, found)}",
        f"## Receptive field\n\n{_field(found)}",
    ]


def _layers(spec: NetSpec, found: Analysis) -> str:
    head = ("stage", "layer", "output", "parameters", "multiply-accumulates")
    rows = [
        (
            row.layer.stage,
            working.name(row),
            _shape(row),
            working.parameters(row),
            f"{row.macs:,}" if row.macs else "",
        )
        for row in found.rows
    ]
    start = ("", "image", f"{spec.in_channels}×{spec.image_size}×{spec.image_size}", "", "")
    total = ("", "**total**", "", f"**{found.parameters:,}**", f"**{found.macs:,}**")
    return table(head, [start, *rows, total], right=(3, 4))


def _shape(row: Row) -> str:
    return f"{row.output[0]}" if row.layer.kind == "linear" else "×".join(map(str, row.output))


def _field(found: Analysis) -> str:
    rows = [
        (row.layer.stage, working.name(row), working.receptive_field(row), working.jump(row))
        for row in found.rows
        if not row.layer.follows
    ]
    sums = any(row.layer.kind == "add" for row in found.rows)
    told = " A residual sum sees what the wider of its two maps sees." if sums else ""
    return (
        "One value of a map sees a square of the image; the side of it, in pixels, is the receptive field r. "
        "A layer of kernel k, dilation d and stride s makes it r + d·(k − 1)·j, where j, the jump, is how "
        f"many image pixels neighbouring values are apart; the jump becomes j·s only after that.{told}\n\n"
        f"{table(('stage', 'layer', 'receptive field', 'jump'), rows)}\n\n"
        f"**{found.receptive_field_before} pixels** before the pooling head, "
        f"**{found.receptive_field_total} pixels** with it."
    )


_PICTURES = """## Pictures

Accuracy and loss after each epoch:

![Accuracy and loss after each epoch](curves.png)

What was taken for what, on the test images:

![Confusion matrix](confusion.png)

The mistakes that it was surest of:

![Misclassified test images with their true class, the predicted class and its probability](mistakes.png)"""


def recipe(config: TrainConfig) -> Iterator[str]:
    """The settings of a training in lines of Markdown: those that it uses."""
    yield f"{_optimiser(config)}, batches of {count(config.batch_size, 'image')}, seed {config.seed}"
    schedules = {
        "one-cycle": f"one-cycle: rising to it over {config.warmup:g} of the steps, then falling to 0",
        "constant": "throughout",
        "step": f"times {config.step_factor:g} after every {count(config.step_epochs, 'epoch')}",
        "cosine": "falling to 0 along half a cosine",
    }
    yield f"learning rate {config.lr:g}, {schedules[config.schedule]}"
    if config.weight_decay:
        yield f"weight decay {config.weight_decay:g}, not on biases and normalisation"
    if config.label_smoothing:
        yield f"label smoothing {config.label_smoothing:g}"
    yield f"augmentation: {', '.join(_augmentation(config)) or 'none'}"
    if config.normalisation == "half":
        yield "images brought from 0..1 to -1..1, with mean and deviation 0.5"
    if config.averaging:
        yield f"evaluated and kept are averaged weights, of which each step keeps {config.averaging:g}"
    if config.test_flip:
        yield "evaluating, each image is asked together with its mirror image (test-time flip)"


def _optimiser(config: TrainConfig) -> str:
    if config.optimiser == "adamw":
        return f"AdamW with betas {config.momentum:g} and 0.999"
    kind = "Nesterov " if config.nesterov else ""
    return f"SGD with {kind}momentum {config.momentum:g}" if config.momentum else "SGD"


def _augmentation(config: TrainConfig) -> Iterator[str]:
    if config.flip == "random":
        yield "half of the images mirrored"
    if config.flip == "alternating":
        yield "each image mirrored every other epoch"
    if config.crop_padding:
        yield f"moved by up to {count(config.crop_padding, 'pixel')}, the border mirrored"
    if config.cutout:
        yield f"a square of {count(config.cutout, 'pixel')} a side blanked"


_INSTALL = """```
pip install -r requirements.txt
```"""


def _how(record: Record) -> str:
    data = "It downloads CIFAR-10 into the folder `data`."
    if not record.official:
        data = (
            "FOLDER has the class folders of the image set in it, below `train` and `test`; "
            f"`python -m cifar7 data export {record.images.name} --out FOLDER` writes them."
        )
    command = "python train.py" if record.official else "python train.py --data FOLDER"
    return (
        f"{_INSTALL}\n\n```\n{command}\n```\n\nrepeats the training. {data} "
        "`weights.pt` holds the trained weights:\n\n"
        "```python\nimport torch\nfrom model import Network\n\nnetwork = Network()\n"
        'network.load_state_dict(torch.load("weights.pt", weights_only=True))\nnetwork.eval()\n```\n\n'
        "`spec.json` is the design as data; `python -m cifar7 describe spec.json` reads it."
    )
