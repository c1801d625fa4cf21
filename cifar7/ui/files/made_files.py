"""Files made at a press, kept until the browser has come for them.

Streamlit forgets a file that it made at a press when two runs of any page have ended since. While curves tick
in thirty browsers that is a few hundredths of a second, sooner than the file is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from streamlit import runtime

KEPT = 32  # files, each of at most a few hundred kB; the next ones take their places
_presses = count()


def keeping(make: Callable[[], bytes], kind: str, name: str) -> Callable[[], bytes]:
    """`make`, whose file of this MIME type and name stays for the next KEPT presses on this server."""

    def make_and_keep() -> bytes:
        content = make()
        if runtime.exists():
            # Called outside the sessions: the file belongs to none of them and outlives their runs.
            place = f"made {next(_presses) % KEPT}"
            runtime.get_instance().media_file_mgr.add(content, kind, place, name, is_for_static_download=True)
        return content

    return make_and_keep
