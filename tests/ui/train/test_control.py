"""The Train page: pausing, resuming and going on for longer."""

from __future__ import annotations

import pytest
import tiny
from handmade import recorded
from ui.opened import captions

from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.claim import Claim
from cifar7.runs.folder import ENDED, RunFolder
from cifar7.training.events import Finished
from cifar7.ui.train import run_view, run_words

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
    other = type(pages)().open("train", run=claim.run.id)
    assert other.button(key="train_pause").label == "Pausing…", "in another browser, or after a refresh, too"
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
    assert "paused" not in ENDED, "the strip shows it"


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
