"""The Train page: what is asked for becomes a run folder, and what stands there is shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import tiny
from handmade import recorded
from streamlit.testing.v1 import AppTest

from cifar7 import machine
from cifar7.network import edits
from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.claim import Claim
from cifar7.runs.folder import RunFolder, list_runs


def texts(app: AppTest) -> str:
    """All words on the page that are not inside widgets."""
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


def only_run(home: Path) -> RunFolder:
    (run,) = list_runs(home / "runs")
    return run


def beat(step: int, **more: Any) -> dict[str, Any]:
    """A beat of a run of 2 epochs of 10 steps."""
    told = {"event": "beat", "epoch": 1 + step // 10, "epochs": 2, "step": step, "steps": 20, "loss": 1.0}
    told |= {"accuracy": 0.5, "lr": 0.1, "images_per_second": 1234.0, "seconds": 8.0, "seconds_left": 75.0}
    return told | more


def epoch_end(epoch: int, **more: Any) -> dict[str, Any]:
    told = {"event": "epoch", "epoch": epoch, "epochs": 2, "step": 10 * epoch, "train_accuracy": 0.8}
    return (
        told | {"heldout_accuracy": 0.7, "heldout_loss": 0.9, "test_accuracy": None, "test_loss": None} | more
    )


FINISHED = {
    "event": "finished",
    "state": "finished",
    "protocol": "holdout",
    "epochs": 2,
    "best_epoch": 2,
    "train_accuracy": 0.95,
    "test_accuracy": 0.8125,
    "seconds": 65.0,
}


@pytest.fixture
def claim(home: Path) -> Claim:
    """A run of `tiny` that this process executes."""
    claim = queue.start_here(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.update(phase="training")
    return claim


def test_start_lays_a_run_with_design_and_settings(home, pages):
    app = pages.open("train")
    assert app.radio(key="train_data").value == "tiny", "the imported set that is here comes before shapes"
    app.number_input(key="recipe_epochs").set_value(3).run()
    app.number_input(key="recipe_lr").set_value(0.05).run()
    app.button(key="train_start").click().run()
    run = only_run(home)
    assert app.query_params["run"] == run.id
    assert (run.config().epochs, run.config().lr, run.data_name()) == (3, 0.05, "tiny")
    # `tiny` has three classes, so the last layer has as many outputs; all else is the design's.
    assert run.spec() == preset("starter").with_classes(3)


def test_editing_the_design_leaves_a_started_run_alone(home, pages):
    app = pages.open("train")
    app.button(key="train_start").click().run()
    before = only_run(home).spec()
    app.session_state["cifar7_design"] = edits.set_dilation(preset("starter"), "C1", 4)
    app.run()
    assert only_run(home).spec() == before
    app.button(key="train_queue").click().run()
    newest = next(run for run in list_runs(home / "runs") if run.id == app.query_params["run"])
    assert newest.spec().stages[0].units[0].dilation == 4


def test_a_design_that_cannot_be_built_cannot_be_started(home, pages):
    app = pages.open("train")
    broken = edits.set_kind(edits.set_channels(preset("starter"), "C4", 127), "C4", "grouped", 5)
    app.session_state["cifar7_design"] = broken
    app.run()
    assert app.button(key="train_start").disabled
    assert "cannot be built" in app.warning[0].value


def test_a_norm_over_a_single_value_is_said_before_the_run(home, pages):
    app = pages.open("train")
    app.session_state["cifar7_design"] = edits.set_pool(edits.set_pool(preset("starter"), "C1", 4), "C2", 4)
    app.session_state["cifar7_design"] = edits.set_pool(app.session_state["cifar7_design"], "C3", 2)
    app.run()
    assert not app.button(key="train_start").disabled
    app.number_input(key="recipe_batch_size").set_value(1).run()
    assert app.button(key="train_start").disabled
    assert "sees a map of 1x1" in app.warning[0].value


def test_settings_that_contradict_each_other_are_refused_in_words(home, pages):
    app = pages.open("train")
    app.number_input(key="recipe_momentum").set_value(0.0).run()
    assert "nesterov" in app.toast[0].value
    assert app.number_input(key="recipe_momentum").value == 0.9, "the setting that was there"


def test_the_steps_of_a_stepped_schedule_can_be_set(home, pages):
    app = pages.open("train")
    app.selectbox(key="recipe_schedule").set_value("step").run()
    app.number_input(key="recipe_step_epochs").set_value(2).run()
    app.button(key="train_start").click().run()
    assert (only_run(home).config().schedule, only_run(home).config().step_epochs) == ("step", 2)


def test_a_waiting_run_says_how_many_are_before_it(home, pages):
    first = queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    time.sleep(0.01)
    second = queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    assert "next in the queue" in pages.open("train", run=first.id).progress[0].text
    pages.app.query_params["run"] = second.id
    app = pages.app.run()
    assert "1\u00a0run before it" in app.progress[0].text


def test_a_run_in_progress_shows_how_far_it_is(claim, pages):
    claim.record(recorded(beat(5)))
    app = pages.open("train", run=claim.run.id)
    assert app.progress[0].value == 25, "5 of 20 steps"
    assert "Step 5 of 20" in app.progress[0].text
    assert metrics(app) == {
        "Epoch": "1 of 2",
        "Images per second": "1,234",
        "Time left": "1\u00a0min 15\u00a0s",  # 75 s
        "Held-out accuracy": "–",
    }
    claim.record(recorded(epoch_end(1)))
    claim.record(recorded(beat(15)))
    app.run()
    assert (app.progress[0].value, metrics(app)["Held-out accuracy"]) == (75, "70.0\u00a0%")


def test_stop_asks_the_run_to_stop(claim, pages):
    app = pages.open("train", run=claim.run.id)
    assert claim.requested() is None
    app.button(key="train_stop").click().run()
    assert claim.requested() == "stop"
    assert app.button(key="train_stop").label == "Stop at once"
    app.button(key="train_stop").click().run()
    assert claim.requested() == "end", "this process has the run, and is not killed by itself"
    assert app.button(key="train_stop").disabled, "asked twice is enough"
    assert app.button(key="train_stop").label == "Stopping at once…"


def test_a_finished_run_tells_its_result_and_how_honest_it_is(claim, pages):
    claim.record(recorded(FINISHED))
    claim.end("finished", result=FINISHED)
    claim.release()
    app = pages.open("train", run=claim.run.id)
    said = texts(app)
    assert "**81.2\u00a0%** of the test images" in said  # 0.8125
    assert "chose epoch 2" in said
    assert "read once" in said
    assert "14 points more" in said  # 95 - 81.25 = 13.75
    assert metrics(app)["Time"] == "1\u00a0min 05\u00a0s"
    assert not app.progress
    assert app.button(key="train_to_mistakes")


def test_under_the_other_protocol_the_test_is_what_is_watched(home, pages):
    claim = queue.start_here(home / "runs", tiny.SPEC, tiny.config(protocol="test-each-epoch"), "tiny")
    claim.record(recorded({"event": "started", "protocol": "test-each-epoch", "epochs": 2}))
    claim.record(
        recorded(epoch_end(1, heldout_accuracy=None, heldout_loss=None, test_accuracy=0.65, test_loss=1.1))
    )
    app = pages.open("train", run=claim.run.id)
    assert metrics(app)["Test accuracy"] == "65.0\u00a0%"
    assert "Held-out accuracy" not in metrics(app)


def test_a_dead_worker_is_a_failed_run_with_reason_and_a_next_step(claim, pages):
    claim.record(recorded(beat(5)))
    claim.release()  # as the kernel does when a process dies
    app = pages.open("train", run=claim.run.id)
    assert app.error[0].value.startswith("The worker process")
    assert "step 5" in app.error[0].value
    assert "as you left them" in app.error[0].value
    assert not app.button(key="train_start").disabled


@pytest.mark.parametrize("run", ["no-such-run", "../../etc", "20260101-000000-x-aaaa", "A" * 500, "a\x00b"])
def test_an_address_with_another_run_than_there_is_does_no_harm(run, pages):
    app = pages.open("train", run=run)
    assert "run" not in app.query_params
    assert app.button(key="train_start")


def test_a_recent_run_is_opened_from_the_list(claim, pages):
    claim.record(recorded(FINISHED))
    claim.end("finished", result=FINISHED)
    claim.release()
    app = pages.open("train")
    app.button(key=f"open_{claim.run.id}").click().run()
    assert app.query_params["run"] == claim.run.id


def test_it_says_what_to_expect_of_time_and_memory(home, pages, monkeypatch):
    told = [caption.value for caption in pages.open("train").caption if "it takes" in caption.value]
    assert len(told) == 1
    assert told[0].startswith("On the CPU")
    assert "GB of memory" in told[0]
    monkeypatch.setattr(machine, "accelerators", lambda: (machine.Accelerator("NVIDIA H100", 80 << 30),))
    told = [caption.value for caption in pages.app.run().caption if "it takes" in caption.value]
    assert told[0].startswith("On the GPU it takes about")


def test_what_takes_more_than_there_is_cannot_be_started(home, pages, limit):
    limit(memory_gb=1.0)
    app = pages.open("train")
    assert not app.button(key="train_start").disabled
    app.number_input(key="recipe_batch_size").set_value(16_384).run()
    # The set has 180 images, and no batch is larger than the 162 learnt from: the memory decides.
    assert not app.button(key="train_start").disabled
    limit(memory_gb=0.7)
    app.run()
    assert app.button(key="train_start").disabled
    assert "0.7 GB are the limit here" in app.warning[0].value.replace("\\", "")


def test_what_was_stopped_before_its_test_can_be_tested(claim, pages):
    (claim.run.path / "checkpoint.pt").write_bytes(b"")
    claim.end("stopped", "Stopped as asked, and not tested.")
    claim.release()
    app = pages.open("train", run=claim.run.id)
    app.button(key="train_test").click().run()
    assert (claim.run.status()["state"], claim.run.status()["then"]) == ("queued", "stop")
