"""One flag in a finished MP4 that FFmpeg sets whatever it is told: that the first subtitles are to be shown.

ISO/IEC 14496-12: a file is boxes within boxes (4.2), of which `moov/trak/tkhd` says whether a track is
enabled (8.3.2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_HEAD: Final = 8
_LONG_HEAD: Final = 16
_ENABLED: Final = 1
_TEXT_HANDLERS: Final = (b"sbtl", b"text", b"subt")
_HANDLER_OFFSET: Final = 8
"""Of a handler's kind in the content of `hdlr` (8.4.3): after version, flags and a reserved word."""


def leave_subtitles_off(path: Path) -> None:
    """Have players show subtitles to those only who ask for them."""
    with path.open("r+b") as file:
        for movie in _boxes(file, 0, path.stat().st_size, b"moov"):
            for track in _boxes(file, *movie, b"trak"):
                if _kind(file, track) in _TEXT_HANDLERS:
                    _disable(file, track)


def _kind(file: BinaryIO, track: tuple[int, int]) -> bytes:
    """What the track is: `vide`, `soun`, `sbtl`."""
    for media in _boxes(file, *track, b"mdia"):
        for start, _ in _boxes(file, *media, b"hdlr"):
            file.seek(start + _HANDLER_OFFSET)
            return file.read(4)
    return b""


def _disable(file: BinaryIO, track: tuple[int, int]) -> None:
    for start, _ in _boxes(file, *track, b"tkhd"):
        file.seek(start)
        (version_and_flags,) = struct.unpack(">I", file.read(4))
        file.seek(start)
        file.write(struct.pack(">I", version_and_flags & ~_ENABLED))


def _boxes(file: BinaryIO, start: int, end: int, kind: bytes) -> Iterator[tuple[int, int]]:
    """From where to where the contents of the boxes of this kind go, of those between `start` and `end`."""
    while start + _HEAD <= end:
        file.seek(start)
        size, found = struct.unpack(">I4s", file.read(_HEAD))
        head = _HEAD
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = _LONG_HEAD
        if size < head:
            return
        if found == kind:
            yield start + head, start + size
        start += size
