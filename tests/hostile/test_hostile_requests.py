"""Bodies, paths, queries and headers that nobody means well: a problem each, and nothing happens."""

from __future__ import annotations

import asyncio
import base64

import pytest
from hostile_house import House, refusal

pytestmark = pytest.mark.anyio

MEDIA = b'"youtube_url":"http://media.test/a"'
DEEP = 100_000

NO_JSON = [
    (b"", "body: Field required"),
    (b"{", "JSON decode error"),
    (b"{" + MEDIA, "JSON decode error"),
    (b"{" + MEDIA + b",}", "JSON decode error"),
    (b"{" + MEDIA + b"}{}", "JSON decode error"),
    (b"{'youtube_url': 1}", "JSON decode error"),
    (b'{"youtube_url":"\xff\xfe"}', "no JSON that can be read: 'utf-8'"),
    (b"\xff\xfe" + b"{}".decode().encode("utf-16-le") + b"\x00", "no JSON that can be read"),
    (b"[" * DEEP, "nested too deeply"),
    (b"[" * DEEP + b"]" * DEEP, "nested too deeply"),
    (b'{"a":' * DEEP, "nested too deeply"),
    (b"{" + MEDIA + b',"priority":1' + b"0" * 5000 + b"}", "4300 digits"),
    (b"null", "body: "),
    (b"[]", "body: "),
    (b'"text"', "body: "),
    (b"5", "body: "),
    (b"[{" + MEDIA + b"}]", "body: "),
]
"""And what the problem says of it."""


def also(field: str) -> bytes:
    """A good body with one more field."""
    return b"{" + MEDIA + b"," + field.encode() + b"}"


NO_FIELDS = [
    ('"priority":NaN', "body.priority: "),
    ('"priority":Infinity', "body.priority: "),
    ('"priority":-Infinity', "body.priority: "),
    ('"priority":1e400', "body.priority: "),
    ('"priority":1.5', "body.priority: "),
    ('"priority":101', "body.priority: "),
    ('"priority":-101', "body.priority: "),
    ('"priority":99999999999999999999', "body.priority: "),
    ('"priority":"high"', "body.priority: "),
    ('"priority":null', "body.priority: "),
    ('"priority":[]', "body.priority: "),
    ('"force":"perhaps"', "body.force: "),
    ('"force":2', "body.force: "),
    ('"force":null', "body.force: "),
    ('"language":5', "body.language: "),
    ('"language":["en"]', "body.language: "),
    ('"language":"' + "e" * 17 + '"', "body.language: "),
    ('"language_out":{}', "body.language_out: "),
    ('"language_out":"' + "e" * 17 + '"', "body.language_out: "),
    ('"remove_noise":"maybe"', "body.remove_noise: "),
    ('"remove_noise":[]', "body.remove_noise: "),
    ('"convert_to_mono":2', "body.convert_to_mono: "),
    ('"apply_highpass_filter":{}', "body.apply_highpass_filter: "),
    ('"set_sample_rate_16k":"16k"', "body.set_sample_rate_16k: "),
    ('"isolate_vocals":1.5', "body.isolate_vocals: "),
    ('"subtitle_profile":"nobody"', "nobody"),
    ('"subtitle_profile":"../../etc/passwd"', "../../etc/passwd"),
    ('"subtitle_profile":5', "body.subtitle_profile: "),
    ('"subtitle_profile":"' + "p" * 33 + '"', "body.subtitle_profile: "),
    ('"model":"' + "m" * 65 + '"', "body.model: "),
    ('"model":[]', "body.model: "),
    ('"reference":"' + "r" * 257 + '"', "body.reference: "),
    ('"reference":{}', "body.reference: "),
    ('"reference":"\\ud800"', "body.reference: "),
    ('"callback_url":5', "body.callback_url: "),
    ('"upload":{"sha256":"' + "a" * 64 + '","size":1}', "body.upload: Extra"),
    ('"url_allow":["127.0.0.1"]', "body.url_allow: Extra"),
    ('"again":"now"', "body.again: Extra"),
    ('"owner":"somebody"', "body.owner: Extra"),
    ('"job_id":"mine"', "body.job_id: Extra"),
    ('"__proto__":{"admin":true}', "body.__proto__: Extra"),
    ('"\\ud800":1', "body: "),
    ('"nan":NaN', "body.nan: Extra"),
    ('"youtube_url":"http://127.0.0.1/"', "not a public address"),  # the last of two counts, and is judged
    ('"youtube_url":' + "[" * 900 + "]" * 900, "body.youtube_url: "),
]
"""A field beside a good URL, and what the problem says."""


