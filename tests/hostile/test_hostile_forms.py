"""Uploads and connections that nobody means well: refused, and nothing of them stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hostile_house import MAX_UPLOAD_BYTES, House, answered, refusal

from batuta.access import bodies

pytestmark = pytest.mark.anyio

KIND = "multipart/form-data; boundary=limes"
END = b"--limes--\r\n"
FILE = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsound'


def field(name: bytes, value: bytes) -> bytes:
    """One part of a form."""
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def form(*parts: bytes, end: bytes = END) -> bytes:
    """The body of a form."""
    return b"".join(b"--limes\r\n" + part + b"\r\n" for part in parts) + end


NO_FORMS = [
    (KIND, b"", "breaks off"),
    (KIND, b"garbage", "cannot be read"),
    (KIND, form(), "needs a field `file`"),
    (KIND, form(FILE, end=b""), "breaks off"),
    (KIND, form(FILE)[:-8], "breaks off"),
    (KIND, form(FILE)[:40], "breaks off"),
    (KIND, form(b"no headers\r\n\r\nx"), "cannot be read"),
    (KIND, form(b"Content-Disposition: form-data\r\n\r\nx"), "no name"),
    (KIND, form(b'Content-Disposition: form-data; name="a\r\n\r\nx'), ""),
    (KIND, form(b"X: y\r\n" * 50 + FILE), "cannot be read"),
    (KIND, form(b"X: " + b"y" * 100_000 + b"\r\n" + FILE), "cannot be read"),
    (KIND, form(b"\xff\xfe: y\r\n" + FILE), "cannot be read"),
    (KIND, form(*[field(b"x", b"y")] * 10_000), "100 fields"),
    (KIND, form(field(b"language", b"x" * 600_000)), "language: a field"),
    (KIND, form(field(b"language", b"\xff")), "language: not UTF-8"),
    ("multipart/form-data", form(FILE), "cannot be read"),
    ("multipart/form-data; boundary=", form(FILE), "cannot be read"),
    ("multipart/form-data; boundary=" + "x" * 5000, form(FILE), ""),
    ("multipart/form-data; boundary=other", form(FILE), "cannot be read"),
    ("multipart/mixed; boundary=limes", form(FILE), "send a form as multipart/form-data"),
    ("application/json", b'{"file":"/etc/passwd"}', "send a form as multipart/form-data"),
    ("application/octet-stream", b"sound", "send a form as multipart/form-data"),
    ("", b"sound", "send a form as multipart/form-data"),
]
"""A content type, a body, and what the problem says."""

NO_OPTIONS = [
    ((field(b"language", b"en"),), "the form needs a field `file`"),
    ((field(b"file", b"sound"),), "the form needs a field `file`"),
    ((FILE.replace(b'"file"', b'"FILE"'),), "the form needs a field `file`"),
    ((FILE.replace(b"sound", b""),), "empty: 0 bytes"),
    ((FILE, field(b"nobody", b"1")), "nobody: Extra"),
    ((FILE, field(b"youtube_url", b"http://127.0.0.1/")), "youtube_url: Extra"),
    ((FILE, field(b"url_allow", b"127.0.0.1")), "url_allow: Extra"),
    ((FILE, field(b"upload", b"{}")), "upload: Extra"),
    ((FILE, field(b"again", b"1")), "again: Extra"),
    ((FILE, field(b"priority", b"1e5")), "priority: "),
    ((FILE, field(b"priority", b"nan")), "priority: "),
    ((FILE, field(b"priority", b"9" * 5000)), "priority: "),
    ((FILE, field(b"priority", "９".encode())), "priority: "),  # noqa: RUF001  # not a 9
    ((FILE, field(b"force", b"perhaps")), "force: "),
    ((FILE, field(b"remove_noise", b"\0")), "remove_noise: "),
    ((FILE, field(b"language", b"e" * 17)), "language: "),
    ((FILE, field(b"subtitle_profile", b"../x")), "../x"),
    ((FILE, field(b"reference", b"r" * 257)), "reference: "),
    ((FILE, field(b"callback_url", b"http://127.0.0.1/")), "not a public address"),
    ((FILE, field(b"callback_url", b"file:///etc/passwd")), "only http"),
    ((FILE, FILE.replace(b'"file"', b'"language"')), "language: "),
    ((FILE, FILE.replace(b'"file"', b'"callback_url"')), "callback_url: "),
    ((FILE, FILE.replace(b'"file"', b'"../../x"')), "../../x: Extra"),
    ((FILE, field(b"\xff\xfe", b"1")), "Extra"),
    ((FILE, field(b"", b"1")), "Extra"),
]
"""The parts of a form that is one, and what the problem says."""


async def sent(house: House, path: str, body: bytes, kind: str = KIND) -> object:
    return await house.client.post(path, content=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(("kind", "body", "says"), NO_FORMS, ids=range(len(NO_FORMS)))
async def test_an_upload_that_is_no_form_is_refused(house: House, kind: str, body: bytes, says: str) -> None:
    """422 or 413, and half a file is not kept."""
    async with house.nothing_happens():
        answer = await sent(house, "/pipeline/upload", body, kind)
        refusal(answer, 413 if says.endswith("a field") else 422, says)


@pytest.mark.parametrize(("parts", "says"), NO_OPTIONS, ids=range(len(NO_OPTIONS)))
async def test_an_upload_that_is_no_order_is_refused(
    house: House, parts: tuple[bytes, ...], says: str
) -> None:
    """422 with the name of the field; no job, and the file goes with the next sweep at the latest."""
    before = await house.total()
    refusal(await sent(house, "/pipeline/upload", form(*parts)), 422, says)
    assert await house.total() == before
    await house.assert_well()


@pytest.mark.parametrize(
    "path",
    [
        "/pipeline/upload",
        "/asr",
        "/asr?encode=false",
        "/detect-language",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
    ],
)
@pytest.mark.parametrize("announced", ["announced", "unannounced"])
async def test_an_upload_larger_than_allowed_is_refused(house: House, path: str, announced: str) -> None:
    """413, at once where its size is told, otherwise as soon as it is too much; nothing is kept of it."""
    body = form(FILE.replace(b'"file"', b'"audio_file"') + bytes(MAX_UPLOAD_BYTES + 2_000_000))

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(body), 500_000):
            yield body[start : start + 500_000]

    async with house.nothing_happens():
        content = body if announced == "announced" else pieces()
        answer = await house.client.post(path, content=content, headers={"Content-Type": KIND})
        assert answer.status_code == 413, answer.text
        assert str(MAX_UPLOAD_BYTES) in answer.text


NO_CALLS = [
    ((field(b"model", b"whisper-1"),), 400, "file"),
    ((FILE,), 400, "model"),
    ((FILE, field(b"model", b"")), 400, "model"),
    ((FILE, field(b"model", b"../../etc/passwd")), 404, "model"),
    ((FILE, field(b"model", b"whisper-1\0")), 404, "model"),
    ((FILE, field(b"model", b"\xff")), 400, "model"),
    ((FILE, field(b"model", b"x" * 60_000)), 404, "model"),
    ((FILE.replace(b"sound", b""), field(b"model", b"whisper-1")), 400, "empty"),
    ((FILE, field(b"model", b"whisper-1"), field(b"language", b"nobody's")), 400, "language"),
    ((FILE, field(b"model", b"whisper-1"), field(b"language", b"en-" + b"x" * 30)), 400, "language"),
    ((FILE, field(b"model", b"whisper-1"), field(b"language", b"en" + b" " * 5000)), 400, "language"),
    ((FILE, field(b"model", b"whisper-1"), field(b"response_format", b"exe")), 400, "response_format"),
    ((FILE, field(b"model", b"whisper-1"), field(b"response_format", b"\0")), 400, "response_format"),
    ((FILE, field(b"model", b"whisper-1"), field(b"temperature", b"nan")), 400, "temperature"),
    ((FILE, field(b"model", b"whisper-1"), field(b"temperature", b"1e999")), 400, "temperature"),
    ((FILE, field(b"model", b"whisper-1"), field(b"temperature", b"9" * 5000)), 400, "temperature"),
    ((FILE, field(b"model", b"whisper-1"), field(b"stream", b"perhaps")), 400, "stream"),
    ((FILE, field(b"model", b"whisper-1"), field(b"include[]", b"logprobs")), 400, "include"),
    (
        (FILE, field(b"model", b"whisper-1"), field(b"timestamp_granularities[]", b"word")),
        400,
        "verbose_json",
    ),
    ((field(b"file", b"sound"), field(b"model", b"whisper-1")), 400, "file"),
]


@pytest.mark.parametrize(("parts", "status", "says"), NO_CALLS, ids=range(len(NO_CALLS)))
async def test_nonsense_at_openai_s_door_is_refused_in_openai_s_words(
    house: House, parts: tuple[bytes, ...], status: int, says: str
) -> None:
    """Its SDK raises its own class and does not ask again."""
    before = await house.total()
    answer = await sent(house, "/v1/audio/transcriptions", form(*parts))
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert says in error["message"]
    assert len(error["message"]) < 1000
    assert await house.total() == before
    await house.assert_well()


@pytest.mark.parametrize(
    "path", ["/asr", "/asr?encode=false", "/detect-language", "/detect-language?encode=false"]
)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (KIND, form(field(b"language", b"en"))),
        (KIND, form(field(b"audio_file", b"sound"))),
        (KIND, form(FILE.replace(b'"file"', b'"audio_file"').replace(b"sound", b""))),
        (KIND, form(FILE)),
        (KIND, form(FILE.replace(b'"file"', b'"audio_file"'), end=b"")),
        ("text/plain", b"sound"),
        ("", b""),
    ],
    ids=range(7),
)
async def test_nonsense_at_bazarr_s_door_is_refused(house: House, path: str, kind: str, body: bytes) -> None:
    """422: a body is taken for subtitles, so there must be none but a problem's."""
    before = await house.total()
    refusal(await sent(house, path, body, kind), 422, "")
    assert await house.total() == before
    await house.assert_well()


