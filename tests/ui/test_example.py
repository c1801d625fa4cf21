"""The example: one for all, found again, and offered anew where there is none of use."""

from __future__ import annotations

from cifar7.network.arithmetic import analyse
from cifar7.network.problems import problems
from cifar7.runs import queue
from cifar7.ui.example import example


def test_there_is_one_for_all_who_ask(tmp_path):
    for sides in (("wide",), ("wide",), ("wide", "narrow"), ("narrow",)):
        example.start(tmp_path, sides)
    assert [run.spec() for run in queue.line(tmp_path)] == [*example.DESIGNS.values()]
    there = example.newest(tmp_path)
    assert {side: one.run.spec().name for side, one in there.items()} == {
        "wide": "Example",
        "narrow": "Example, short-sighted",
    }
    assert all(one.pending and one.of_use for one in there.values())


def test_one_that_came_to_nothing_is_started_anew(tmp_path):
    example.start(tmp_path, ["wide"])
    first = example.newest(tmp_path)["wide"].run
    first.request_stop()
    assert not example.newest(tmp_path)["wide"].of_use
    example.start(tmp_path, ["wide"])
    assert len(queue.line(tmp_path)) == 1


def test_a_design_that_somebody_calls_so_is_no_example(tmp_path):
    run = queue.enqueue(tmp_path, example.DESIGNS["wide"], example.CONFIG, "shapes")
    assert example.side_of(run) is None
    assert example.newest(tmp_path) == {}


def test_only_one_of_the_pair_can_see_both_things_of_a_scene():
    """Pointer and target stand more than 20 pixels apart."""
    fields = {side: analyse(spec).receptive_field_before for side, spec in example.DESIGNS.items()}
    # Two 3x3: 5. Pool: 6. Two 3x3 at jump 2: 14. Pool: 16. At jump 4 a dilated 3x3: 32, a 3x3: 40. Pool: 44.
    # A 3x3 at jump 8: 60. The other one has nothing but 1x1 behind the second pool.
    assert fields == {"wide": 60, "narrow": 16}
    assert not any(problems(spec) for spec in example.DESIGNS.values())
