"""Predictions: every expected number is counted by hand from the six pictures below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cifar7.results.predictions import Predictions, PredictionsError

#               cat   dog  frog     true   predicted
PROBABILITIES = [
    [0.70, 0.20, 0.10],  # cat    cat
    [0.10, 0.80, 0.10],  # cat    dog   wrong, 0.80
    [0.30, 0.60, 0.10],  # cat    dog   wrong, 0.60
    [0.25, 0.50, 0.25],  # dog    dog
    [0.05, 0.05, 0.90],  # dog    frog  wrong, 0.90
    [0.10, 0.30, 0.60],  # frog   frog
]
LABELS = [0, 0, 0, 1, 1, 2]
CAT, DOG, FROG = 0, 1, 2


def predictions() -> Predictions:
    return Predictions(
        np.array(PROBABILITIES, dtype=np.float32), np.array(LABELS), classes=("cat", "dog", "frog")
    )


def test_counts_and_shares() -> None:
    p = predictions()
    assert p.predicted.tolist() == [0, 1, 1, 1, 2, 2]
    assert p.correct.tolist() == [True, False, False, True, False, True]
    assert p.accuracy == pytest.approx(3 / 6)
    assert p.confusion().tolist() == [[1, 2, 0], [0, 1, 1], [0, 0, 1]]  # rows: true
    assert p.class_accuracy().tolist() == pytest.approx([1 / 3, 1 / 2, 1])


def test_mistakes_come_the_most_confident_first_and_can_be_filtered() -> None:
    p = predictions()
    assert p.mistakes() == [4, 1, 2]
    assert p.mistakes(order="unsure") == [2, 1, 4]
    assert p.mistakes(order="index") == [1, 2, 4]
    # The true classes got 0.70, 0.10, 0.30, 0.50, 0.05 and 0.60.
    assert p.indices(order="loss") == [4, 1, 2, 3, 5, 0]
    assert p.mistakes(true=CAT) == [1, 2]
    assert p.mistakes(true=CAT, predicted=DOG) == [1, 2]
    assert p.mistakes(predicted=FROG) == [4]
    assert p.mistakes(true=FROG) == []
    assert p.indices(true=DOG, predicted=DOG) == [3]
    assert p.mistakes(true=DOG, predicted=DOG) == []


def test_every_cell_of_the_matrix_has_as_many_pictures_as_it_says() -> None:
    dice = np.random.default_rng(3)
    scores = dice.random((500, 5)).astype(np.float32)
    p = Predictions(scores / scores.sum(1, keepdims=True), dice.integers(0, 5, 500), tuple("abcde"))
    matrix = p.confusion()
    for true in range(5):
        for predicted in range(5):
            assert len(p.indices(true, predicted)) == matrix[true, predicted]
    assert len(p.mistakes()) == matrix.sum() - matrix.trace() == 500 - round(500 * p.accuracy)


def test_confused_pairs() -> None:
    # Two of three cats are called dog, one of two dogs frog; nothing else, however long the list may be.
    assert predictions().confused_pairs(9) == [
        (CAT, DOG, 2, pytest.approx(2 / 3)),
        (DOG, FROG, 1, pytest.approx(1 / 2)),
    ]


def test_a_class_without_pictures_has_no_accuracy() -> None:
    p = Predictions(np.array([[0.9, 0.1]]), np.array([0]), ("here", "absent"))
    assert p.class_accuracy()[0] == 1
    assert np.isnan(p.class_accuracy()[1])
    empty = Predictions(np.zeros((0, 2)), np.zeros(0), ("here", "absent"))
    assert np.isnan(empty.accuracy)
    assert empty.mistakes() == []
    assert empty.confusion().tolist() == [[0, 0], [0, 0]]


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    predictions().save(tmp_path / "predictions.npz")
    loaded = Predictions.load(tmp_path / "predictions.npz")
    assert loaded.classes == ("cat", "dog", "frog")
    assert np.array_equal(loaded.probabilities, predictions().probabilities)
    assert np.array_equal(loaded.labels, predictions().labels)
    assert [p.name for p in tmp_path.iterdir()] == ["predictions.npz"]


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "predictions.npz").write_bytes(content)
    with pytest.raises(PredictionsError, match=r"predictions\.npz is not a file of predictions"):
        Predictions.load(tmp_path / "predictions.npz")


def test_a_missing_file_and_a_pickle_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="no predictions"):
        Predictions.load(tmp_path / "predictions.npz")
    np.savez(
        tmp_path / "evil.npz", probabilities=np.array([{"a": 1}], dtype=object), labels=[0], classes=["a"]
    )
    with pytest.raises(PredictionsError):
        Predictions.load(tmp_path / "evil.npz")


@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [
        ((2, 4), [0, 1], "shape"),
        ((2, 3), [0], "one each"),
        ((2, 3), [0, 3], "0 to 2"),
        ((2, 3), [-1, 0], "0 to 2"),
    ],
)
def test_parts_that_do_not_fit_are_refused(shape: tuple[int, int], labels: list[int], message: str) -> None:
    with pytest.raises(PredictionsError, match=message):
        Predictions(np.zeros(shape), np.array(labels), ("a", "b", "c"))


def test_a_class_or_an_order_that_is_not_there_is_refused() -> None:
    with pytest.raises(PredictionsError, match="0 to 2"):
        predictions().mistakes(true=3)
    with pytest.raises(PredictionsError, match="confidence, unsure, loss, index"):
        predictions().mistakes(order="size")  # type: ignore[arg-type]
