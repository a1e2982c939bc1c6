"""Sound made in a thread of its own, a few blocks ahead of its use: FFmpeg's codecs free the interpreter."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Final

from batuta.media.audio import Block

BLOCKS: Final = 4
"""Blocks of half a second that may be waiting."""
_CHECKED_SECONDS: Final = 0.1


def ahead(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same blocks, and the same error; leaving early stops the thread before anything else goes on."""
    making = _Making(blocks)
    making.start()
    try:
        while (found := making.ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        making.left.set()
        making.join()


class _Making(threading.Thread):
    def __init__(self, blocks: Iterable[Block]) -> None:
        super().__init__(daemon=True)
        self.ready: queue.Queue[Block | BaseException | None] = queue.Queue(BLOCKS)
        """Blocks, and last the error or None."""
        self.left = threading.Event()
        self._blocks = blocks

    def run(self) -> None:
        """Make blocks until there are no more, or nobody takes them."""
        try:
            for block in self._blocks:
                if not self._given(block):
                    break
            self._given(None)
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            self._given(error)
        finally:
            if isinstance(self._blocks, Generator):  # whatever is ahead of that stops, too
                self._blocks.close()  # pyright: ignore[reportUnknownMemberType]  # its other types

    def _given(self, found: Block | BaseException | None) -> bool:
        """Whether somebody is there to take it."""
        while not self.left.is_set():
            try:
                self.ready.put(found, timeout=_CHECKED_SECONDS)
            except queue.Full:
                continue
            return True
        return False
