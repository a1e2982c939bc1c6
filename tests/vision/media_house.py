"""The media service as its callers meet it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from batuta.clients import AppTransport
from batuta.clients.multipart import BytesFile, Multipart
from batuta.services.vision.vision import Vision

TIMEOUTS = {"timeout": {"read": 60.0}}


@dataclass(frozen=True)
class Media:
    """The service, and ways to ask it."""

    vision: Vision
    app: FastAPI
    transport: AppTransport
    folder: Path

    async def send(self, path: str, *files: bytes, **fields: str) -> httpx2.Response:
        """Files in a form, with fields."""
        named = {"file": BytesFile("a", files[0])} if files else {}
        named |= {f"file{number}": BytesFile("a", file) for number, file in enumerate(files[1:])}
        form = Multipart(fields, named)
        body = b"".join([chunk async for chunk in form])
        return await self.ask("POST", path, body, form.content_type)

    async def say(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        """A body in JSON."""
        return await self.ask("POST", path, json.dumps(body).encode(), "application/json")

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> httpx2.Response:
        """Anything, and the whole answer."""
        headers = {"Content-Type": kind} if kind else {}
        request = httpx2.Request(
            method, f"http://media{path}", content=body, headers=headers, extensions=TIMEOUTS
        )
        response = await self.transport.handle_async_request(request)
        await response.aread()
        return response

    @property
    def left(self) -> list[str]:
        """What lies in the folders of uploads and of work."""
        return [each.name for each in self.folder.rglob("*") if each.name not in {"uploads", "work"}]
