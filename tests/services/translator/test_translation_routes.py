"""The routes that answer at once: `POST /translate`, `POST /translate/batch` and the recogniser's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from translators import served

from batuta.clients import RetryPolicy
from batuta.errors import ServiceUnavailable
from batuta.jobs.orders import OnProgress
from batuta.services.transcriber.orders import Transcribe
from batuta.services.transcriber.service import Transcriber
from batuta.services.transcriber.service import routes as transcriber_routes
from batuta.services.translator.apertium import Apertium
from batuta.services.translator.chat import Chat
from batuta.services.translator.service import Translator
from batuta.services.work import Made
from batuta.testing.servers import serving
from batuta.weights import Weights

pytestmark = pytest.mark.anyio


class Model:
    """A chat endpoint that puts everything in quotation marks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.instructions: list[str] = []
        self.broken = False

    async def complete(self, request: Request) -> Response:
        if self.broken:
            return Response(status_code=503)
        system, question = (await request.json())["messages"]
        named = json.loads(question["content"])
        self.asked += named.values()
        self.instructions.append(system["content"])
        content = json.dumps({number: f"«{text}»" for number, text in named.items()})
        return JSONResponse({"choices": [{"message": {"content": content}}]})


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def http(tmp_path: Path, model: Model) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(
        Starlette(routes=[Route("/chat/completions", model.complete, methods=["POST"])])
    ) as url:
        chat = Chat.at(url, "quoter", timeout=5, retry=RetryPolicy(max_retries=0))
        service = Translator(Weights(tmp_path / "models"), tmp_path / "models", chat)
        async with served(tmp_path / "data", service) as client:
            yield client


