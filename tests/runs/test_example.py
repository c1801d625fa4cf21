"""The example: one for all, found again, and offered anew where there is none of use."""

from __future__ import annotations

from cifar7.network.arithmetic import analyse
from cifar7.network.problems import problems
from cifar7.runs import example, queue


def test_there_is_one_for_all_who_ask(tmp_path):
    for sides in (("dilated",), ("dilated",), ("dilated", "plain"), ("plain",)):
        example.start(tmp_path, sides)
    assert [run.spec() for run in queue.line(tmp_path)] == [*example.DESIGNS.values()]
    there = example.newest(tmp_path)
    assert {side: one.run.spec().name for side, one in there.items()} == {
        "dilated": "Example",
        "plain": "Example without dilation",
    }
    assert all(one.pending and one.of_use for one in there.values())


def test_one_that_came_to_nothing_is_started_anew(tmp_path):
    example.start(tmp_path, ["dilated"])
    first = example.newest(tmp_path)["dilated"].run
    first.request_stop()
    assert not example.newest(tmp_path)["dilated"].of_use
    example.start(tmp_path, ["dilated"])
    assert len(queue.line(tmp_path)) == 1


def test_a_design_that_somebody_calls_so_is_no_example(tmp_path):
    run = queue.enqueue(tmp_path, example.DESIGNS["dilated"], example.CONFIG, "shapes")
    assert example.side_of(run) is None
    assert example.newest(tmp_path) == {}


def test_the_pair_differs_in_the_dilation_alone_which_reaches_across_the_pairs():
    """Pointer and target stand more than 20 pixels apart: only one of the two can see both."""
    fields = {side: analyse(spec).receptive_field_before for side, spec in example.DESIGNS.items()}
    assert fields["plain"] <= 16 < 25 < fields["dilated"]
    assert analyse(example.DESIGNS["plain"]).parameters == analyse(example.DESIGNS["dilated"]).parameters
    assert not any(problems(spec) for spec in example.DESIGNS.values())
