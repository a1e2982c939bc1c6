"""Sound made in a thread of its own, a few blocks ahead of its use: FFmpeg's codecs free the interpreter."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Final

from batuta.media.audio import Block

BLOCKS: Final = 4
"""Blocks of half a second that may be waiting."""
_CHECKED_SECONDS: Final = 0.1


def ahead(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same blocks, and the same error; leaving early stops the thread before anything else goes on."""
    ready: queue.Queue[Block | BaseException | None] = queue.Queue(BLOCKS)
    left = threading.Event()

    def give(found: Block | BaseException | None) -> None:
        while not left.is_set():
            try:
                ready.put(found, timeout=_CHECKED_SECONDS)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for block in blocks:
                give(block)
                if left.is_set():
                    return
            give(None)
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            give(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while (found := ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        left.set()
        thread.join()
