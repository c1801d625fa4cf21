"""The card on the four submissions, worked out from the tables of what they are."""

import pytest

from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import Achieved, card
from cifar7.network.edits import set_unit
from cifar7.network.presets import preset
from cifar7.network.profiles import DEFAULT_PROFILE, PROFILES, ProfileError, profile, read_profile
from cifar7.network.spec import NetSpec, Stage, Unit

MEASURED = ("max_pools", "receptive_field", "separable", "dilated", "parameters")
SUBMISSIONS = {
    "shrimali": [(2, False), (48, True), (2, True), (1, True), (671_690, True)],
    "velasoka-simple": [(3, True), (44, False), (0, False), (0, False), (576_842, True)],
    "velasoka-dilated": [(3, True), (48, True), (0, False), (1, True), (413_002, True)],
    "velasoka-separable": [(3, True), (48, True), (1, True), (1, True), (348_106, True)],
}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_the_card_of_the_submissions(name):
    verdicts = {v.requirement.id: v for v in card(analyse(preset(name)), profile(DEFAULT_PROFILE))}
    assert len(verdicts) == 8
    for measure, (value, passed) in zip(MEASURED, SUBMISSIONS[name], strict=True):
        assert (verdicts[measure].measured, verdicts[measure].passed) == (value, passed)
        assert bool(verdicts[measure].advice) is not passed
    assert verdicts["global_average_pooling"].passed is True
    assert verdicts["accuracy"].passed is verdicts["gpu"].passed is None  # no run, no verdict


def test_simple_fails_by_exactly_nothing():
    verdicts = {
        v.requirement.id: v for v in card(analyse(preset("velasoka-simple")), profile(DEFAULT_PROFILE))
    }
    assert "exactly the limit" in verdicts["receptive_field"].advice
    assert verdicts["receptive_field"].words == "44 px (36 before pooling)"
    assert verdicts["receptive_field"].requirement.words == "> 44 px"


def test_starter_passes_all_that_needs_no_run():
    verdicts = card(analyse(preset("starter")), profile(DEFAULT_PROFILE))
    assert [v.requirement.id for v in verdicts if v.passed is None] == ["gpu", "accuracy"]
    assert all(v.passed in (True, None) for v in verdicts)


@pytest.mark.parametrize(("accuracy", "passed"), [(0.7999, False), (0.80, True), (0.81, True)])
def test_a_run_decides_accuracy_and_gpu(accuracy, passed):
    achieved = Achieved(accuracy, "test set read once", on_gpu=False, device="CPU, 2 cores")
    verdicts = {
        v.requirement.id: v for v in card(analyse(preset("starter")), profile(DEFAULT_PROFILE), achieved)
    }
    assert verdicts["accuracy"].passed is passed
    assert verdicts["gpu"].passed is False
    assert verdicts["gpu"].words == "CPU, 2 cores"


def small(*units: Unit):
    spec = NetSpec("test", stages=(Stage((Unit(8), *units)), Stage(), Stage(), Stage()))
    return {v.requirement.id: v.measured for v in card(analyse(spec), profile(DEFAULT_PROFILE))}


def test_what_counts_as_depthwise_separable_and_dilated():
    depthwise = Unit(8, kind="grouped", groups=8)
    assert small(depthwise, Unit(16, kernel=1))["separable"] == 1  # the same thing in two units
    assert small(depthwise)["separable"] == 0  # the 1x1 behind the pooling is the classifier
    assert small(depthwise, Unit(16))["separable"] == 0  # no pointwise after it
    assert small(Unit(16, kind="separable", kernel=1))["separable"] == 0  # kernel 1 sees one pixel
    assert small(Unit(8, kind="grouped", groups=4), Unit(16, kernel=1))["separable"] == 0
    assert small(Unit(16, kernel=1, dilation=2))["dilated"] == 0  # nothing to spread
    assert small(Unit(16, dilation=2))["dilated"] == 1


def test_profiles_differ_in_what_they_ask():
    starter = analyse(preset("starter"))
    later = {v.requirement.id: v for v in card(starter, profile("no-max-pool"))}
    assert later["max_pools"].passed is False
    strict = {v.requirement.id: v for v in card(starter, profile("strict"))}
    assert strict["receptive_field"].requirement.words == "> 52 px"
    strided = set_unit(preset("starter"), "C1", 1, Unit(16, stride=2))
    more = {v.requirement.id: v for v in card(analyse(strided), profile("strict"))}
    assert more["downsamplings"].measured == strict["downsamplings"].measured + 1


def test_a_teachers_own_profile():
    own = read_profile(
        {
            "name": "mine",
            "requirements": [{"id": "parameters", "is": "at most", "limit": 50_000, "title": "Small"}],
        }
    )
    (verdict,) = card(analyse(preset("velasoka-simple")), own)
    assert (verdict.requirement.title, verdict.requirement.words) == ("Small", "≤ 50,000")
    assert verdict.passed is False
    assert "separable" in verdict.advice


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "list"),
        ({"requirements": []}, "1 to 20"),
        ({"requirements": [{"id": "speed"}]}, "id is 'speed'; it takes gpu"),
        ({"requirements": [{"id": ["gpu"]}]}, "it takes gpu"),
        ({"requirements": [{"id": "gpu", "is": "like"}]}, "it takes above, at least"),
        ({"requirements": [{"id": "accuracy", "is": "at least", "limit": 80}]}, "0.8 for 80 %"),
        ({"requirements": [{"id": "gpu", "limit": "x"}]}, "takes a number"),
        ({"requirements": [{"id": "gpu", "limit": float("nan")}]}, "takes a number"),
        ({"requirements": [{"id": "gpu", "more": 1}]}, "requirement 1"),
        ({"colour": 1, "requirements": [{"id": "gpu"}]}, "no field 'colour'"),
    ],
)
def test_a_wrong_profile_is_named_with_its_cure(data, said):
    with pytest.raises(ProfileError, match=said):
        read_profile(data)


def test_an_unknown_profile_names_the_others():
    with pytest.raises(ProfileError, match=r"three-max-pools, no-max-pool, strict. Did you mean strict"):
        profile("stricter")
    assert all(len(p.requirements) == 8 for p in PROFILES.values())
