"""The translator as a service: orders over the job protocol, with a model on loopback behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from speeches import document, spoken
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from translators import served

from batuta.captions.document import transcription_of
from batuta.clients import RetryPolicy
from batuta.media import Transcription
from batuta.services.translator.apertium import Apertium
from batuta.services.translator.chat import Chat
from batuta.services.translator.orders import Translated
from batuta.services.translator.service import Translator
from batuta.testing.servers import serving
from batuta.weights import Weights

pytestmark = pytest.mark.anyio


async def complete(request: Request) -> Response:
    named = json.loads((await request.json())["messages"][1]["content"])
    content = json.dumps({number: f"«{text}»" for number, text in named.items()})
    return JSONResponse({"choices": [{"message": {"content": content}}]})


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The service with a model that puts everything in quotation marks."""
    model = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    async with serving(model) as url:
        chat = Chat.at(f"{url}/v1", "quoter", timeout=5, retry=RetryPolicy(max_retries=0))
        service = Translator(Weights(tmp_path / "models"), tmp_path / "models", chat)
        async with served(tmp_path / "data", service) as client:
            yield client


@pytest.fixture
async def offline(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The service as it is without any setting, where no Apertium is installed."""
    service = Translator(Weights(tmp_path / "m"), tmp_path / "m", rules=Apertium(path=""))
    async with served(tmp_path / "data", service) as client:
        yield client


async def order(http: httpx2.AsyncClient, body: bytes, **fields: str) -> dict[str, Any]:
    """The job of an order, once it is over."""
    files = {"file": ("speech.json", body, "application/json")}
    accepted = await http.post("/jobs", data=fields, files=files)
    assert accepted.status_code == 202, accepted.text
    return (await http.get(f"/jobs/{accepted.json()['id']}?wait=20")).json()


async def made(http: httpx2.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    assert job["status"] == "completed", job
    return (await http.get(f"/jobs/{job['id']}/download")).json()


async def test_a_transcription_comes_back_in_the_other_language(http: httpx2.AsyncClient) -> None:
    """A document the captions read as they read the transcriber's, with the details beside the job."""
    speech = spoken("The door is open. 12. ~3 Come in!")
    job = await order(http, document(speech), language_out="pt-BR")
    found = await made(http, job)
    assert [segment["text"] for segment in found["segments"]] == ["«The door is open.»", "12.", "«Come in!»"]
    assert (found["language_detected"], found["translated_from"], found["pivot"]) == ("pt", "en", None)
    assert transcription_of(found).language == "pt"
    assert transcription_of(found).duration == speech.duration
    result = Translated.model_validate({**job, "file": job["artefact"]})
    assert (result.language_detected, result.translated_from, result.kept) == ("pt", "en", 0)
    assert (await http.get(f"/jobs/{job['id']}/text")).json()["text"] == found["full_text"]


async def test_the_same_language_is_no_work(http: httpx2.AsyncClient) -> None:
    """The very bytes that came in, and no language it was translated from."""
    body = document(spoken("The door is open."))
    for fields in ({"language_out": "en"}, {"language_in": "pt", "language_out": "pt-PT"}):
        job = await order(http, body, **fields)
        assert job["status"] == "completed"
        assert (await http.get(f"/jobs/{job['id']}/download")).content == body
        assert job["translated_from"] is None


async def test_silence_stays_silence(http: httpx2.AsyncClient) -> None:
    """Nothing was said, in no language: nothing to translate, and no error."""
    body = document(Transcription("", 0.0, 9.0, ()), language_detected=None)
    job = await order(http, body, language_out="pt")
    assert (await made(http, job))["segments"] == []


async def test_the_language_may_be_given(http: httpx2.AsyncClient) -> None:
    """Where the document says none or a wrong one, the order decides; without either it is an error."""
    body = document(spoken("Hola."), language_detected=None)
    assert (await order(http, body, language_in="es", language_out="en"))["translated_from"] == "es"
    refused = await order(http, body, language_out="en")
    assert (refused["status"], refused["error_code"]) == ("failed", "invalid_request")
    assert "give it in language_in" in refused["error_message"]


async def test_a_language_by_its_name_is_understood(http: httpx2.AsyncClient) -> None:
    """Other transcribers write `spanish` where ours writes `es`."""
    job = await order(http, document(spoken("Hola."), language_detected="spanish"), language_out="en")
    assert job["translated_from"] == "es"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[1]",
        b'{"segments": 5}',
        b'{"segments": [{"text": "x"}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_what_is_no_transcription_is_refused(http: httpx2.AsyncClient, body: bytes) -> None:
    """The job fails with a message that says what is wrong with the file."""
    job = await order(http, body, language_out="pt")
    assert (job["status"], job["error_code"]) == ("failed", "invalid_request")
    assert "the file is no transcription" in job["error_message"]


async def test_a_pair_without_a_model_fails_before_any_work(offline: httpx2.AsyncClient) -> None:
    """Japanese to Portuguese: the error names what is possible; no weights are pulled."""
    job = await order(offline, document(spoken("はい。", "ja")), language_out="pt")
    assert (job["status"], job["error_code"]) == ("failed", "invalid_request")
    assert "Possible: en → pt, pt → en." in job["error_message"]


async def test_an_order_without_a_language_is_refused(offline: httpx2.AsyncClient) -> None:
    """`language_out` has no default."""
    answer = await offline.post("/jobs", files={"file": ("a.json", b"{}", "application/json")})
    assert answer.status_code == 422
    assert "language_out" in answer.text


async def test_the_languages_are_listed(http: httpx2.AsyncClient, offline: httpx2.AsyncClient) -> None:
    """Pairs with a model; with a language model configured, that any pair will do."""
    plain, anything = (await offline.get("/languages")).json(), (await http.get("/languages")).json()
    pairs = [{"from": "en", "to": "pt", "pivot": None}, {"from": "pt", "to": "en", "pivot": None}]
    assert (plain["pairs"], plain["any_pair"], anything["any_pair"]) == (pairs, False, True)
    assert plain["languages"]["pt"] == "Portuguese"


async def test_the_version_says_who_translates(http: httpx2.AsyncClient, offline: httpx2.AsyncClient) -> None:
    """Results of one backend do not answer orders that another would do."""
    found = [(await client.get("/health")).json()["engine"] for client in (http, offline)]
    assert found[0] == "translator-1:chat:quoter@127.0.0.1"
    assert found[1].startswith("translator-1:bergamot:")
