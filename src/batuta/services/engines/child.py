"""One worker process, seen from its parent: ask it, kill it, hear its last words."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Self, cast

import structlog

from batuta.errors import EngineCrashed, InvalidRequest
from batuta.services.engines import wire

log = structlog.get_logger(__name__)

_LAST_LINES: Final = 10
_LINE_CHARACTERS: Final = 500
"""Kept of a line of stderr; libraries print binary data when they are unwell."""
_LAST_WORDS_SECONDS: Final = 1.0
"""How long a dead child's stderr may take to end; somebody else might hold it open."""


class Child:
    """A worker process that does one task at a time and is alive until somebody kills it."""

    def __init__(self, target: str, process: Process) -> None:
        self._target = target
        self._process = process
        # All three were asked for, so none is None.
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._stderr = cast("asyncio.StreamReader", process.stderr)
        self._killed = False
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._drain = asyncio.create_task(self._read_stderr())

    @classmethod
    async def start(cls, target: str, *, niceness: int, environment: Mapping[str, str]) -> Self:
        """A new process in a session of its own, so that it and everything it starts can be killed as one."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "batuta.services.engines.worker", target, str(niceness)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=wire.MAX_LINE_BYTES,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        return cls(target, process)

    @property
    def alive(self) -> bool:
        """Whether it can still be asked, as far as anybody knows; the system knows before asyncio does."""
        if self._process.returncode is not None or self._stdout.at_eof():
            return False
        try:
            os.kill(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def ask(self, task: Mapping[str, object], on_progress: Callable[[float], None]) -> wire.Message:
        """Its `result` or `error`; raises `EngineCrashed` when it dies instead of answering."""
        try:
            line = wire.encode({"task": task})
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        with suppress(ConnectionError):  # then it is dead, and reading tells how
            self._stdin.write(line)
            await self._stdin.drain()
        while True:
            message = await self._next_message()
            if "progress" not in message:
                return message
            on_progress(message["progress"])

    def kill(self) -> None:
        """Kill it and everything it started, now, whatever it is doing."""
        if not self._killed:
            self._killed = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def gone(self) -> None:
        """Wait, after a `kill`, until nothing of it is left: no zombie, no pipe, no task."""
        await self._last_words()
        self._drain.cancel()
        await asyncio.gather(self._drain, return_exceptions=True)
        self._stdin.close()

    async def _next_message(self) -> wire.Message:
        try:
            return wire.decode(await self._stdout.readline())
        except ValueError:  # the pipe ended, the line is too long or no JSON: nothing after it can be trusted
            self.kill()
            code, words = await self._last_words()
            end = f"got {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            raise EngineCrashed(
                f"The worker process of {self._target} {end} during its task; it last said: {words}"
            ) from None

    async def _last_words(self) -> tuple[int, str]:
        """Its exit code, minus the signal when one ended it, and the end of its stderr."""
        code = await self._process.wait()
        await asyncio.wait({self._drain}, timeout=_LAST_WORDS_SECONDS)
        return code, "\n".join(self._last_lines) or "nothing"

    async def _read_stderr(self) -> None:
        """Keep the pipe empty, so that the child never waits for us, and remember the last lines."""
        rest = ""
        while block := await self._stderr.read(65536):
            *lines, rest = (rest + block.decode(errors="replace")).split("\n")
            rest = rest[:_LINE_CHARACTERS]
            for line in lines:
                self._hear(line)
        if rest:
            self._hear(rest)

    def _hear(self, line: str) -> None:
        line = line[:_LINE_CHARACTERS]
        self._last_lines.append(line)
        log.debug("engine_stderr", engine=self._target, pid=self._process.pid, line=line)
