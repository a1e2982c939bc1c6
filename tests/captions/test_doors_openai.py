"""OpenAI's door, asked by the official client."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator

import httpx2
import openai
import pytest
from captions_standing import Standing
from doors_stage import (
    LIMIT_SECONDS,
    SPOKEN,
    Orders,
    answered,
    openai_client,
    sent,
    services_with,
    settings_for,
)
from fastapi import Depends, FastAPI
from openai import AsyncOpenAI

from batuta.captions.doors import openai_router, waiting
from batuta.errors import (
    BatutaError,
    EngineCrashed,
    Forbidden,
    PayloadTooLarge,
    RemoteJobFailed,
    TooManyRequests,
    Unauthorized,
)
from batuta.media import read
from batuta.server import orchestrator_app
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio
TALK = ("talk.mp3", b"sound", "audio/mpeg")


@pytest.fixture(scope="module")
async def doors(all_orders: Orders, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Standing]:
    """Captions with its doors; a transcriber that does as it is told."""
    folder = tmp_path_factory.mktemp("doors")
    async with serving(services_with(all_orders)) as services:
        app = orchestrator_app("captions", settings_for(folder, services, max_upload_bytes=100_000))
        async with serving(app) as url:
            yield Standing(app, url)


@pytest.fixture
async def server(doors: Standing, orders: Orders) -> str:
    """Its base URL; nobody has asked it anything."""
    del orders
    await doors.forget()
    return doors.url


@pytest.fixture
async def client(server: str) -> AsyncGenerator[AsyncOpenAI]:
    """The official client of that server."""
    async with openai_client(server) as client:
        yield client


async def test_json_is_the_default_and_says_language_and_seconds(client: AsyncOpenAI) -> None:
    """The plainest call there is."""
    found = await client.audio.transcriptions.create(file=TALK, model="whisper-1")
    assert found.text == SPOKEN["full_text"]
    assert found.usage is not None
    assert found.usage.type == "duration"
    assert found.usage.seconds == 3.5
    assert [language.code for language in found.languages or ()] == ["en"]


async def test_text_is_the_text_and_a_line_end(client: AsyncOpenAI) -> None:
    """The client gives the body as it is."""
    found = await client.audio.transcriptions.create(file=TALK, model="whisper-1", response_format="text")
    assert found == "Hello there. General Kenobi!\n"


@pytest.mark.parametrize("form", ["srt", "vtt"])
async def test_subtitles_are_plain_text_that_reads_as_such(server: str, form: str) -> None:
    """The shaped cues, as a file of that kind."""
    async with openai_client(server) as client:
        raw = await client.audio.transcriptions.with_raw_response.create(
            file=TALK, model="whisper-1", response_format=form
        )
        text = raw.parse()
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert isinstance(text, str)
    subtitles = read(text, form)
    assert " ".join(cue.plain for cue in subtitles.cues) == SPOKEN["full_text"]


async def test_verbose_json_has_segments_with_whisper_s_fields(client: AsyncOpenAI) -> None:
    """Every field of the API is there, and what can be known is right."""
    found = await client.audio.transcriptions.create(
        file=TALK, model="whisper-1", response_format="verbose_json"
    )
    assert found.to_dict()["task"] == "transcribe"
    assert found.language == "english"
    assert found.duration == 3.5
    assert found.text == SPOKEN["full_text"]
    assert found.words is None
    first, second = found.segments or []
    assert set(first.to_dict()) == {
        "id",
        "seek",
        "start",
        "end",
        "text",
        "tokens",
        "temperature",
        "avg_logprob",
        "compression_ratio",
        "no_speech_prob",
    }
    assert (second.id, second.seek, second.start, second.end) == (1, 200, 2.0, 3.5)
    assert second.text == "General Kenobi!"
    assert first.avg_logprob == pytest.approx(math.log(0.5), abs=1e-4)
    assert second.avg_logprob == 0.0
    assert 0.3 < first.compression_ratio < 2.4


async def test_words_come_when_they_are_asked_for(client: AsyncOpenAI) -> None:
    """`word` alone leaves the segments away, as OpenAI does; both give both."""
    words = await client.audio.transcriptions.create(
        file=TALK, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert [word.word for word in words.words or ()] == ["Hello", "there.", "General", "Kenobi!"]
    assert ((words.words or [])[1].start, (words.words or [])[1].end) == (0.7, 1.4)
    assert words.segments is None
    both = await client.audio.transcriptions.create(
        file=TALK,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert len(both.words or ()) == 4
    assert len(both.segments or ()) == 2


async def test_a_stream_gives_the_text_in_pieces_and_then_whole(client: AsyncOpenAI) -> None:
    """The pieces make up the whole."""
    stream = await client.audio.transcriptions.create(file=TALK, model="gpt-4o-transcribe", stream=True)
    events = [event async for event in stream]
    assert [event.type for event in events] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert "".join(event.delta for event in events[:-1]) == SPOKEN["full_text"]
    assert events[-1].text == SPOKEN["full_text"]


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the SDK's word for `translations`
async def test_a_translation_asks_for_english(client: AsyncOpenAI, orders: Orders) -> None:
    """In every format; the language of the answer is English."""
    orders.document["language_detected"] = "de"
    plain = await client.audio.translations.create(file=TALK, model="whisper-1")
    assert plain.to_dict() == {"text": SPOKEN["full_text"]}
    verbose = await client.audio.translations.create(
        file=TALK, model="whisper-1", response_format="verbose_json"
    )
    assert verbose.language == "english"
    assert verbose.to_dict()["task"] == "translate"
    assert len(verbose.segments or ()) == 2
    srt = await client.audio.translations.create(file=TALK, model="whisper-1", response_format="srt")
    assert "Kenobi!" in str(srt)
    assert len(orders.bodies) == 1, "three formats of one translation are one piece of work"
    assert b'name="language_out"\r\n\r\nen' in orders.bodies[0]


async def test_what_is_asked_reaches_the_transcriber(client: AsyncOpenAI, orders: Orders) -> None:
    """The language as given or as the only one of several; a model of ours by any of its names."""
    await client.audio.transcriptions.create(file=TALK, model="Systran/faster-whisper-tiny.en", language="en")
    await client.audio.transcriptions.create(file=TALK, model="whisper-base", languages=["pt"])
    first, second = orders.bodies
    assert b'name="language_in"\r\n\r\nen' in first
    assert b'name="model"\r\n\r\ntiny.en' in first
    assert b'name="language_in"\r\n\r\npt' in second
    assert b'name="model"\r\n\r\nbase' in second


async def test_what_has_no_effect_is_accepted(client: AsyncOpenAI, orders: Orders) -> None:
    """Prompt, temperature and the like leave the answer, and so the job, the same."""
    await client.audio.transcriptions.create(file=TALK, model="whisper-1")
    found = await client.audio.transcriptions.create(
        file=TALK,
        model="gpt-4o-mini-transcribe-2025-12-15",
        prompt="Star Wars",
        temperature=0.4,
        keywords=["Kenobi"],
        chunking_strategy={"type": "server_vad", "threshold": 0.4},
        languages=["en", "pt"],
    )
    assert found.text == SPOKEN["full_text"]
    assert len(orders.bodies) == 1


REFUSED: list[tuple[dict[str, object], str, str | None]] = [
    ({"response_format": "diarized_json"}, "response_format", "unsupported_value"),
    ({"response_format": "docx"}, "response_format", "unsupported_value"),
    ({"timestamp_granularities": ["word"]}, "timestamp_granularities", None),
    (
        {"timestamp_granularities": ["letter"], "response_format": "verbose_json"},
        "timestamp_granularities",
        "invalid_value",
    ),
    ({"include": ["logprobs"]}, "include", "unsupported_value"),
    ({"known_speaker_names": ["agent"]}, "known_speaker_names", None),
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"language": "klingon"}, "language", "invalid_value"),
    ({"languages": ["en", "klingon"]}, "languages", "invalid_value"),
    ({"stream": True, "response_format": "srt"}, "stream", "unsupported_value"),
    ({"file": ("talk.mp3", b"")}, "file", None),
]


@pytest.mark.filterwarnings("ignore:Unexpected audio response format")
async def test_what_would_mean_something_else_is_a_bad_request(client: AsyncOpenAI, orders: Orders) -> None:
    """The SDK's BadRequestError, naming the field; no work is done."""
    for wishes, param, code in REFUSED:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.audio.transcriptions.create(**{"file": TALK, "model": "whisper-1", **wishes})
        assert (caught.value.param, caught.value.code) == (param, code), wishes
        assert caught.value.type == "invalid_request_error"
    assert not orders.bodies


