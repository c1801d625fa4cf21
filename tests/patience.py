"""How long reading one text may take."""

from __future__ import annotations

import os

# CPU seconds: 2 on a core of one's own. A shared core counts more for the same work, and a test that
# fails only beside other work says nothing, so the limit of 2 is set by hand.
LONGEST = float(os.environ.get("CIFAR7_SECONDS", "8"))
