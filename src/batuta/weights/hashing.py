"""The SHA-256 of a file of any size, a few milliseconds of thread time at a step."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final, Protocol

from batuta.weights.threads import off_loop

_BLOCK: Final = 4 * 1024**2


class Digest(Protocol):
    """What `hashlib.sha256()` returns, as far as we need it."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""
        ...

    def hexdigest(self) -> str:
        """The hash of all bytes so far."""
        ...


async def feed(digest: Digest, path: Path) -> int:
    """Let `digest` take in the whole file; returns how many bytes that were."""
    with await off_loop(path.open, "rb") as file:
        total = 0
        while count := await off_loop(_step, digest, file):
            total += count
    return total


def _step(digest: Digest, file: BinaryIO) -> int:
    block = file.read(_BLOCK)
    digest.update(block)
    return len(block)