async def test_a_model_nobody_knows_is_not_found(client: AsyncOpenAI) -> None:
    """404 `model_not_found`, with the names that are known."""
    with pytest.raises(openai.NotFoundError, match=r"whisper-tiny\.en") as caught:
        await client.audio.transcriptions.create(file=TALK, model="whisper-enormous")
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-4o")


async def test_models_are_listed_and_each_can_be_retrieved(client: AsyncOpenAI) -> None:
    """Ours and OpenAI's names; names of the hub can be looked up as well."""
    listed = [model.id async for model in client.models.list()]
    assert {"whisper-base", "whisper-tiny.en", "whisper-1", "gpt-4o-transcribe"} <= set(listed)
    assert len(listed) == len(set(listed))
    for name in [*listed, "base", "openai/whisper-base", "Systran/faster-whisper-tiny.en"]:
        assert (await client.models.retrieve(name)).id == name


async def test_a_form_without_file_or_model_says_so(server: str) -> None:
    """OpenAI's shape whatever is wrong with the form."""
    async with httpx2.AsyncClient(base_url=server, timeout=30) as plain:
        for sending, param in [
            ({"files": {"model": (None, "whisper-1")}}, "file"),
            ({"files": {"file": TALK}}, "model"),
            ({"json": {"model": "whisper-1"}}, None),
            ({"files": {"file": TALK}, "data": {"model": "whisper-1", "stream": "perhaps"}}, "stream"),
        ]:
            response = await plain.post("/v1/audio/transcriptions", **sending)
            assert response.status_code == 400, response.text
            assert set(response.json()["error"]) == {"message", "type", "param", "code"}
            assert response.json()["error"]["param"] == param