NAMES = [
    b"../../../../etc/passwd",
    b"/etc/passwd",
    b"C:\\windows\\system32\\a.wav",
    b"a\0b.wav",
    b"\xff\xfe.wav",
    b"a" * 3000,
    b"",
    b"$(touch x).wav",
    b"--help",
    "ação 🎬\u202egnp.exe".encode(),
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_the_name_of_an_upload_leads_nowhere(house: House, name: bytes) -> None:
    """The file is kept under the hash of its bytes, and the name is forgotten."""
    answer = await sent(house, "/pipeline/upload", form(FILE.replace(b"a.wav", name)))
    assert answer.status_code == 202, answer.text
    await house.settled()
    await house.assert_well()
    assert {file.parent.parent.name for file in house.files()} == {"sha256"}


@pytest.mark.parametrize(
    "header",
    [
        "Idempotency-Key: " + "k" * 257,
        "Idempotency-Key: a\r\nContent-Length: 5",
        "Idempotency-Key: a\0b",
        "Idempotency-Key: a\nX: y",
        "Content-Length: -1",
        "Content-Length: abc",
        "Content-Length: " + "9" * 400,
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: \x0bchunked",
        ": nameless",
        "Bad Header: x",
        "X" * 70_000 + ": y",
        "Expect: 200-maybe",
        "Host: evil.test",
        "Content-Type: application/json\r\nContent-Length: 1000000000000",
    ],
    ids=range(17),
)
async def test_a_broken_head_is_refused(house: House, header: str) -> None:
    """By the server or by us, with a status of the caller's fault, and no job comes of it."""
    async with house.nothing_happens():
        request = house.head("POST", "/pipeline", header) + b'{"youtube_url":"http://media.test/smuggled"}'
        status, _ = await house.raw(request)
        assert 400 <= status < 500 or status == 0


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
        b"GET http://127.0.0.2/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        b"CONNECT 127.0.0.2:80 HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        b"GET /jobs HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        b"GET /jobs?" + b"&".join([b"limit=1"] * 10_000) + b" HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    ],
    ids=range(10),
)
async def test_what_is_no_request_is_refused(house: House, line: bytes) -> None:
    """And is no proxy either."""
    async with house.nothing_happens():
        status, _ = await house.raw(line)
        assert 400 <= status < 500 or status == 0


