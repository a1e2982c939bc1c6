"""Real servers for tests: on loopback, on a socket reserved before the server starts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn

START_SECONDS: Final = 20.0


@asynccontextmanager
async def serving(app: Any) -> AsyncGenerator[str]:  # noqa: ANN401  # any ASGI app
    """Serve an ASGI app with its lifespan in this event loop; gives its base URL."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # without it asyncio leaves Nagle on: 40 ms
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(START_SECONDS):
                while not server.started:
                    if task.done():
                        raise RuntimeError("the server did not start; its log says why")
                    await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
