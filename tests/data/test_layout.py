"""`train/<class>/<file>` and `test/<class>/<file>`, and the message where it is otherwise."""

from __future__ import annotations

import pytest

from cifar7.data.imageset import DataError
from cifar7.data.layout import Layout, Place

GOOD = ("train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/1.png")


def layout_of(*names: str) -> Layout:
    """A layout of these names; one that ends in a slash is a folder."""
    layout = Layout("x.zip")
    for name in names:
        layout.place(name.rstrip("/"), name.endswith("/"))
    return layout


def test_an_image_has_its_place():
    layout = Layout("x.zip")
    assert layout.place("train", True) is None
    assert layout.place("train/a", True) is None
    assert layout.place("train/a/1.png", False) == Place("train", "a", "1.png")
    assert layout.place("test/train/1.JPeG", False) == Place("test", "train", "1.JPeG")


def test_below_a_top_folder():
    layout = Layout("x.zip")
    assert layout.place("photos/train/a/1.png", False) == Place("train", "a", "1.png")
    assert layout.place("photos/test/a/1.png", False) == Place("test", "a", "1.png")


def test_classes_are_in_alphabetical_order():
    assert layout_of("test/b/1.png", *GOOD[:3], "train/b/2.png").classes() == ("a", "b")


def test_two_top_folders_are_told():
    with pytest.raises(
        DataError, match=r"in two places, below 'old/' and below 'new/' \('new/test/a/1.png'\)"
    ):
        layout_of("old/train/a/1.png", "new/test/a/1.png")


@pytest.mark.parametrize("name", ["train/1.png", "photos/test/1.png", "train/a/b/1.png"])
def test_an_image_at_a_wrong_depth_is_named(name):
    with pytest.raises(
        DataError, match=rf"'{name}' in x\.zip is not in a class folder of t\w+/: give train/<class>"
    ):
        layout_of(*(("photos/" if "photos" in name else "") + good for good in GOOD), name)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "x.zip has no images in train/"),
        (GOOD[:2], "x.zip has no images in test/"),
        (GOOD[2:], "x.zip has no images in train/"),
        (("a/1.png", "b/1.png"), "x.zip has no images in train/"),
        (("one/two/train/a/1.png",), "x.zip has no images in train/"),
        (GOOD[:3], "x.zip has no images of 'b' in test/"),
        (GOOD[1:], "x.zip has no images of 'a' in train/"),
        ((*GOOD, "train/c/"), "x.zip has no images of 'c' in train/"),
        ((*GOOD, "test/c/", "train/c/readme.txt"), "x.zip has no images of 'c' in train/"),
        (("train/a/1.png", "test/a/1.png"), "x.zip has one class only, 'a'"),
    ],
)
def test_what_is_missing_is_named(names, message):
    with pytest.raises(DataError) as refused:
        layout_of(*names).classes()
    assert message in str(refused.value)


def test_many_missing_classes_are_counted():
    names = [f"train/{c}/1.png" for c in "abcdef"] + ["test/a/1.png"]
    with pytest.raises(DataError, match="no images of 'b', 'c', 'd' and 2 more in test/"):
        layout_of(*names).classes()


def test_what_is_no_image_is_passed_over_and_counted():
    layout = layout_of(
        *GOOD,
        "README.md",
        "train/a/Thumbs.db",
        "train/.DS_Store",
        "__MACOSX/train/a/._1.png",
        "train/a/.2.png",
    )
    assert layout.classes() == ("a", "b")
    assert layout.notes() == [
        "5 files that are not images were passed over: "
        "'README.md', 'train/a/Thumbs.db', 'train/.DS_Store' and 2 more."
    ]


def test_images_elsewhere_are_passed_over_and_counted():
    layout = layout_of(*GOOD, "cover.png", "val/a/1.png")
    assert layout.notes() == [
        "2 images outside train/ and test/ were passed over: 'cover.png', 'val/a/1.png'."
    ]


def test_nothing_passed_over_nothing_noted():
    assert layout_of(*GOOD, "train/").notes() == []
