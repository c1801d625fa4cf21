import pytest

from cifar7.training.throughput import Throughput


def test_nothing_is_known_at_first():
    throughput = Throughput()
    assert (
        throughput.images_per_second,
        throughput.mean_images_per_second,
        throughput.seconds_left(100, 100),
    ) == (0, 0, 0)


def test_the_slow_first_measurement_counts_only_until_there_is_another():
    throughput = Throughput()
    throughput.add_training(100, 2.0)
    assert throughput.images_per_second == 50
    throughput.add_training(300, 1.0)
    assert throughput.images_per_second == 300
    assert throughput.mean_images_per_second == pytest.approx(400 / 3)  # the whole run: all of it counts


def test_recent_speed_outweighs_old_speed():
    throughput = Throughput()
    throughput.add_training(1, 1.0)
    for _ in range(100):
        throughput.add_training(100, 1.0)
    for _ in range(30):  # three memories of 10 s: the old speed has e^-3 = 5 % of the say
        throughput.add_training(200, 1.0)
    assert throughput.images_per_second == pytest.approx(195, abs=0.5)


def test_time_left_has_training_and_evaluation():
    throughput = Throughput()
    throughput.add_training(1, 1.0)
    throughput.add_training(500, 1.0)
    # 2,000 images at 500/s, and 1,500 to evaluate at three times that until it was measured: 4 + 1 s.
    assert throughput.seconds_left(2000, 1500) == pytest.approx(5)
    throughput.add_evaluation(1000, 4.0)
    assert throughput.seconds_left(2000, 1000) == pytest.approx(4 + 4)
    assert throughput.seconds_left(0, 0) == 0