async def test_a_file_over_the_limit_is_413_in_openai_s_shape(server: str, client: AsyncOpenAI) -> None:
    """Declared or not, it is refused, and the message names the setting."""
    with pytest.raises(openai.APIStatusError, match="MAX_UPLOAD_BYTES") as caught:
        await client.audio.transcriptions.create(file=("big.wav", bytes(100_001)), model="whisper-1")
    assert caught.value.status_code == 413
    assert caught.value.code == "payload_too_large"
    answer = await answered(
        server,
        b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: {host}\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000000\r\n\r\n",
    )
    assert answer.status == 413, "refused before any of it is read"


async def test_a_failed_job_is_the_sdk_s_server_error_with_the_real_cause(
    client: AsyncOpenAI, orders: Orders
) -> None:
    """The service's own words arrive; in a stream they come as its error."""
    orders.error = "the model burned down"
    with pytest.raises(openai.InternalServerError, match="burned down") as caught:
        await client.audio.transcriptions.create(file=TALK, model="whisper-1")
    assert caught.value.type == "server_error"
    stream = await client.audio.transcriptions.create(file=TALK, model="whisper-1", stream=True)
    with pytest.raises(openai.APIError, match="burned down"):
        [event async for event in stream]


@pytest.mark.parametrize(
    ("error", "expected", "code", "calls"),
    [
        (Unauthorized("no key"), openai.AuthenticationError, "invalid_api_key", 1),
        (Forbidden("may only read"), openai.PermissionDeniedError, "forbidden", 1),
        (TooManyRequests("slower", 1), openai.RateLimitError, "rate_limit_exceeded", 2),
        (PayloadTooLarge("too much"), openai.APIStatusError, "payload_too_large", 1),
        (RemoteJobFailed("it failed"), openai.InternalServerError, "remote_job_failed", 1),
        (EngineCrashed("it died"), openai.InternalServerError, "engine_crashed", 2),
    ],
)
async def test_errors_of_dependencies_become_the_sdk_s_classes(
    error: BatutaError, expected: type[openai.APIStatusError], code: str, calls: int
) -> None:
    """Keys and limits are checked before the route; the SDK asks again only where that may help."""
    asked: list[int] = []

    async def refuse() -> None:
        asked.append(1)
        raise error

    app = FastAPI()
    app.include_router(openai_router, prefix="/captions", dependencies=[Depends(refuse)])
    async with serving(app) as url, openai_client(f"{url}/captions", max_retries=1) as client:
        with pytest.raises(expected, match=error.message) as caught:
            await client.models.list()
    assert caught.value.code == code
    assert len(asked) == calls
    if isinstance(error, Unauthorized):
        assert caught.value.response.headers["www-authenticate"] == "Bearer"
    if isinstance(error, TooManyRequests):
        assert caught.value.response.headers["retry-after"] == "1"


