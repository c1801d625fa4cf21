"""The settings of a training on the page."""

from __future__ import annotations

from typing import Any

from ui.opened import captions

from cifar7.network.presets import preset
from cifar7.runs.folder import list_runs
from cifar7.training.config import OPTIONS, TrainConfig
from cifar7.training.recipes import RECIPES, SHRIMALI
from cifar7.ui.shell.address import NET
from cifar7.ui.shell.link import Link, encode
from cifar7.ui.train import recipe
from cifar7.ui.words import device

# Recipes


def controls(app) -> dict[str, Any]:
    """The controls of the settings, by the name of the field that each changes."""
    widgets = [*app.number_input, *app.selectbox, *app.toggle]
    return {
        widget.key.removeprefix("recipe_"): widget
        for widget in widgets
        if str(widget.key).startswith("recipe_") and widget.key != "recipe_name"
    }


def test_every_field_has_a_control_with_its_title_and_its_help(pages):
    app = pages.open("train")
    seen = controls(app)
    app.selectbox(key="recipe_schedule").set_value("step").run()
    seen |= controls(app)
    assert seen.keys() == TrainConfig().to_dict().keys()
    for name, widget in seen.items():
        assert (widget.label, widget.help) == (OPTIONS[name].title, OPTIONS[name].help)


def test_a_control_is_there_only_while_it_has_something_to_do(pages):
    app = pages.open("train")
    assert "warmup" in controls(app)
    assert not {"step_epochs", "step_factor"} & controls(app).keys()
    app.selectbox(key="recipe_schedule").set_value("step").run()
    assert {"step_epochs", "step_factor"} <= controls(app).keys()
    assert "warmup" not in controls(app)
    assert "holdout" in controls(app)
    app.selectbox(key="recipe_protocol").set_value("test-each-epoch").run()
    assert "holdout" not in controls(app)


def test_only_devices_that_are_here_are_offered_and_the_one_that_is_set(pages, monkeypatch):
    monkeypatch.setattr(device, "_here", lambda: "CPU, 2 cores")
    app = pages.open("train")
    assert app.selectbox(key="recipe_device").options == ["Automatic", "CPU"]
    assert app.selectbox(key="recipe_device").value == "auto"
    app.selectbox(key="recipe_device").set_value("cpu").run()
    assert app.session_state["cifar7_config"].device == "cpu"
    assert device.offered("cuda") == ("auto", "cpu", "cuda"), "of a link from elsewhere"
    monkeypatch.setattr(device, "_here", lambda: "NVIDIA T4")
    assert device.offered("auto") == ("auto", "cpu", "cuda")
    monkeypatch.setattr(device, "_here", lambda: "Apple GPU")
    assert device.offered("auto") == ("auto", "cpu", "mps")


def test_the_numbers_that_the_score_is_taken_on_reach_the_run(home, pages):
    app = pages.open("train")
    app.number_input(key="recipe_warmup").set_value(0.5).run()
    app.number_input(key="recipe_holdout").set_value(40).run()
    app.number_input(key="recipe_train_sample").set_value(30).run()
    app.button(key="train_start").click().run()
    (run,) = list_runs(home / "runs")
    assert run.config() == TrainConfig(warmup=0.5, holdout=40, train_sample=30)


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
    differing = recipe.changed(RECIPES["default"].config, RECIPES["velasoka"].config)
    said = recipe.changed_words(RECIPES["default"], differing)
    assert said.startswith(
        "Changed from Default: Epochs 8 → 7; Batch size 128 → 4; Learning rate 0.2 → 0.001;"
    )
    assert said.endswith(f"and {len(differing) - 4} more.")