@pytest.fixture
async def rules(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The service without weights, with the Apertium of this machine."""
    async with served(tmp_path / "data", Translator(Weights(tmp_path / "m"), tmp_path / "m")) as client:
        yield client


def body(**changes: Any) -> dict[str, Any]:
    return {"text": "The door is open.", "source_lang": "en", "target_lang": "pt", **changes}


def batch(*items: object, **changes: Any) -> dict[str, Any]:
    return {"items": list(items), "source_lang": "en", "target_lang": "pt", **changes}


async def test_a_text_is_translated_once(http: httpx2.AsyncClient, model: Model) -> None:
    """The same again is a lookup, also by another name of the language."""
    for changes in ({}, {}, {"source_lang": "English", "target_lang": "pt-BR"}):
        answer = await http.post("/translate", json=body(**changes))
        assert (answer.status_code, answer.json()) == (200, {"translated_text": "«The door is open.»"})
    assert model.asked == ["The door is open."]


async def test_a_batch_comes_back_under_its_ids(http: httpx2.AsyncClient, model: Model) -> None:
    """Numbers, names, the same one twice: in the order of the items."""
    items = [("b", "One. Two."), (7, ""), ("", "Two"), ("b", "12"), (-1, "a\nb")]
    asked = batch(*({"id": number, "text": text} for number, text in items))
    for _ in range(2):
        answer = (await http.post("/translate/batch", json=asked)).json()
        assert [each["id"] for each in answer["translations"]] == ["b", 7, "", "b", -1]
        texts = [each["translated_text"] for each in answer["translations"]]
        assert texts == ["«One. Two.»", "", "«Two»", "12", "«a b»"]
        assert (answer["pivot"], answer["warnings"]) == (None, [])
    assert len(model.asked) == 3


async def test_a_language_model_is_told_how_long_it_may_be(http: httpx2.AsyncClient, model: Model) -> None:
    """Another length is another question."""
    for most in (40, 40, 20):
        assert (await http.post("/translate", json=body(max_chars=most))).status_code == 200
    assert [("40 characters" in each, "20 characters" in each) for each in model.instructions] == [
        (True, False),
        (False, True),
    ]


async def test_the_way_is_told(rules: httpx2.AsyncClient) -> None:
    """Rules, from Spanish to English and the like; the answer warns of them."""
    asked = batch({"id": 1, "text": "El gato duerme."}, source_lang="es", target_lang="pt")
    answer = (await rules.post("/translate/batch", json=asked)).json()
    assert answer["translations"] == [{"id": 1, "translated_text": "O gato dorme."}]
    assert answer["warnings"] == ["es → pt (with Apertium): by rules, word for word in places"]
    (job,) = (await rules.get("/jobs")).json()["jobs"]
    assert job["engine"] == "translator-1:apertium:es-pt"
    assert (await rules.get(f"/jobs/{job['id']}/text")).json() == {"text": "O gato dorme."}
    document = (await rules.get(f"/jobs/{job['id']}/download")).json()
    assert document["lines"] == job["lines"] == ["O gato dorme."]
    listed = (await rules.get("/languages")).json()["pairs"]
    assert {"from": "en", "to": "es", "pivot": "pt"} in listed


REFUSED: list[tuple[str, object, int, str]] = [
    ("/translate", body(source_lang="ja"), 422, "Japanese (ja) cannot be translated into Portuguese"),
    ("/translate", body(source_lang="auto"), 422, "does not say its language"),
    ("/translate", body(target_lang="auto"), 422, "name the language to translate into"),
    ("/translate", body(target_lang="klingon"), 422, "is no language"),
    ("/translate", body(text=5), 422, "text"),
    ("/translate", body(text="a" * 5001), 422, "at most 5000 characters"),
    ("/translate", body(more=1), 422, "more"),
    ("/translate", body(max_chars=0), 422, "max_chars"),
    ("/translate", {"text": "a"}, 422, "source_lang"),
    ("/translate", [], 422, "valid"),
    ("/translate/batch", batch(), 422, "at least 1 item"),
    ("/translate/batch", batch(*[{"id": 1, "text": ""}] * 2001), 422, "at most 2000 items"),
    ("/translate/batch", batch({"id": None, "text": ""}), 422, "id"),
    ("/translate/batch", batch({"id": 1.5, "text": ""}), 422, "id"),
    ("/translate/batch", batch({"id": 1}), 422, "text"),
    ("/translate/batch", batch(*[{"id": 1, "text": "é" * 5000}] * 120), 413, "1048576 bytes"),
]


async def test_what_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    """A problem that says what is wrong; no job was made."""
    service = Translator(Weights(tmp_path / "m"), tmp_path / "m", rules=Apertium(path=""))
    async with served(tmp_path / "data", service) as client:
        for path, asked, status, words in REFUSED:
            text = json.dumps(asked, ensure_ascii=False).encode()
            answer = await client.post(path, content=text, headers={"content-type": "application/json"})
            assert (answer.status_code, answer.headers["content-type"]) == (
                status,
                "application/problem+json",
            )
            assert words in answer.json()["detail"]
        assert (await client.get("/jobs")).json()["total"] == 0


async def test_what_is_no_json_is_refused(http: httpx2.AsyncClient) -> None:
    """Half characters, too many brackets, no UTF-8, no claim to be JSON."""
    half = json.dumps(body(text="\ud800")).encode()
    for text in (b"", b"{", half, b"[" * 100_000, b"\xff"):
        answer = await http.post("/translate", content=text, headers={"content-type": "application/json"})
        assert answer.status_code == 422, text[:20]
    plain = json.dumps(body()).encode()
    answer = await http.post("/translate", content=plain, headers={"content-type": "text/plain"})
    assert answer.status_code == 422


async def test_why_it_failed_is_told(http: httpx2.AsyncClient, model: Model) -> None:
    """The real cause with its own status; asked again, it is done."""
    model.broken = True
    answer = await http.post("/translate", json=body())
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    model.broken = False
    assert (await http.post("/translate", json=body())).status_code == 200


class Hearing(Transcriber):
    """Hears the bytes themselves; of `broken` nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Weights(folder), "tiny.en")
        self.orders: list[Transcribe] = []

    async def perform(
        self, order: Transcribe, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        self.orders.append(order)
        text = files["file"].read_text()
        if text == "broken":
            raise ServiceUnavailable("no model today")
        segment = {"id": 0, "start": 0.5, "end": 1.25, "text": text, "words": [], "avg_logprob": -0.1}
        document = {"full_text": text, "language_detected": "pt", "segments": [segment], "engine": "e"}
        (workspace / "out.json").write_text(json.dumps(document))
        return Made(workspace / "out.json", "application/json", "out.json", {"language_detected": "pt"})


async def test_what_is_said_in_an_upload_is_told(tmp_path: Path) -> None:
    """The seed's shape; the same file again is a lookup, and what was uploaded for nothing is not kept."""
    service = Hearing(tmp_path)
    kept = tmp_path / "data" / "artefacts"
    async with served(tmp_path / "data", service, transcriber_routes) as client:

        async def sent(said: bytes, **fields: str) -> httpx2.Response:
            return await client.post("/transcribe", data=fields, files={"file": ("a.wav", said, "audio/wav")})

        for _ in range(2):
            answer = await sent(b"bom dia", language="pt")
            assert answer.status_code == 200, answer.text
            segment = {"start": 0.5, "end": 1.25, "text": "bom dia"}
            assert answer.json() == {"segments": [segment], "language": "pt"}
        assert [(order.language_in, order.work) for order in service.orders] == [("pt", "audio-transcriber")]
        plain = Transcribe.model_validate(service.orders[0].model_dump())
        assert plain.key("worker") == service.orders[0].key("worker")
        failed = await sent(b"broken")
        assert (failed.status_code, failed.json()["message"]) == (503, "no model today")
        assert service.orders[-1].language_in == "auto"
        before = [path for path in kept.rglob("*") if path.is_file()]
        assert (await sent(b"x" * 2_000_001)).status_code == 413
        assert (await sent(b"refused", language="p" * 17)).status_code == 422
        assert (await client.post("/transcribe", data={"language": "pt"})).status_code == 422
        assert before
        assert [path for path in kept.rglob("*") if path.is_file()] == before