async def test_a_waiting_stream_shows_that_it_lives(
    server: str, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comments while the job is under way; the first says which job it is."""
    monkeypatch.setattr(waiting, "HEARTBEAT_SECONDS", 0.02)
    orders.released.clear()
    async with (
        asyncio.timeout(LIMIT_SECONDS),
        httpx2.AsyncClient(base_url=server, timeout=30) as plain,
        plain.stream(
            "POST",
            "/v1/audio/transcriptions",
            files={"file": TALK},
            data={"model": "whisper-1", "stream": "true"},
        ) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        assert await anext(lines) == f": job {response.headers['x-request-id']}"
        comments = 0
        async for line in lines:
            comments += line.startswith(":")
            if comments == 3:
                orders.released.set()
            if "transcript.text.done" in line:
                assert json.loads(line.removeprefix("data: "))["text"] == SPOKEN["full_text"]
                break
        else:
            pytest.fail("the stream ended without its end")


@pytest.mark.parametrize("stream", ["false", "true"])
async def test_a_dropped_connection_loses_nothing(
    server: str, orders: Orders, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    """The job goes on, and the same request attaches to it."""
    monkeypatch.setattr(waiting, "HEARTBEAT_SECONDS", 0.02)
    orders.released.clear()
    sending = {"files": {"file": TALK}, "data": {"model": "whisper-1", "stream": stream}}
    request = httpx2.Request("POST", f"{server}/v1/audio/transcriptions", **sending)
    head = (
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: {request.headers['content-type']}\r\n"
        f"Content-Length: {request.headers['content-length']}\r\n\r\n"
    )
    async with (
        asyncio.timeout(LIMIT_SECONDS),
        httpx2.AsyncClient(base_url=server, timeout=30) as plain,
    ):
        async with sent(server, head.encode() + request.read()):
            await orders.arrived.wait()
        again = asyncio.create_task(plain.post("/v1/audio/transcriptions", **sending))
        for _ in range(3):  # the second caller, too, waits: nothing was finished or cancelled by the first
            job = (await plain.get("/jobs")).json()["jobs"][0]
            assert job["status"] == "transcribing"
        orders.released.set()
        response = await again
        assert response.status_code == 200
        assert SPOKEN["full_text"] in response.text
        assert (await plain.get("/jobs")).json()["total"] == 1
    assert response.headers["x-request-id"] == job["job_id"]
    assert len(orders.bodies) == 1


async def test_nobody_waits_for_a_caller_who_left(
    server: str, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watching ends within a heartbeat, long before the job does."""
    monkeypatch.setattr(waiting, "HEARTBEAT_SECONDS", 0.02)
    orders.released.clear()
    left = asyncio.Event()
    whole = waiting.until_over

    async def watched(*arguments: object) -> AsyncGenerator[object]:
        try:
            async for sign in whole(*arguments):
                yield sign
        finally:
            left.set()

    monkeypatch.setattr(waiting, "until_over", watched)
    body = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsound\r\n--b--\r\n'
    )
    head = (
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        async with sent(server, head.encode() + body):
            await orders.arrived.wait()
            assert not left.is_set()
        await left.wait()
    orders.released.set()


async def test_the_api_document_says_what_has_no_effect(server: str) -> None:
    """Every field of the form is described."""
    async with httpx2.AsyncClient(base_url=server, timeout=30) as plain:
        document = (await plain.get("/openapi.json")).json()
    form = document["paths"]["/v1/audio/transcriptions"]["post"]["requestBody"]["content"]
    properties = form["multipart/form-data"]["schema"]["properties"]
    assert "without effect" in properties["prompt"]["description"]
    assert properties["file"]["format"] == "binary"
    assert properties["timestamp_granularities[]"]["type"] == "array"
