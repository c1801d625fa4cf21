"""Figures per class, matrices and their words: by hand on small ones, against scikit-learn on others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from judged import close, random_predictions, trained

from cifar7.results.figures import (
    difference,
    most_confused,
    normalised,
    per_class,
    sentences,
    similarity_order,
)
from cifar7.results.predictions import Predictions, PredictionsError

NAMES = ("cat", "dog", "frog")


def said(matrix: list[list[int]], names: tuple[str, ...] = NAMES) -> Predictions:
    """Predictions, certain of themselves, with this confusion matrix."""
    counts = np.array(matrix)
    true, predicted = (np.repeat(cells.ravel(), counts.ravel()) for cells in np.indices(counts.shape))
    return Predictions(np.eye(len(counts))[predicted], true, names)


def check_against_sklearn(p: Predictions) -> None:
    from sklearn import metrics  # a second to load, and not in every process of the tests

    labels = list(range(len(p.classes)))
    counts = metrics.confusion_matrix(p.labels, p.predicted, labels=labels)
    assert np.array_equal(p.confusion(), counts)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        p.labels, p.predicted, labels=labels, zero_division=np.nan
    )
    ours = per_class(p)
    assert [row.name for row in ours] == list(p.classes)
    close([row.precision for row in ours], precision)
    close([row.recall for row in ours], recall)
    close([row.f1 for row in ours], f1)
    assert [row.support for row in ours] == support.tolist()
    # scikit-learn puts 0 where there is nothing to divide by.
    for by, theirs in (("recall", "true"), ("precision", "pred")):
        share = metrics.confusion_matrix(p.labels, p.predicted, labels=labels, normalize=theirs)
        close(np.nan_to_num(normalised(p.confusion(), by)), share)
    assert p.accuracy == pytest.approx(metrics.accuracy_score(p.labels, p.predicted))


def check_against_itself(p: Predictions) -> None:
    """Rows are class sizes, the trace is the accuracy, and a gallery has what the matrix counts."""
    counts = p.confusion()
    assert counts.sum(axis=1).tolist() == np.bincount(p.labels, minlength=len(p.classes)).tolist()
    assert counts.trace() == round(p.accuracy * len(p))
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    every = [None, *range(len(p.classes))]
    for order in ("confidence", "unsure", "loss", "index"):
        for true in every:
            for predicted in every:
                rows = slice(None) if true is None else true
                columns = slice(None) if predicted is None else predicted
                assert len(p.mistakes(true, predicted, order)) == wrong[rows, columns].sum()
                assert len(p.indices(true, predicted, order=order)) == counts[rows, columns].sum()
    shown = sentences(p, limit=len(p.classes) ** 2)
    assert sum(row.count for row in shown) == wrong.sum()


@pytest.mark.parametrize("seed", range(8))
def test_random_predictions_agree_with_scikit_learn_and_with_themselves(seed: int) -> None:
    p = random_predictions(seed)
    check_against_sklearn(p)
    check_against_itself(p)


@pytest.mark.parametrize("run", [0, 1, 2])
def test_trained_runs_agree_with_scikit_learn_and_with_themselves(run: int) -> None:
    p = trained(run)
    assert 0.25 < p.accuracy < 1  # better than chance, and with mistakes to look at
    check_against_sklearn(p)
    check_against_itself(p)


def test_figures_by_hand() -> None:
    # Of 4 cats 3 are found, 1 is called dog; both dogs are found; nothing is a frog and nothing called so.
    cat, dog, frog = per_class(said([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    assert (cat.precision, cat.recall, cat.support) == (1, 3 / 4, 4)
    assert cat.f1 == pytest.approx(2 * 1 * 0.75 / 1.75)  # the harmonic mean
    assert (dog.precision, dog.recall, dog.support) == (2 / 3, 1, 2)
    assert np.isnan([frog.precision, frog.recall, frog.f1]).all()
    assert frog.support == 0


def test_a_class_that_is_never_recognised_has_an_f1_of_zero() -> None:
    cat, _, _ = per_class(said([[0, 2, 0], [0, 3, 0], [0, 0, 1]]))
    assert (cat.recall, cat.f1) == (0, 0)
    assert np.isnan(cat.precision)


def test_normalised_by_hand() -> None:
    counts = np.array([[3, 1], [0, 2]])
    assert normalised(counts, "counts").tolist() == [[3, 1], [0, 2]]
    assert normalised(counts, "recall").tolist() == [[3 / 4, 1 / 4], [0, 1]]
    assert normalised(counts, "precision").tolist() == [[1, 1 / 3], [0, 2 / 3]]
    empty = normalised(np.array([[0, 0], [1, 1]]), "recall")
    assert np.isnan(empty[0]).all()
    with pytest.raises(PredictionsError, match="counts, recall, precision"):
        normalised(counts, "column")  # type: ignore[arg-type]


def test_difference_is_what_the_second_has_more() -> None:
    before, after = said([[3, 1], [2, 2]], ("cat", "dog")), said([[4, 0], [1, 3]], ("cat", "dog"))
    assert difference(before, after).tolist() == [[1, -1], [-1, 1]]
    assert difference(before, after, "recall").tolist() == [[1 / 4, -1 / 4], [-1 / 4, 1 / 4]]
    close(difference(before, after, "precision"), [[4 / 5 - 3 / 5, 0 - 1 / 3], [1 / 5 - 2 / 5, 1 - 2 / 3]])
    assert not difference(after, after).any()


def test_difference_needs_the_same_pictures() -> None:
    one = said([[3, 1], [2, 2]], ("cat", "dog"))
    with pytest.raises(PredictionsError, match="different classes"):
        difference(one, said([[3, 1], [2, 2]], ("cat", "fox")))
    with pytest.raises(PredictionsError, match="different pictures"):
        difference(one, said([[2, 1], [3, 2]], ("cat", "dog")))
    with pytest.raises(PredictionsError, match="different pictures"):
        difference(one, said([[3, 1], [2, 3]], ("cat", "dog")))


def test_similar_classes_stand_side_by_side() -> None:
    # Two families, interleaved: 0, 2, 4 are confused among themselves, and so are 1, 3, 5.
    counts = np.array([[0 if (i - j) % 2 else 5 for j in range(6)] for i in range(6)])
    np.fill_diagonal(counts, 50)
    order = similarity_order(counts)
    assert sorted(order[:3]) == [0, 2, 4]
    assert sorted(order[3:]) == [1, 3, 5]


def test_a_chain_is_found_whatever_order_it_comes_in() -> None:
    # Each class is confused with its neighbours in the chain only.
    chain = [3, 0, 4, 1, 2]
    counts = np.eye(5, dtype=np.int64) * 90
    for a, b in pairwise(chain):
        counts[a, b] = counts[b, a] = 5
    assert similarity_order(counts) == [2, 1, 4, 0, 3]  # the chain, from its lower end


@pytest.mark.parametrize("seed", range(8))
def test_the_most_confused_pair_is_always_together(seed: int) -> None:
    p = random_predictions(seed)
    order = similarity_order(p.confusion())
    assert sorted(order) == list(range(len(p.classes)))
    shares = np.nan_to_num(normalised(p.confusion(), "recall"))
    alike = shares + shares.T
    np.fill_diagonal(alike, 0)
    if alike.any():
        a, b = divmod(int(alike.argmax()), len(order))
        assert abs(order.index(a) - order.index(b)) == 1


def test_without_confusion_the_order_is_the_classes_own() -> None:
    assert similarity_order(np.diag([3, 0, 5, 1])) == [0, 1, 2, 3]
    # Only 1 and 3 are confused: they stand where 1 stood.
    counts = np.diag([4, 4, 4, 4])
    counts[3, 1] = 1
    assert similarity_order(counts) == [0, 1, 3, 2]
    # 4-0-7 and 2-3 are: their groups stand where their lowest class stood.
    counts = np.diag([9] * 8)
    for a, b in ((4, 0), (0, 7), (2, 3)):
        counts[a, b] = counts[b, a] = 1
    assert similarity_order(counts) == [4, 0, 7, 1, 2, 3, 5, 6]


@pytest.mark.parametrize(
    ("wrong", "of", "words"),
    [
        (1, 5, "one cat in five is called dog"),
        (1, 2, "one cat in two is called dog"),
        (2, 3, "two cat pictures in three are called dog"),
        (9, 10, "nine cat pictures in ten are called dog"),
        (10, 10, "every cat is called dog"),
        (49, 50, "nearly every cat is called dog"),
        (187, 1000, "about one cat in five is called dog"),  # 0.187 is nearer to 1/5 than to 1/6, by 6.5 %
        (195, 1000, "one cat in five is called dog"),
        (1, 12, "one cat in twelve is called dog"),
        (1, 13, "one cat in 13 is called dog"),
        (1, 1000, "one cat in 1,000 is called dog"),
    ],
)
def test_words(wrong: int, of: int, words: str) -> None:
    (found,) = sentences(said([[of - wrong, wrong], [0, 1]], ("cat", "dog")))
    assert found.words == words
    assert (found.true, found.predicted, found.count) == (0, 1, wrong)
    assert found.share == pytest.approx(wrong / of)


def test_sentences_come_the_commonest_first_and_none_without_mistakes() -> None:
    p = said([[6, 1, 3], [0, 5, 0], [2, 0, 5]])
    assert [(c.true, c.predicted, c.count) for c in sentences(p)] == [(0, 2, 3), (2, 0, 2), (0, 1, 1)]
    assert len(sentences(p, limit=2)) == 2
    assert sentences(said([[6, 0], [0, 5]], ("cat", "dog"))) == ()


def test_the_most_confused_classes_are_those_of_the_largest_cells_off_the_diagonal():
    counts = np.diag([50] * 6)
    counts[4, 1], counts[2, 5], counts[5, 2], counts[0, 3] = 9, 7, 5, 1
    assert most_confused(counts, 2) == [1, 4]
    assert most_confused(counts, 4) == [1, 2, 4, 5]
    assert most_confused(counts, 5) == [1, 2, 4, 5], "half of a pair is no help"
    assert most_confused(counts, 20) == [0, 1, 2, 3, 4, 5]
    assert most_confused(np.diag([1, 1, 1]), 2) == [0, 1], "no mistakes: some of them"
