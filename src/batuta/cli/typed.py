"""Lines that somebody types, waited for so that Ctrl-C ends the waiting."""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
from typing import Final

LONGEST_BYTES: Final = 64 * 1024
"""Of a line; what is longer comes in pieces."""
LOOK_SECONDS: Final = 0.1
"""A thread that reads cannot be stopped, so ours only looks whether there is anything to read."""


class Typed:
    """The lines of a terminal, a pipe or a file."""

    def __init__(self, descriptor: int) -> None:
        """The descriptor is read from here alone."""
        self._descriptor = descriptor
        self._read = b""
        self._ended = False

    async def line(self, prompt: str = "") -> str | None:
        """The next one without its end, None after the last.

        Bytes that are no UTF-8 come as half surrogates, for whoever checks the text to refuse.
        """
        if prompt:
            sys.stdout.write(prompt)
            sys.stdout.flush()
        given_up = threading.Event()
        try:
            await asyncio.to_thread(self._fill, given_up)
        finally:
            given_up.set()
        if not self._read:
            return None
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="surrogateescape").removesuffix("\r")

    def _fill(self, given_up: threading.Event) -> None:
        """Read until there is a whole line, or the end."""
        while b"\n" not in self._read and len(self._read) < LONGEST_BYTES and not self._ended:
            while not select.select([self._descriptor], [], [], LOOK_SECONDS)[0]:
                if given_up.is_set():
                    return
            piece = os.read(self._descriptor, LONGEST_BYTES)
            self._read += piece
            self._ended = not piece
