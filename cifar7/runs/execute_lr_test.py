"""Carry out a learning-rate test: a range test on a copy of the design, whose weights are thrown away."""

from __future__ import annotations

import time

from cifar7.runs.job import Job
from cifar7.training.events import RangeStep

REPORT_SECONDS = 0.2  # between two reports of the step


def test_learning_rate(job: Job) -> None:
    """Take the steps and write the `Finding`, with its seconds, as the run's result."""
    from cifar7.network.module import build  # loads torch
    from cifar7.training.lr_finder import range_test, steps_of
    from cifar7.training.lr_finding import find

    claim, config = job.claim, job.config
    began, steps, next_report = time.perf_counter(), steps_of(config), 0.0
    points = []
    claim.update(phase="training")
    module = build(job.spec, seed=config.seed)
    for lr, loss in range_test(module, job.images, config, control=job.control):
        points.append((lr, loss))
        if time.monotonic() >= next_report:
            next_report = time.monotonic() + REPORT_SECONDS
            event = RangeStep(len(points), steps, lr, loss)
            claim.record(event)
            job.listen(event)
    if job.control.reason:
        claim.end("stopped", f"{job.control.reason}, after {len(points)} of {steps} steps.")
        return
    claim.end("finished", None, {**find(points).to_dict(), "seconds": time.perf_counter() - began})
