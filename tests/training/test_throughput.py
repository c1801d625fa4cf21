import pytest

from cifar7.training.throughput import Pace


def test_nothing_is_known_at_first():
    pace = Pace()
    assert (pace.images_per_second, pace.mean_images_per_second, pace.seconds_left(100, 100)) == (0, 0, 0)


def test_the_slow_first_measurement_counts_only_until_there_is_another():
    pace = Pace()
    pace.trained(100, 2.0)
    assert pace.images_per_second == 50
    pace.trained(300, 1.0)
    assert pace.images_per_second == 300
    assert pace.mean_images_per_second == pytest.approx(400 / 3)  # the whole run: all of it counts


def test_recent_speed_outweighs_old_speed():
    pace = Pace()
    pace.trained(1, 1.0)
    for _ in range(100):
        pace.trained(100, 1.0)
    for _ in range(30):  # three memories of 10 s: the old speed has e^-3 = 5 % of the say
        pace.trained(200, 1.0)
    assert pace.images_per_second == pytest.approx(195, abs=0.5)


def test_time_left_has_training_and_evaluation():
    pace = Pace()
    pace.trained(1, 1.0)
    pace.trained(500, 1.0)
    # 2,000 images at 500/s, and 1,500 to evaluate at three times that until it was measured: 4 + 1 s.
    assert pace.seconds_left(2000, 1500) == pytest.approx(5)
    pace.evaluated(1000, 4.0)
    assert pace.seconds_left(2000, 1000) == pytest.approx(4 + 4)
    assert pace.seconds_left(0, 0) == 0
