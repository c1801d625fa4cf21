"""The Train page: recipes and their settings; pausing, resuming and going on for longer."""

from __future__ import annotations

from cifar7.network.presets import preset
from cifar7.runs.folder import list_runs
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import RECIPES, SHRIMALI
from cifar7.ui import recipe, recipe_chooser
from cifar7.ui.address import NET
from cifar7.ui.link import Link, encode


def captions(app) -> str:
    return "\n".join(element.value.replace("\\", "") for element in app.caption)


# Recipes


def test_every_setting_on_the_page_has_a_label_and_a_sentence():
    assert recipe.LABELS.keys() == recipe.HELP.keys()
    # Left to the command line, or of no concern to one who trains: how and on what the score is taken.
    left_out = {"warmup", "holdout", "train_sample", "device"}
    assert recipe.LABELS.keys() | left_out == TrainConfig().to_dict().keys()


def test_a_chosen_recipe_is_what_the_run_is_trained_with(home, pages):
    app = pages.open("train")
    assert app.selectbox(key="recipe_name").options == [known.title for known in RECIPES.values()]
    app.selectbox(key="recipe_name").set_value("shrimali").run()
    assert app.number_input(key="recipe_lr").value == 0.2
    assert app.selectbox(key="recipe_schedule").value == "step"
    said = "\n".join(element.value.replace("\\", "") for element in app.markdown)
    assert SHRIMALI.told in said
    assert SHRIMALI.chosen in said
    app.button(key="train_start").click().run()
    (run,) = list_runs(home / "runs")
    assert run.config() == SHRIMALI.config


def test_what_was_changed_since_is_said_and_can_be_taken_back(pages):
    app = pages.open("train")
    assert "Changed from" not in captions(app)
    app.selectbox(key="recipe_name").set_value("velasoka").run()
    app.number_input(key="recipe_epochs").set_value(3).run()
    app.toggle(key="recipe_test_flip").set_value(True).run()
    assert app.selectbox(key="recipe_name").value == "velasoka"
    assert "Changed from velasoka's: Epochs 7 → 3; Test-time flips off → on." in captions(app)
    app.button(key="recipe_back").click().run()
    assert app.number_input(key="recipe_epochs").value == 7
    assert "Changed from" not in captions(app)


def test_settings_of_a_link_are_told_by_the_nearest_recipe(pages):
    config = TrainConfig(**{**SHRIMALI.config.to_dict(), "epochs": 4})
    app = pages.open("train", **{NET: encode(Link(preset("starter"), config))})
    assert app.selectbox(key="recipe_name").value == "shrimali"
    assert "Changed from shrimali's: Epochs 10 → 4." in captions(app)


def test_the_new_settings_reach_the_run(home, pages):
    app = pages.open("train")
    app.selectbox(key="recipe_optimiser").set_value("adamw").run()
    assert not [toggle for toggle in app.toggle if toggle.key == "recipe_nesterov"], "SGD's own"
    app.selectbox(key="recipe_normalisation").set_value("half").run()
    app.selectbox(key="recipe_flip").set_value("alternating").run()
    app.number_input(key="recipe_cutout").set_value(8).run()
    app.number_input(key="recipe_averaging").set_value(0.99).run()
    app.toggle(key="recipe_test_flip").set_value(True).run()
    app.button(key="train_start").click().run()
    (run,) = list_runs(home / "runs")
    asked = {"optimiser": "adamw", "normalisation": "half", "flip": "alternating", "cutout": 8}
    asked |= {"averaging": 0.99, "test_flip": True}
    assert run.config() == TrainConfig(**asked)


def test_many_changes_are_counted():
    differing = recipe_chooser.changed(RECIPES["default"].config, RECIPES["velasoka"].config)
    said = recipe_chooser.changed_words(RECIPES["default"], differing, recipe.LABELS, recipe.CHOICES)
    assert said.startswith(
        "Changed from Default: Epochs 8 → 7; Batch size 128 → 4; Learning rate 0.2 → 0.001;"
    )
    assert said.endswith(f"and {len(differing) - 4} more.")