@pytest.mark.parametrize(("body", "says"), NO_JSON, ids=range(len(NO_JSON)))
async def test_a_body_that_is_no_json_object_is_refused(house: House, body: bytes, says: str) -> None:
    """422, and why it cannot be read."""
    async with house.nothing_happens():
        answer = await house.client.post(
            "/pipeline", content=body, headers={"Content-Type": "application/json"}
        )
        refusal(answer, 422, says)


@pytest.mark.parametrize(("field", "says"), NO_FIELDS, ids=range(len(NO_FIELDS)))
async def test_a_field_that_is_none_of_ours_is_refused(house: House, field: str, says: str) -> None:
    """422 with the name of the field: no guessing, no ignoring."""
    async with house.nothing_happens():
        answer = await house.client.post(
            "/pipeline", content=also(field), headers={"Content-Type": "application/json"}
        )
        refusal(answer, 422, says)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "multipart/form-data",
        "x" * 5000,
    ],
)
async def test_a_body_of_another_type_is_refused(house: House, kind: str) -> None:
    """The problem says which type is spoken."""
    async with house.nothing_happens():
        answer = await house.client.post(
            "/pipeline", content=b"{" + MEDIA + b"}", headers={"Content-Type": kind}
        )
        refusal(answer, 422, "send the body as application/json")


@pytest.mark.parametrize("path", ["/pipeline", "/process", "/jobs/x/retry", "/login", "/admin/keys"])
@pytest.mark.parametrize("announced", [True, False])
async def test_json_larger_than_any_request_is_refused(
    house: House,
    path: str,
    announced: bool,  # noqa: FBT001
) -> None:
    """413, whether its size is told or not, wherever it is sent."""
    body = b'{"a":"' + b"x" * 2_000_000 + b'"}'

    async def pieces() -> object:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    async with house.nothing_happens():
        headers = {"Content-Type": "application/json"}
        content = body if announced else pieces()
        refusal(await house.client.post(path, content=content, headers=headers), 413, "1048576")


RETRIES = [
    (b'{"from":"nothing"}', "body.from: "),
    (b'{"from":"../download"}', "body.from: "),
    (b'{"from":5}', "body.from: "),
    (b'{"from":["download"]}', "body.from: "),
    (b'{"from":"download","stage":"transcription"}', "body.stage: "),
    (b'{"overrides":{"youtube_url":"http://127.0.0.1/"}}', "body.overrides.youtube_url: Extra"),
    (b'{"overrides":{"upload":{}}}', "body.overrides.upload: Extra"),
    (b'{"overrides":{"callback_url":"http://127.0.0.1/"}}', "body.overrides.callback_url: Extra"),
    (b'{"overrides":{"subtitle_profile":"nobody"}}', "nobody"),
    (b'{"overrides":{"remove_noise":"maybe"}}', "body.overrides.remove_noise: "),
    (b'{"overrides":[]}', "body.overrides: "),
    (b'{"overrides":null}', "body.overrides: "),
    (b"[]", "body: "),
]


@pytest.fixture(scope="module")
async def done(house: House) -> str:
    """The id of a completed job."""
    started = await house.client.post("/pipeline", json={"youtube_url": "http://media.test/done"})
    job_id: str = started.json()["job_id"]
    assert (await house.client.get(f"/jobs/{job_id}/wait")).json()["status"] == "completed"
    return job_id


@pytest.mark.parametrize(("body", "says"), RETRIES, ids=range(len(RETRIES)))
async def test_a_retry_of_what_there_is_not_is_refused(
    house: House, done: str, body: bytes, says: str
) -> None:
    """And the job stays completed."""
    async with house.nothing_happens():
        answer = await house.client.post(
            f"/jobs/{done}/retry", content=body, headers={"Content-Type": "application/json"}
        )
        refusal(answer, 422, says)
    assert (await house.client.get(f"/jobs/{done}")).json()["status"] == "completed"


NO_IDS = [
    "%00",
    "x%00y",
    "%ff%fe",
    "%ed%a0%80",
    "%2e%2e",
    "..%2f..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%252e%252e%252f",
    "x%0d%0aSet-Cookie:%20a=b",
    "'%20OR%201=1--",
    "%25%27",
    "*",
    "$(id)",
    "null",
    "0",
    "-1",
    "a" * 5000,
    "%F0%9F%8E%AC",
]


