"""The images of the training room's tests."""

from __future__ import annotations

import pytest
from toys import make_set


@pytest.fixture(scope="module")
def data():
    """Stripes that are hard to tell from the noise, so that runs that differ are seen to."""
    return make_set(noise=235)
