"""Which networks no other one beats, by hand."""

from cifar7.results.front import RESNETS, front


def test_the_front_by_hand():
    points = [(100, 0.6), (50, 0.5), (200, 0.55), (100, 0.58), (300, 0.7), (40, 0.4), (400, 0.7)]
    # 200 has more parameters than 100 and is worse; 400 is no better than 300.
    assert [points[at] for at in front(points)] == [(40, 0.4), (50, 0.5), (100, 0.6), (300, 0.7)]


def test_of_equal_ones_the_first_stands_for_all():
    assert front([(10, 0.5), (10, 0.5)]) == [0]
    assert front([]) == []


def test_no_point_of_the_front_is_beaten_and_every_other_one_is():
    points = [((37 * i) % 101, ((53 * i) % 97) / 97) for i in range(60)]

    def is_beaten(at: int) -> bool:
        parameters, accuracy = points[at]
        return any(p <= parameters and a >= accuracy and (p, a) != points[at] for p, a in points)

    assert sorted(front(points)) == [at for at in range(60) if not is_beaten(at)]


def test_the_published_figures_are_those_of_the_table():
    """He et al. 2016, table 6: errors of 8.75 and 6.97 %."""
    assert [(one.name, one.parameters, round(100 * (1 - one.accuracy), 2)) for one in RESNETS] == [
        ("ResNet-20", 270_000, 8.75),
        ("ResNet-56", 850_000, 6.97),
    ]
