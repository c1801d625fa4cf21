"""The Train page: recipes and their settings; pausing, resuming and going on for longer."""

from __future__ import annotations

from typing import Any

import pytest
import tiny
from handmade import recorded

from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.claim import Claim
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.training.config import OPTIONS, TrainConfig
from cifar7.training.events import Finished
from cifar7.training.recipes import RECIPES, SHRIMALI
from cifar7.ui.shell.address import NET
from cifar7.ui.shell.link import Link, encode
from cifar7.ui.strip import run_line
from cifar7.ui.train import recipe_chooser, run_view, run_words
from cifar7.ui.words import device


def captions(app) -> str:
    return "\n".join(element.value.replace("\\", "") for element in app.caption)


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
    differing = recipe_chooser.changed(RECIPES["default"].config, RECIPES["velasoka"].config)
    said = recipe_chooser.changed_words(RECIPES["default"], differing)
    assert said.startswith(
        "Changed from Default: Epochs 8 → 7; Batch size 128 → 4; Learning rate 0.2 → 0.001;"
    )
    assert said.endswith(f"and {len(differing) - 4} more.")


# Pause, resume, longer

BEAT = {"event": "beat", "epoch": 1, "epochs": 2, "step": 5, "steps": 20, "loss": 1.0, "accuracy": 0.5}
BEAT |= {"lr": 0.1, "images_per_second": 1234.0, "seconds": 8.0, "seconds_left": 75.0}
RESULT = {"event": "finished", "state": "finished", "protocol": "holdout", "epochs": 2, "best_epoch": 2}
RESULT |= {"train_accuracy": 0.95, "test_accuracy": 0.8125, "seconds": 65.0, "steps": 20}