@pytest.mark.parametrize("job_id", NO_IDS, ids=range(len(NO_IDS)))
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "/events"),
        ("GET", "/wait"),
        ("GET", "/subtitles.srt"),
        ("GET", "/audio"),
        ("GET", "/media"),
        ("GET", "/deliveries"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("POST", "/deliveries/..%2f..%2fx/replay"),
        ("DELETE", ""),
    ],
)
async def test_an_id_that_is_none_leads_nowhere(house: House, method: str, rest: str, job_id: str) -> None:
    """404, and no header but ours."""
    answer = await house.client.request(method, f"/jobs/{job_id}{rest}")
    refusal(answer, 404, "NUL" if "%00" in job_id else "")  # which no database may be asked for
    assert "set-cookie" not in answer.headers


NO_FORMATS = [
    "exe",
    "SRT",
    "srt%00",
    "srt%2f..%2f..%2fetc%2fpasswd",
    "..",
    "%2e%2e%2fsrt",
    "srt.vtt",
    "%0d%0a",
    "é",
]


@pytest.mark.parametrize("form", NO_FORMATS)
async def test_a_format_that_is_none_leads_nowhere(house: House, done: str, form: str) -> None:
    """404, with the formats there are where it is a format that was asked for."""
    refusal(await house.client.get(f"/jobs/{done}/subtitles.{form}"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/admin/keys/%00"),
        ("DELETE", "/admin/keys/..%2f..%2fx"),
        ("GET", "/static/..%2f..%2f..%2fetc%2fpasswd"),
        ("GET", "/..%2f..%2f..%2fetc%2fpasswd"),
        ("GET", "/jobs/x/subtitles"),
        ("GET", "/docs/..%2f..%2fx"),
    ],
)
async def test_a_path_that_is_none_leads_nowhere(house: House, method: str, path: str) -> None:
    """404 in the shape of every other problem."""
    refusal(await house.client.request(method, path), 404)


def cursor(text: str) -> str:
    """As one of ours would be written."""
    return base64.urlsafe_b64encode(text.encode()).decode()


NOW = "2026-01-01T00:00:00+00:00"
NO_PLACES = [
    "a",
    "====",
    "é",
    "%00",
    "_" * 200,
    "A" * 201,
    cursor(""),
    cursor(NOW),
    cursor(f"{NOW} "),
    cursor(f"{NOW} a b"),
    cursor(f"{NOW} \0"),
    cursor(f"{NOW} ../x"),
    cursor(f"{NOW} é"),
    cursor("2026-01-01T00:00:00 abc"),
    cursor("0001-01-01T00:00:00+23:59 abc"),
    cursor("9999-12-31T23:59:59-23:59 abc"),
    cursor("2026-13-45T99:00:00+00:00 abc"),
    base64.urlsafe_b64encode(b"\xff\xfe \xff").decode(),
]


@pytest.mark.parametrize("place", NO_PLACES, ids=range(len(NO_PLACES)))
async def test_a_cursor_that_is_none_of_ours_is_refused(house: House, place: str) -> None:
    """422: a list that begins anywhere would be a wrong one."""
    refusal(await house.client.get("/jobs", params={"cursor": place}), 422, "cursor")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/jobs?limit=0", "limit"),
        ("GET", "/jobs?limit=501", "limit"),
        ("GET", "/jobs?limit=-1", "limit"),
        ("GET", "/jobs?limit=1e3", "limit"),
        ("GET", "/jobs?limit=%EF%BC%99", "limit"),
        ("GET", "/jobs?limit=" + "9" * 5000, "limit"),
        ("GET", "/jobs?limit=", "limit"),
        ("GET", "/jobs?status=running", "status"),
        ("GET", "/jobs?status=%00", "status"),
        ("GET", "/jobs?status=' OR 1=1", "status"),
        ("GET", "/jobs/{}/wait?timeout=nan", "timeout"),
        ("GET", "/jobs/{}/wait?timeout=inf", "timeout"),
        ("GET", "/jobs/{}/wait?timeout=1e999", "timeout"),
        ("GET", "/jobs/{}/wait?timeout=-1", "timeout"),
        ("GET", "/jobs/{}/wait?timeout=61", "timeout"),
        ("GET", "/jobs/{}/wait?timeout=soon", "timeout"),
        ("POST", "/admin/cleanup?max_age_hours=nan", "max_age_hours"),
        ("POST", "/admin/cleanup?max_age_hours=-1", "max_age_hours"),
        ("POST", "/admin/cleanup?max_age_hours=1e300", "max_age_hours"),
        ("POST", "/admin/cleanup?deep=perhaps", "deep"),
        ("POST", "/asr?output=exe", "output"),
        ("POST", "/asr?task=destroy", "task"),
        ("POST", "/asr?encode=perhaps", "encode"),
        ("POST", "/asr?language=" + "e" * 17, "language"),
        ("POST", "/asr?language=en-" + "x" * 30, "language"),
    ],
)
async def test_a_parameter_out_of_its_range_is_refused(
    house: House, done: str, method: str, path: str, name: str
) -> None:
    """422 with its name; nothing is cleaned, nothing is waited for."""
    async with asyncio.timeout(5):
        refusal(await house.client.request(method, path.format(done)), 422, name)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-0", 206),
        ("bytes=-0", 416),
        ("bytes=99-", 416),
        ("bytes=999999999999999999-", 416),
        ("bytes=-999999999999999999", 206),
        ("bytes=" + "9" * 5000 + "-", 200),
        ("bytes=5-1", 200),
        ("bytes=--1", 200),
        ("bytes=a-b", 200),
        ("bytes=0-0,1-1", 200),
        ("bytes=" + ",".join(["0-"] * 1000), 200),
        ("lines=0-1", 200),
    ],
)
async def test_an_absurd_range_costs_no_more_than_the_file(
    house: House, done: str, asked: str, status: int
) -> None:
    """One part, the whole, or 416 with the size; never the same bytes many times (RFC 9110, section 14.2)."""
    answer = await house.client.get(f"/jobs/{done}/audio", headers={"Range": asked})
    assert answer.status_code == status
    assert len(answer.content) <= len(b"media")
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(b'media')}"


