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
        layout.see(name.rstrip("/"), name.endswith("/"))
    return layout


def settled(*names: str) -> Layout:
    layout = layout_of(*names)
    layout.settle()
    return layout


def test_an_image_has_its_place():
    layout = settled("train/", "train/a/", *GOOD, "test/train/1.JPeG", "train/train/1.png")
    assert layout.place("train") is None
    assert layout.place("train/a") is None
    assert layout.place("train/a/1.png") == Place("train", "a", "1.png")
    assert layout.place("test/train/1.JPeG") == Place("test", "train", "1.JPeG")


def test_below_a_top_folder():
    layout = settled(*(f"photos/{name}" for name in GOOD))
    assert layout.place("photos/train/a/1.png") == Place("train", "a", "1.png")
    assert layout.place("photos/test/a/1.png") == Place("test", "a", "1.png")


def test_classes_are_in_alphabetical_order():
    assert layout_of("test/b/1.png", *GOOD[:3], "train/b/2.png").settle() == ("a", "b")


def test_two_top_folders_are_told():
    with pytest.raises(DataError, match=r"in two places, below 'old/' and below 'new/': keep one"):
        settled("old/train/a/1.png", "new/test/a/1.png")


@pytest.mark.parametrize("name", ["train/1.png", "photos/test/1.png", "train/a/b/1.png"])
def test_an_image_at_a_wrong_depth_is_named(name):
    with pytest.raises(
        DataError, match=rf"'{name}' in x\.zip is not in a class folder of t\w+/: give train/<class>"
    ):
        settled(*(("photos/" if "photos" in name else "") + good for good in GOOD), name)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "x.zip has no images in train/"),
        (GOOD[2:], "x.zip has no images in train/"),
        (("test/",), "x.zip has no images in train/"),
        (("data.zip",), "no images in train/; it holds 'data.zip', to be unpacked first"),
        (("train/1.png", "test/2.png"), "has images in test/ and train/ but no class folders there"),
        (("a/1.png", "b/x.txt"), "x.zip has one class only, 'a'"),
        (("one/two/train/a/1.png",), "no images in train/; found 'one/two/train/a/1.png'"),
        (GOOD[:3], "x.zip has no images of 'b' in test/"),
        (GOOD[1:], "x.zip has no images of 'a' in train/"),
        ((*GOOD, "train/c/"), "x.zip has no images of 'c' in train/"),
        ((*GOOD, "test/c/", "train/c/readme.txt"), "x.zip has no images of 'c' in train/"),
        (("train/a/1.png", "test/a/1.png"), "x.zip has one class only, 'a'"),
    ],
)
def test_what_is_missing_is_named(names, message):
    with pytest.raises(DataError) as refused:
        layout_of(*names).settle()
    assert message in str(refused.value)


def test_many_missing_classes_are_counted():
    names = [f"train/{c}/1.png" for c in "abcdef"] + ["test/a/1.png"]
    with pytest.raises(DataError, match="no images of 'b', 'c', 'd' and 2 more in test/"):
        layout_of(*names).settle()


def test_what_is_no_image_is_passed_over_and_counted():
    layout = layout_of(
        *GOOD,
        "README.md",
        "train/a/Thumbs.db",
        "train/.DS_Store",
        "__MACOSX/train/a/._1.png",
        "train/a/.2.png",
    )
    assert layout.settle() == ("a", "b")
    assert layout.notes() == [
        "5 files that are not images were passed over: "
        "'README.md', 'train/a/Thumbs.db', 'train/.DS_Store' and 2 more."
    ]


def test_images_elsewhere_are_passed_over_and_counted():
    layout = settled(*GOOD, "cover.png", "more/a/1.png")
    assert layout.notes() == [
        "2 images outside train/ and test/ were passed over: 'cover.png', 'more/a/1.png'."
    ]


def test_nothing_passed_over_nothing_noted():
    assert settled(*GOOD, "train/").notes() == []


def test_val_is_left_out_by_name_beside_test():
    layout = settled(*GOOD, "val/a/1.png", "val/b/1.png")
    assert layout.place("val/a/1.png") is None
    assert layout.notes() == ["val/ (2 images) was left out, as the set has train/ and test/."]


# Other people's names.


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training", "testing"), ("Train", "Test"), ("train", "val"), ("TRAIN", "Valid"),
        ("training_set", "test_set"), ("train", "validation"), ("photos/Training", "photos/Test-Set"),
    ],
)  # fmt: skip
def test_the_usual_synonyms_are_understood_and_said(train, test):
    layout = settled(*(f"{part}/{name}/1.png" for part in (train, test) for name in "ab"))
    assert layout.place(f"{train}/a/1.png") == Place("train", "a", "1.png")
    assert layout.place(f"{test}/b/1.png") == Place("test", "b", "1.png")
    assert not layout.unsplit
    (note,) = layout.notes()
    assert f"{test.split('/')[-1]}/ as test/" in note


def test_of_two_names_for_the_same_the_exact_one_counts():
    layout = settled(*GOOD, "Training/a/1.png")
    assert layout.notes() == ["Training/ (1 image) was left out, as the set has train/ and test/."]
    with pytest.raises(DataError, match="has Train/ and training/, which both mean train/: keep one"):
        settled("Train/a/1.png", "training/a/1.png", "test/a/1.png")


# Sets that nobody has split.


@pytest.mark.parametrize("top", ["", "photos/", "test/"])
@pytest.mark.parametrize("litter", [(), ("cover.png", "a/deep/er/1.png")])
def test_class_folders_alone(top, litter):
    names = [f"{top}{name}/{i}.png" for name in ("a", "b") for i in range(2)]
    layout = layout_of(*names, *(top + name for name in litter))
    if top == "test/":
        with pytest.raises(DataError, match=r"no images in train/|or leave test/ out"):
            layout.settle()
        return
    assert layout.settle() == ("a", "b")
    assert layout.unsplit
    assert layout.place(f"{top}a/1.png") == Place("train", "a", "1.png")
    assert len(layout.notes()) == (1 if litter else 0)


def test_train_without_test():
    layout = settled("train/a/1.png", "train/b/1.png")
    assert layout.unsplit
    assert layout.place("train/b/1.png") == Place("train", "b", "1.png")


def test_a_class_may_be_called_as_a_part_is():
    layout = settled("bus/1.png", "train/1.png", "car/1.png")
    assert layout.place("train/1.png") == Place("train", "train", "1.png")


@pytest.mark.parametrize("top", ["", "kaggle/"])
def test_a_table_says_the_classes(top):
    layout = layout_of(f"{top}train/1.png", f"{top}train/2.png", f"{top}test/1.png", f"{top}trainLabels.csv")
    layout.see_table(f"{top}trainLabels.csv", b"id,label\r\n1,ant\r\n2,bee\r\n")
    assert layout.settle() == ("ant", "bee")
    assert layout.unsplit
    assert layout.place(f"{top}train/2.png") == Place("train", "bee", "2.png")
    assert layout.notes() == [
        f"The classes of the images in train/ are those that '{top}trainLabels.csv' gives.",
        f"1 image of no known class was passed over: '{top}test/1.png'.",
    ]


@pytest.mark.parametrize("table", [b"", b"\xff\xfe", b"a,b,c\n1,2,3\n", b'"', b"id,label\n7,ant\n", bytes(5)])
def test_a_table_of_something_else_says_nothing(table):
    layout = layout_of("train/1.png", "train/2.png", "sizes.csv")
    layout.see_table("sizes.csv", table)
    with pytest.raises(DataError, match=r"no class folders there, and no \.csv beside it"):
        layout.settle()