@pytest.fixture
def claim(home) -> Claim:
    """A run at step 5 of 20, executed by this process, with a checkpoint."""
    claim = queue.start_here(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.update(phase="training")
    claim.record(recorded(BEAT))
    (claim.run.path / "checkpoint.pt").write_bytes(b"")
    return claim


def keys(app) -> set[str]:
    """The buttons that start, stop or go on."""
    wanted = {"train_start", "train_stop", "train_pause", "train_resume", "train_longer"}
    return {button.key for button in app.button} & wanted


def metrics(app) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


def test_pause_asks_the_run_to_pause_and_stop_is_still_possible(claim, pages):
    app = pages.open("train", run=claim.run.id)
    assert keys(app) == {"train_pause", "train_stop"}
    app.button(key="train_pause").click().run()
    assert claim.requested() == "pause"
    assert app.button(key="train_pause").disabled
    assert app.button(key="train_pause").label == "Pausing…"
    app.button(key="train_stop").click().run()
    assert claim.requested() == "stop"
    assert app.button(key="train_pause").disabled, "a pause would take the place of the stop"


def test_a_paused_run_says_so_everywhere_and_resumes(claim, pages):
    claim.pause()
    claim.release()
    app = pages.open("train", run=claim.run.id)
    assert keys(app) == {"train_resume", "train_stop"}
    assert app.progress[0].value == 25, "5 of 20 steps"
    assert "Paused at step 5 of 20" in app.progress[0].text
    assert (metrics(app)["Images per second"], metrics(app)["Time left"]) == ("–", "–")
    heading, strip = ":orange-badge[paused]", "Training Tiny Net: paused in epoch 1 of 2"
    assert any(heading in element.value for element in app.markdown)
    assert any(strip in element.proto.body for element in app.get("html"))
    assert heading in app.button(key=f"open_{claim.run.id}").label
    app.button(key="train_resume").click().run()
    assert claim.run.status()["state"] == "queued"
    assert keys(app) == {"train_pause", "train_stop"}
    assert not app.button(key="train_stop").disabled


def test_a_run_that_was_asked_to_pause_can_be_paused_again_later(claim, home, pages):
    app = pages.open("train", run=claim.run.id)
    app.button(key="train_pause").click().run()
    claim.pause()
    claim.release()
    app.run()
    app.button(key="train_resume").click().run()
    again = queue.claim_next(home / "runs")
    assert again.run == claim.run
    app.run()
    assert app.button(key="train_pause").label == "Pause"
    assert not app.button(key="train_pause").disabled
    assert "Going on from step 5. Starting" in app.progress[0].text


def test_a_paused_run_that_is_stopped_waits_to_be_tested(claim, pages):
    claim.pause()
    claim.release()
    app = pages.open("train", run=claim.run.id)
    app.button(key="train_stop").click().run()
    assert claim.run.status()["then"] == "stop"
    assert "Waiting to be tested as it is" in app.progress[0].text
    assert keys(app) == {"train_stop"}


def test_a_waiting_run_can_be_paused_where_it_is(home, pages):
    run = queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    app = pages.open("train", run=run.id)
    app.button(key="train_pause").click().run()
    assert run.status()["state"] == "paused"
    assert "before its first step" in app.progress[0].text


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_what_ended_early_resumes_from_its_checkpoint_and_else_not(state, claim, pages):
    claim.end(state, "Something came in between.")
    claim.release()
    app = pages.open("train", run=claim.run.id)
    assert keys(app) == {"train_resume", "train_start"}
    (claim.run.path / "checkpoint.pt").unlink()
    app.run()
    assert keys(app) == {"train_start"}


def test_a_failure_names_resume_once(claim):
    claim.end("failed", "The disk is full.")
    assert "Resume goes on" in run_words.failed_words(claim.status, resumable=True)
    assert "Resume" not in run_words.failed_words(claim.status)
    claim.update(reason="The process died. Resume it.")
    assert run_words.failed_words(claim.status, resumable=True).count("Resume") == 1


def test_a_finished_run_is_trained_for_more_epochs(claim, home, pages):
    finish(claim)
    app = pages.open("train", run=claim.run.id)
    assert keys(app) == {"train_start", "train_longer"}
    app.number_input(key="train_more").set_value(3).run()
    app.button(key="train_longer").click().run()
    run = RunFolder.open(home / "runs", claim.run.id)
    assert (run.config().epochs, run.status()["state"]) == (5, "queued"), "2 and 3"
    assert ":gray-badge[waiting]" in app.button(key=f"open_{run.id}").label, "not the result of before"
    again = queue.claim_next(home / "runs")
    again.update(phase="training")
    app.run()
    assert "Going on from step 20" in app.progress[0].text, "not: testing"


def finish(claim: Claim) -> None:
    claim.record(recorded({**BEAT, "epoch": 2, "step": 20}))
    claim.record(recorded(RESULT))
    claim.end("finished", result=RESULT)
    claim.release()


def test_a_finished_run_without_a_checkpoint_offers_no_more_epochs(claim, pages):
    finish(claim)
    (claim.run.path / "checkpoint.pt").unlink()
    assert keys(pages.open("train", run=claim.run.id)) == {"train_start"}


def test_what_is_paused_is_looked_at_seldom():
    assert run_view.tick("running") == run_view.tick("queued") == 1
    assert run_view.tick("paused") == 10
    assert run_view.tick("failed") is None
    assert "paused" in run_line.ACTIVE


# The words about the scores


def test_the_two_accuracies_on_training_images_are_told_apart(claim, pages):
    end = {"event": "epoch", "epoch": 1, "epochs": 2, "step": 10, "train_accuracy_running": 0.4}
    claim.record(recorded(end | {"train_accuracy": 0.55, "heldout_accuracy": 0.5, "heldout_loss": 1.0}))
    said = captions(pages.open("train", run=claim.run.id))
    assert "Epoch 1: 40.0\u00a0% while learning, 55.0\u00a0% afterwards." in said
    assert "mirrored and shifted" in said
    assert "evaluation mode" in said


def test_only_what_alters_the_images_is_named():
    bare = run_words.learning_words(tiny.SPEC, tiny.config(flip="none", crop_padding=0))
    assert "the images are" not in bare
    assert "dropout" not in bare
    dropped = run_words.learning_words(preset("shrimali"), tiny.config(flip="none", cutout=8))
    assert "shifted and partly blanked; dropout switches" in dropped


def test_flips_and_averages_are_said_beside_the_score():
    assert run_words.scored_words(Finished.from_dict(RESULT)) == ""
    said = run_words.scored_words(Finished.from_dict({**RESULT, "test_flip": True, "averaging": 0.99}))
    assert "mirror image" in said
    assert "averages" in said
