"""Real servers for tests: on loopback, on a socket reserved before the server starts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn

START_SECONDS: Final = 20.0
TICK_SECONDS: Final = 0.005


class PromptServer(uvicorn.Server):
    """Ends when it is told to and its connections have ended, where uvicorn sleeps a tenth of a second each.

    Waits for what is under way, as uvicorn does; knows neither limits of requests nor signals.
    """

    async def main_loop(self) -> None:
        """Until somebody sets `should_exit`."""
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110  # uvicorn sets a flag, no event
            await asyncio.sleep(TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new connections, end those there are, then the app's lifespan."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(TICK_SECONDS)
        await self.lifespan.shutdown()


@asynccontextmanager
async def serving(app: Any) -> AsyncGenerator[str]:  # noqa: ANN401  # any ASGI app
    """Serve an ASGI app with its lifespan in this event loop; gives its base URL."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # without it asyncio leaves Nagle on: 40 ms
        listener.bind(("127.0.0.1", 0))
        server = PromptServer(uvicorn.Config(app, log_level="warning", lifespan="on"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(START_SECONDS):
                while not server.started:
                    if task.done():
                        raise RuntimeError("the server did not start; its log says why")
                    await asyncio.sleep(TICK_SECONDS)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
