import math
from dataclasses import fields

import pytest

from cifar7.training.config import GROUPS, OPTIONS, ConfigError, TrainConfig


def test_what_was_written_is_read_back():
    config = TrainConfig(epochs=3, lr=0.25, schedule="cosine", flip="none", protocol="test-each-epoch")
    assert TrainConfig.from_dict(config.to_dict()) == config


def test_a_missing_field_takes_its_default():
    assert TrainConfig.from_dict({"epochs": 3}) == TrainConfig(epochs=3)


@pytest.mark.parametrize(("before", "now"), [(True, "random"), (False, "none")])
def test_a_recipe_from_before_there_were_two_ways_to_mirror_is_read(before, now):
    assert TrainConfig.from_dict({"flip": before}) == TrainConfig(flip=now)


def test_pixels_are_scaled_by_the_set_or_by_a_half():
    mean, std = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    assert TrainConfig().scale(mean, std) == (mean, std)
    assert TrainConfig(normalisation="half").scale(mean, std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def test_a_whole_number_will_do_for_a_float():
    lr = TrainConfig(lr=1).lr
    assert (lr, type(lr)) == (1.0, float)


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("epochs", 0, "a whole number from 1 to 1000"),
        ("epochs", 2.0, "a whole number"),
        ("epochs", True, "a whole number"),
        ("epochs", "8", "a whole number"),
        ("lr", 0, "above 0"),
        ("lr", math.nan, "above 0 and up to 100"),
        ("lr", math.inf, "up to 100"),
        ("momentum", 1.0, "from 0 to 0.999"),
        ("nesterov", 1, "true or false"),
        ("flip", "sometimes", "none, random, alternating"),
        ("optimiser", "adam", "sgd, adamw"),
        ("normalisation", "none", "set, half"),
        ("cutout", 33, "a whole number from 0 to 32"),
        ("averaging", 1.0, "a number from 0 to 0.9999"),
        ("test_flip", "yes", "true or false"),
        ("schedule", "linear", "one-cycle, constant, step, cosine"),
        ("schedule", ["step"], "one-cycle"),
        ("device", "gpu", "auto, cpu, cuda, mps"),
        ("seed", -1, "from 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(field, value, right):
    with pytest.raises(ConfigError, match=right) as caught:
        TrainConfig.from_dict({field: value})
    assert str(caught.value).startswith(f"{field} is {value!r}")
    assert "\n" not in str(caught.value)


def test_an_unknown_field_is_named():
    with pytest.raises(ConfigError, match=r"'learning_rate'.* lr,"):
        TrainConfig.from_dict({"learning_rate": 0.1})


@pytest.mark.parametrize("data", [None, [], "epochs"])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(ConfigError, match="object"):
        TrainConfig.from_dict(data)


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(ConfigError, match="momentum"):
        TrainConfig(momentum=0)
    assert TrainConfig(momentum=0, nesterov=False).momentum == 0
    assert TrainConfig(momentum=0, optimiser="adamw").nesterov  # which has no use for it


def test_limits_are_there_for_the_page():
    smoothing, protocol = OPTIONS["label_smoothing"], OPTIONS["protocol"]
    assert (smoothing.default, smoothing.low, smoothing.high, smoothing.above) == (0.0, 0, 0.9, False)
    assert (protocol.default, protocol.choices) == ("holdout", ("holdout", "test-each-epoch"))
    assert "nothing" not in OPTIONS


def test_every_option_has_its_words_and_its_place():
    assert list(OPTIONS) == [declared.name for declared in fields(TrainConfig)]
    for option in OPTIONS.values():
        assert option.title[0].isupper(), option.name
        assert option.help.endswith("."), option.name
        assert option.group in GROUPS, option.name
        assert bool(option.unit) == (option.kind in ("whole", "decimal")), option.name
        assert set(option.labels) == set(option.choices), option.name
    for words in ("title", "noun", "constant"):
        assert len({getattr(option, words) for option in OPTIONS.values()}) == len(OPTIONS), words


def test_the_words_of_an_option_follow_its_name_unless_it_says_more():
    decay, rate = OPTIONS["weight_decay"], OPTIONS["lr"]
    assert (decay.title, decay.noun, decay.constant) == ("Weight decay", "weight decay", "WEIGHT_DECAY")
    assert (rate.title, rate.noun, rate.constant) == ("Learning rate", "peak learning rate", "LEARNING_RATE")
    assert (decay.span, rate.span) == ("from 0 to 1", "above 0 and up to 100")


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("warmup", {"schedule": "one-cycle"}),
        ("step_epochs", {"schedule": "step"}),
        ("step_factor", {"schedule": "step"}),
        ("nesterov", {"optimiser": "sgd"}),
        ("holdout", {"protocol": "holdout"}),
    ],
)
def test_an_option_is_idle_beside_another_choice(name, setting):
    (other,) = setting
    for value in OPTIONS[other].choices:
        assert OPTIONS[name].applies(TrainConfig(**{other: value})) == (value == setting[other])
    assert [option.name for option in OPTIONS.values() if option.when] == [
        "nesterov", "warmup", "step_epochs", "step_factor", "holdout",
    ]  # fmt: skip


def test_values_are_labelled():
    assert [OPTIONS["flip"].label(value) for value in ("none", "random")] == ["Never", "At random"]
    assert [OPTIONS["nesterov"].label(value) for value in (True, False)] == ["on", "off"]
    assert (OPTIONS["lr"].label(0.001), OPTIONS["epochs"].label(8)) == ("0.001", "8")
