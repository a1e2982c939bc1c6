"""Transcripts over HTTP as a test asks for them: a server, a client, and what a problem looks like."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import FastAPI

from batuta.testing.servers import serving
from batuta.transcripts.kept import Kept

JSON = "application/json"
PROBLEM = {"type", "title", "status", "detail", "error", "code", "message", "retryable"}

Short = list[Kept]
"""What went the short way."""


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an answer that must be this problem (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) >= PROBLEM
    assert (body["status"], body["code"], body["detail"]) == (status, code, body["message"])
    return body
