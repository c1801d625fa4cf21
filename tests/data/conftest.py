"""A data directory and something to put into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import two_classes, write_archive

from cifar7.data import shapes
from cifar7.data.imageset import RawSet


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A data directory that does not exist yet."""
    return tmp_path / "home" / "data"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "mine.zip", two_classes())


@pytest.fixture
def few_shapes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Shapes of 20 + 10 images; the list counts how often they are drawn."""
    drawn: list[int] = []
    generate = shapes.generate

    def fewer(**options: object) -> RawSet:
        drawn.append(1)
        return generate(train=20, test=10, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(shapes, "generate", fewer)
    return drawn
