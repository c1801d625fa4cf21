"""A stream in the form of .xz, unpacked in bounded memory.

`lzma.open` takes the memory that the file asks for, up to 4 GiB; LZMADecompressor alone knows a limit.
"""

import io
import lzma
from pathlib import Path
from typing import IO

from cifar7.data.imageset import DataError

MEMORY = 128 * 2**20  # bytes; `xz -9` asks for 65 MiB
BLOCK = 1 << 16  # packed bytes read at once


class _Unpacked(io.RawIOBase):
    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._stream = _stream()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill the buffer, at least in part; 0 at the end. EOFError where it was cut off."""
        while True:
            rest = b""
            if self._stream.eof:  # another one may follow, after zeros
                rest = self._stream.unused_data.lstrip(b"\0")
                while not rest and (block := self._packed.read(BLOCK)):
                    rest = block.lstrip(b"\0")
                if not rest:
                    return 0
                self._stream = _stream()
            elif self._stream.needs_input:
                rest = self._packed.read(BLOCK)
                if not rest:
                    raise EOFError("the compressed stream ends too early")
            try:
                content = self._stream.decompress(rest, len(buffer))
            except lzma.LZMAError as error:
                if "emory" not in str(error):
                    raise
                raise DataError(
                    f"{Path(self._packed.name).name} asks for more than {MEMORY >> 20} MiB of memory to be "
                    "unpacked: pack it again, with `xz -9` at most"
                ) from error
            if content:
                buffer[: len(content)] = content
                return len(content)


def _stream() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


def open_xz(packed: IO[bytes]) -> IO[bytes]:
    """The unpacked bytes, to be read forwards. LZMAError: damaged. DataError: asks for more than MEMORY."""
    return io.BufferedReader(_Unpacked(packed))
