"""The text of a file, whatever it was written with."""

from __future__ import annotations

from pathlib import Path

from cifar7.imports.graph import UnreadableError
from cifar7.imports.reading import LARGEST


def read_text(path: Path) -> str:
    """The text of a file. Raises UnreadableError where it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read ({error.strerror})", "give a file.") from None
    if len(content) > LARGEST:
        raise UnreadableError(
            f"{path}: is larger than {LARGEST:,} bytes", "give the file with the network alone."
        )
    if b"\0" in content[:1000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"{path}: is no text", "give source, a notebook, a print-out or a table.")
    for encoding in ("utf-8-sig", "utf-16") if content[:1] in b"\xff\xfe" else ("utf-8-sig",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
