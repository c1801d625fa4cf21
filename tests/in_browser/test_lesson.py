"""In a real browser: a teacher's lesson from its first step to its last, its tasks decided by the figures."""

from __future__ import annotations

import json
import re

import pytest
from browser import POCKET
from playwright.sync_api import expect
from watching import badge

from cifar7.tutorials.progress import progress_of

pytestmark = pytest.mark.browser

# The pocket network sees 3 pixels behind its first 3x3, and 6 behind the pool of 4, whose jump is 4; the next
# 3x3 adds 8 and its pool 4: 18. With dilation 2 that 3x3 adds 16, which makes 26. Weights: 3·6·9, 6·12·9 and
# 12·10 of the linear layer; biases 6 + 12 + 10; scale and shift of two normalisations, 2·18: 994.
FIELD = "receptive_field_before_pooling"
LESSON = {
    "version": 1,
    "name": "pocket-lesson",
    "title": "Look further",
    "steps": [
        {
            "title": "Two in a row",
            "text": "A 3×3 sees 3 pixels.",
            "task": [{"ask": "And two of them?", "answer": 5, "unit": "pixels", "because": "3 + 2."}],
        },
        {
            "title": "Dilate",
            "text": "Look **further** without a parameter more.",
            "start": {
                "design": POCKET.to_dict(),
                "data": "shapes",
                "settings": {"epochs": 1, "train_sample": 500, "device": "cpu"},
            },
            "task": [
                {"id": FIELD, "is": "above", "limit": 18},
                {"id": "parameters", "is": "at most", "limit": 994},
            ],
        },
        {
            "title": "Train",
            "text": "One epoch.",
            "task": [{"run": [
                {"data": "shapes"},
                {"id": FIELD, "is": "exactly", "limit": 26},
                {"id": "class_accuracy", "classes": ["disc", "ring", "square"], "is": "at least", "limit": 0},
                {"id": "epochs", "is": "exactly", "limit": 1},
            ]}],
        },
    ],
}  # fmt: skip


def at_step(page, number: int) -> None:
    page.locator(".c7-lesson-step > b").filter(has_text=re.compile(rf"^{number}\. ")).wait_for()


def next_step(page) -> None:
    page.locator(".st-key-tutorial").get_by_role("button", name="Next", exact=True).click()


def test_a_lesson_from_its_first_step_to_its_last(site, page):
    page.goto(site.url)
    page.get_by_role("button", name="Lessons").click()
    file = {"name": "l.json", "mimeType": "application/json", "buffer": json.dumps(LESSON).encode()}
    page.locator(".st-key-tutorial_upload input[type=file]").set_input_files(file)
    lesson = page.locator(".st-key-tutorial")

    at_step(page, 1)
    answer = lesson.get_by_label("And two of them?")
    answer.fill("4")
    answer.press("Enter")
    lesson.get_by_text("Not yet.").wait_for()
    expect(lesson.get_by_role("button", name="Skip")).to_be_visible()
    answer.fill("5")
    answer.press("Enter")
    lesson.get_by_text("3 + 2.").wait_for()
    next_step(page)

    at_step(page, 2)
    lesson.get_by_text("76 px").wait_for()  # the starter stands there still
    expect(page.locator(".c7-strip .name")).to_have_text("starter")
    lesson.get_by_role("button", name="Start from this step's design").click()
    lesson.get_by_text("18 px", exact=False).nth(1).wait_for()
    expect(lesson.locator(".c7-tick .c7-mark.no")).to_have_count(1)
    page.locator(".st-key-C2_dilation").get_by_role("radio", name="2").click()
    lesson.get_by_text("26 px").wait_for()
    expect(lesson.locator(".c7-tick .c7-mark.yes")).to_have_count(2)
    lesson.get_by_text("This step is done.").wait_for()

    lesson.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Leave, and back to what I had before").wait_for()
    page.reload()  # the address has the lesson, the record what is done; what stood here before is gone
    at_step(page, 2)
    expect(lesson.locator(".dot.done")).to_have_count(2)
    next_step(page)

    at_step(page, 3)
    lesson.get_by_text("Needs a run").wait_for()
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Start training").click()
    badge(page, "finished")
    lesson.get_by_text("The whole lesson is done.").wait_for()
    expect(lesson.locator(".dot.done")).to_have_count(3)
    run = site.run(page.url)
    assert run.spec().stages[1].units[0].dilation == 2

    (found,) = progress_of(site.home, "pocket-lesson")
    assert (found.steps_done, found.steps, found.at) == (3, 3, 3)

    lesson.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Leave the lesson").click()
    expect(lesson).to_have_count(0)