@pytest.mark.parametrize("seen", ["9" * 5000, "9" * 18, "-1", "nan", "1e9", "0x10", "\xb2", "1,2", "1 1"])
async def test_a_last_event_id_that_is_none_does_not_break_the_stream(
    house: House, done: str, seen: str
) -> None:
    """The events come from the first one on, or not at all where the job is over."""
    headers = {"Last-Event-ID": seen.encode("latin-1")}
    answer = await house.client.get(f"/jobs/{done}/events", headers=headers)
    everything_seen = seen == "9" * 18
    assert answer.status_code == (204 if everything_seen else 200)
    assert answer.text.count("event: job.completed") == (0 if everything_seen else 1)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-API-Key": "wrong"}, 401, "unauthorized"),
        ({"Authorization": "Bearer wrong"}, 401, "unauthorized"),
        ({"X-API-Key": "x" * 5000}, 401, "unauthorized"),
        ({"X-API-Key": "é".encode("latin-1")}, 401, "unauthorized"),
        ({"X-API-Key": b"\xff\xfe"}, 401, "unauthorized"),
        ({"X-API-Key": "the-key-of-the-operator", "Authorization": "Bearer other"}, 401, "unauthorized"),
        ({"Cookie": "batuta_key=%ED%A0%80"}, 403, "forbidden"),
        ({}, 401, "unauthorized"),
        ({"X-Forwarded-For": "127.0.0.1"}, 401, "unauthorized"),
        ({"Host": "evil.test"}, 403, "forbidden"),
        ({"Host": "127.0.0.1.evil.test"}, 403, "forbidden"),
        ({"Origin": "https://evil.test"}, 403, "forbidden"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "forbidden"),
    ],
    ids=range(13),
)
async def test_nobody_comes_in_to_the_administration_with_less_than_its_key(
    house: House, headers: dict[str, str | bytes], status: int, code: str
) -> None:
    """Not from this machine either, and not by a path that is written in another way."""
    house.client.headers.pop("X-API-Key")
    try:
        for path in ("/admin/factory-reset", "/admin/cleanup", "/admin/./cleanup", "/%61dmin/cleanup"):
            answer = await house.client.post(path, headers=headers)
            refusal(answer, status)
            assert answer.json()["code"] == code
    finally:
        house.client.headers["X-API-Key"] = "the-key-of-the-operator"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"name":""}', "body.name"),
        (b'{"name":"\\u0000"}', "printable"),
        (b'{"name":"a\\r\\nb"}', "printable"),
        (b'{"name":"\\ud800"}', "body.name"),
        (b'{"name":"a","scopes":["root"]}', "body.scopes.0"),
        (b'{"name":"a","scopes":[]}', "body.scopes"),
        (b'{"name":"a","requests_per_minute":-1}', "body.requests_per_minute"),
        (b'{"name":"a","requests_per_minute":1e99}', "body.requests_per_minute"),
        (b'{"name":"a","key":"mine"}', "body.key"),
    ],
)
async def test_a_key_that_cannot_be_is_not_made(house: House, body: bytes, says: str) -> None:
    """422; there are as many keys as before."""
    before = (await house.client.get("/admin/keys")).json()
    answer = await house.client.post(
        "/admin/keys", content=body, headers={"Content-Type": "application/json"}
    )
    refusal(answer, 422, says)
    assert (await house.client.get("/admin/keys")).json() == before