@pytest.mark.parametrize("path", ["/pipeline", "/pipeline/upload", "/asr", "/jobs/x/retry", "/login"])
async def test_a_body_that_drips_is_given_up(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the grace is used up there is an answer and the connection is closed; nothing is kept."""
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.5)
    head = house.head("POST", path, "Content-Length: 100000", f"Content-Type: {KIND}")
    async with house.nothing_happens():
        reader, writer = await house.connected()
        try:
            writer.write(head + b"--limes\r\n" + FILE)
            status, body = await answered(reader)
            assert (status, b"too slowly" in body) == (422, True), body
            assert await reader.read() == b""
        finally:
            writer.close()


async def test_a_body_that_keeps_the_pace_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come earns time for the rest: only who sends next to nothing is given up."""
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.3)
    paused = asyncio.Event()

    async def with_a_pause() -> AsyncGenerator[bytes]:
        yield b"--limes\r\n" + FILE + bytes(100_000)  # worth 200 s
        await asyncio.wait({asyncio.ensure_future(paused.wait())}, timeout=0.6)
        yield b"\r\n" + END

    answer = await house.client.post(
        "/pipeline/upload", content=with_a_pause(), headers={"Content-Type": KIND}
    )
    paused.set()
    assert answer.status_code == 202, answer.text


async def test_uploads_that_break_off_leave_nothing(house: House) -> None:
    """Forty at once, in the middle of their files."""
    async with house.nothing_happens():

        async def broken_off() -> None:
            _, writer = await house.connected()
            head = house.head("POST", "/pipeline/upload", "Content-Length: 1000000", f"Content-Type: {KIND}")
            writer.write(head + b"--limes\r\n" + FILE + bytes(200_000))
            await writer.drain()
            writer.transport.abort()

        await asyncio.gather(*[broken_off() for _ in range(40)])
        await settled(house)


async def test_streams_that_are_dropped_leave_no_task(house: House) -> None:
    """Fifty listeners of a job under way come and go; nobody goes on listening for them."""
    started = await house.client.post("/pipeline", json={"youtube_url": "http://media.test/streamed"})
    job_id = started.json()["job_id"]
    before = len(asyncio.all_tasks())

    async def dropped(path: str) -> None:
        reader, writer = await house.connected()
        writer.write(house.head("GET", path))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    await asyncio.gather(*[dropped(f"/jobs/{job_id}/events") for _ in range(50)])
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > before:
            await house.client.get("/health")
    await house.assert_well()


async def settled(house: House) -> None:
    """Until nothing is on its way into the store."""
    async with asyncio.timeout(10):
        while list((house.folder / "artefacts" / "incoming").glob("*")):
            await house.client.get("/health")
