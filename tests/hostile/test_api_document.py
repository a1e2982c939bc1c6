"""Every operation of every API document, asked with what fits its schema and with what does not.

schemathesis makes up the requests, always the same ones; no answer may be a server error, and each must be of
a status, a content type and a shape that the document names.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
import schemathesis.checks
import schemathesis.specs.openapi.checks as openapi_checks
from fastapi import FastAPI
from hostile_house import KEY
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from schemathesis import GenerationMode

from batuta.albums.sources import ITunes
from batuta.clients.pace import Rate
from batuta.server import batuta_app, standalone_service
from batuta.settings import Settings
from batuta.testing.servers import serving
from batuta.testing.stubs import instant_services

pytestmark = [
    pytest.mark.slow,
    # schemathesis draws from Python's own generator; the seed below fixes that as well
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
]

EXAMPLES = 5
"""Of each operation, fitting ones and others."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
LAST = "factory-reset"
PREFIX = "/captions"


@contextmanager
def in_a_thread(served: Callable[[], AbstractAsyncContextManager[str]]) -> Generator[str]:
    """The server in an event loop of its own, as hypothesis and schemathesis know none."""
    ready, found = threading.Event(), []

    async def serve() -> None:
        over = asyncio.Event()
        async with served() as url:
            found.extend([url, asyncio.get_running_loop(), over])
            ready.set()
            await over.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    assert found, "the server did not start; its log says why"
    url, loop, over = found
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


def takes_any_word(operation: Any) -> bool:
    """Whether nothing can be sent that does not fit the document: words in the path, or nothing at all."""
    shapes = [
        parameter.definition.get("schema", {})
        for parameter in operation.iter_parameters()
        if parameter.name != "last-event-id"  # a header is a word, too
    ]
    words = all(shape.keys() <= {"type", "title"} and shape.get("type") == "string" for shape in shapes)
    queried = any(parameter.location == "query" for parameter in operation.iter_parameters())
    return words and not queried and not operation.body


def asked_wrongly(url: str, job_id: str | None = None) -> dict[str, list[str]]:
    """What is wrong with the answers, by operation; every second job asked for is the one that there is."""
    headers = {"Authorization": f"Bearer {KEY}"}
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)
    operations = {
        operation.label: operation for operation in (found.ok() for found in schema.get_all_operations())
    }
    assert operations
    twice = {
        label for label in operations if label.replace(f" {PREFIX}/", " /") in operations.keys() - {label}
    }
    once = [operation for label, operation in operations.items() if label not in twice]
    wrong: dict[str, list[str]] = {}
    for operation in sorted(once, key=lambda operation: LAST in operation.path):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and takes_any_word(operation):
                continue  # a thousand attempts would find nothing that does not fit
            asked = 0

            @seed(2026)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                assume(case.path_parameters is None or all(case.path_parameters.values()))
                if job_id is not None and asked % 2 and case.method != "DELETE":
                    case.path_parameters = (
                        {**case.path_parameters, "job_id": job_id} if case.path_parameters else {}
                    )
                answer = case.call(headers=headers, timeout=20)
                unreachable = answer.status_code == 503 and "no source could say" in answer.text
                case.validate_response(answer, checks=CHECKS[1:] if unreachable else CHECKS)

            try:
                ask()
            except Exception as error:  # noqa: BLE001  # collected: one run shows all that is wrong
                wrong.setdefault(operation.label, []).append(str(error)[:1500])
            except BaseExceptionGroup as group:
                wrong.setdefault(operation.label, []).extend(str(error)[:1500] for error in group.exceptions)
    return wrong


def test_captions_answer_as_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the combined server: captions, both doors, administration, keys."""
    unhurried = partial(ITunes, rate=Rate.per_minute(6000))  # it is asked here, not at Apple's
    monkeypatch.setattr("batuta.albums.app.ITunes", unhurried)
    with in_a_thread(lambda: serving(instant_services())) as stubs:
        chosen = Settings(
            batuta_data=tmp_path,
            batuta_api_key=KEY,
            video_downloader_url=f"{stubs}/downloader",
            audio_normalization_url=f"{stubs}/normalizer",
            audio_transcriber_url=f"{stubs}/transcriber",
            itunes_url=f"{stubs}/itunes",
            transcript_youtube_origin=f"{stubs}/youtube",
            rate_limit_per_minute=0,
            rate_limit_submits_per_minute=0,
        )

        def app() -> FastAPI:
            return batuta_app(chosen)

        with in_a_thread(lambda: serving(app())) as url:
            with httpx2.Client(base_url=f"{url}/captions", headers={"X-API-Key": KEY}) as client:
                started = client.post("/pipeline", json={"youtube_url": "http://media.test/a"}).json()
                client.get(f"/jobs/{started['job_id']}/wait")
            assert asked_wrongly(url, started["job_id"]) == {}


@pytest.mark.parametrize("name", ["downloader", "normalizer", "transcriber", "translator"])
def test_a_service_answers_as_documented(tmp_path: Path, name: str) -> None:
    """Standing alone, with its own routes."""
    chosen = Settings(batuta_data=tmp_path, batuta_api_key=KEY)
    with in_a_thread(lambda: serving(standalone_service(name, chosen))) as url:
        assert asked_wrongly(url) == {}
