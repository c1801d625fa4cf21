import pytest

from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.recipes import RECIPES, recipe


def test_velasoka_is_trained_as_was_told():
    c = recipe("velasoka").config
    assert (c.optimiser, c.lr, c.momentum, c.nesterov, c.weight_decay) == ("sgd", 0.001, 0.9, False, 0)
    assert (c.schedule, c.batch_size, c.epochs, c.seed) == ("constant", 4, 7, 6)
    assert (c.flip, c.crop_padding, c.cutout, c.label_smoothing) == ("none", 0, 0, 0)
    assert c.scale((0.4, 0.4, 0.4), (0.2, 0.2, 0.2)) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert (c.protocol, c.averaging, c.test_flip) == ("test-each-epoch", 0, False)


def test_shrimali_is_trained_as_was_told():
    c = recipe("shrimali").config
    assert (c.lr, c.schedule, c.step_factor, c.step_epochs, c.epochs) == (0.2, "step", 0.5, 8, 10)
    assert c.protocol == "test-each-epoch"


def test_the_default_is_what_a_config_is_without_a_word():
    assert recipe("default").config == TrainConfig()


def test_each_recipe_goes_by_its_name_and_says_what_it_is():
    for name, known in RECIPES.items():
        assert known.name == name
        assert known.summary.endswith(".")
        assert bool(known.told) == bool(known.chosen), "what was told leaves something to choose"


def test_a_recipe_that_there_is_not_is_answered_with_those_there_are():
    with pytest.raises(ConfigError, match="'nobody'; there are " + ", ".join(RECIPES)):
        recipe("nobody")
