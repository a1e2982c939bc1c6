"""A captions server to be treated badly, and what it must be like afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

KEY = "the-key-of-the-operator"
SECONDS = 20.0
MAX_UPLOAD_BYTES = 2_000_000


@dataclass(frozen=True)
class House:
    """A running server, asked with the operator's key."""

    client: httpx2.AsyncClient
    url: str
    folder: Path

    async def total(self) -> int:
        """How many jobs there are."""
        return (await self.client.get("/jobs", params={"limit": 1})).json()["total"]

    def files(self) -> set[Path]:
        """Every file that is kept, or on the way there."""
        return {path for path in (self.folder / "artefacts").rglob("*") if path.is_file()}

    async def settled(self) -> None:
        """Wait for the end of the jobs that tests before this one have begun: their files come any moment."""
        listed = (await self.client.get("/jobs", params={"limit": 500})).json()["jobs"]
        for job in listed:
            if job["status"] not in {"completed", "failed", "cancelled"}:
                await self.client.get(f"/jobs/{job['job_id']}/wait", params={"timeout": 20})

    async def assert_well(self) -> None:
        """It answers, and nothing is half there."""
        assert (await self.client.get("/health")).status_code == 200
        async with asyncio.timeout(20):  # what a test before this one broke off may still be going
            while list((self.folder / "artefacts" / "incoming").glob("*")):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def nothing_happens(self) -> AsyncGenerator[None]:
        """Neither a job nor a file comes of what is done meanwhile."""
        await self.settled()
        total, files = await self.total(), set(self.files())
        yield
        assert await self.total() == total
        async with asyncio.timeout(20):  # what a broken-off upload has left goes when its request has ended
            while set(self.files()) - files:  # noqa: ASYNC110  # the file system tells nobody
                await asyncio.sleep(0.02)
        await self.assert_well()

    async def raw(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body of what is answered to these bytes; 0 where the connection is closed."""
        reader, writer = await self.connected()
        try:
            writer.write(request)
            return await answered(reader)
        finally:
            writer.close()

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A plain connection."""
        address = urlsplit(self.url)
        return await asyncio.open_connection(address.hostname, address.port)

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """The head of a request with the key; what is no ASCII goes as it is."""
        host = urlsplit(self.url).netloc
        lines = (f"{method} {path} HTTP/1.1", f"Host: {host}", f"X-API-Key: {KEY}", *headers)
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


@asynccontextmanager
async def open_house(folder: Path, **settings: Any) -> AsyncGenerator[House]:
    """A house in the folder, without limits on how often it may be asked."""
    unlimited = {"rate_limit_per_minute": 0, "rate_limit_submits_per_minute": 0}
    chosen = Settings(batuta_data=folder, batuta_api_key=KEY, **{**unlimited, **settings})
    async with (
        serving(orchestrator_app("captions", chosen)) as url,
        httpx2.AsyncClient(base_url=url, timeout=SECONDS, headers={"X-API-Key": KEY}) as client,
    ):
        yield House(client, url, folder)


def refusal(response: httpx2.Response, status: int, *says: str) -> str:
    """The detail of a problem that has the status and names what is wrong; a client's fault, not ours."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"] == problem["message"]
    assert len(problem["detail"]) < 1500
    assert "Traceback" not in response.text
    for words in says:
        assert words in problem["detail"], problem["detail"]
    return problem["detail"]


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body of the next answer; 0 where the connection is closed without one."""
    async with asyncio.timeout(SECONDS):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""
        length = next(
            (int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")),
            0,
        )
        return int(head.split(b" ", 2)[1]), await reader.readexactly(length)
