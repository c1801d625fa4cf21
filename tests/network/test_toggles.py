"""The table of toggles: every row reads and sets what its control shows, wherever it stands."""

import subprocess
import sys
from dataclasses import replace

import pytest

from cifar7.network.controls.table import TOGGLES, toggles_at
from cifar7.network.controls.toggle import NETWORK, Level, Place
from cifar7.network.edits import set_unit
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec, Unit

GROUPING = ("kind", "groups")  # of a stage, they leave out a unit whose channels the groups do not divide


def places(spec: NetSpec) -> list[Place]:
    stages = (*STAGE_NAMES, OUTPUT)
    units = [Place(name, number + 1) for name in stages for number in range(len(spec.units(name)))]
    return [NETWORK, *map(Place, stages), *units]


def test_a_place_has_a_level_and_begins_a_sentence():
    assert [(place.level, place.prefix) for place in (NETWORK, Place("O"), Place("C1"), Place("O", 2))] == [
        (Level.NETWORK, ""),
        (Level.OUTPUT, "O: "),
        (Level.STAGE, "C1: "),
        (Level.UNIT, "O, unit 2: "),
    ]


@pytest.mark.parametrize("level", Level)
def test_names_are_unique_at_a_level(level):
    names = [toggle.name for toggle in TOGGLES if level in toggle.forms]
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_set_is_what_is_read(name):
    """Every option of every toggle where a page shows it; setting what is there changes nothing."""
    spec = preset(name)
    for place in places(spec):
        if place.level is Level.STAGE and not spec.units(place.stage):
            continue
        for toggle, form in toggles_at(place):
            if not form.visible(spec, place):
                continue
            value = form.read(spec, place)
            if value is not None and toggle.name not in GROUPING:
                assert form.apply(spec, place, value) == spec, (place, toggle.name)
            for option in form.values(spec, place):
                after = form.apply(spec, place, option)
                result = form.read(after, place)
                if place.level is Level.STAGE and toggle.name in GROUPING:
                    units = after.units(place.stage)
                    assert option in {getattr(unit, toggle.name) for unit in units if unit.spatial}
                else:
                    assert result == option, (place, toggle.name, option)


def test_a_unit_that_is_gone_changes_nothing():
    """A page may be older than the last click: the starter's C1 has two units."""
    spec = preset("starter")
    (kernel,) = [form for toggle, form in toggles_at(Place("C1", 3)) if toggle.name == "kernel"]
    assert kernel.apply(spec, Place("C1", 3), 5) is spec
    assert kernel.apply(spec, Place("C1", 2), 5) == set_unit(spec, "C1", 2, replace(Unit(32), kernel=5))


def test_an_option_that_does_not_fit_says_why():
    """The starter's C1 goes from 3 channels to 16."""
    (form,) = [form for toggle, form in toggles_at(Place("C1", 1)) if toggle.name == "residual"]
    assert form.obstacle(preset("starter"), Place("C1", 1), 0) is None
    assert "adds the 3 channels" in form.obstacle(preset("starter"), Place("C1", 1), 1).message


def test_trials_are_edits_of_the_place():
    """Twice and half the 64 channels of the starter's C2, and both can be built."""
    spec, place = preset("starter"), Place("C2")
    (form,) = [form for toggle, form in toggles_at(place) if toggle.name == "channels"]
    assert [form.trials.text(value) for value in form.trials.values(spec, place)] == [
        "32 channels",
        "128 channels",
    ]
    for value in form.trials.values(spec, place):
        after = form.apply(spec, place, value)
        assert after.units("C2")[-1].channels == value
        assert problems(after) == []


def test_the_table_loads_neither_torch_nor_streamlit():
    code = (
        "import sys, cifar7.network.controls.table; "
        "print(sorted({'torch', 'numpy', 'streamlit', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
