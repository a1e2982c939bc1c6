"""Keys, tokens and passwords never reach a log, wherever they hide."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from batuta.telemetry.masking import MAX_TEXT, is_secret_name, masked, masked_text

SECRET = "Zx9-s3cr3t_value.42"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.4Hb-_x"


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{SECRET}@host/path",
        f"postgresql://batuta:{SECRET}@db:5432/batuta",
        f"cannot reach redis://:{SECRET}@localhost:6379/0, will retry",
        f"https://{SECRET}@host.example/feed",
        f"http://user:a@{SECRET}@host/",
        f"amqp://user:a/{SECRET}@host/vhost",
        f"GET https://host/a?token={SECRET}",
        f"https://host/a?x=1&access_token={SECRET}&y=2",
        f"https://host/a?api_key={SECRET}#t=3",
        f"https://host/a?apiKey={SECRET}",
        f"https://maps.example/v1?key={SECRET}",
        f"https://b.s3.example/k?X-Amz-Signature={SECRET}&X-Amz-Expires=60",
        f"https://b.s3.example/k?X-Amz-Credential={SECRET}",
        f"https://b.s3.example/k?x-amz-security-token={SECRET}",
        f"https://storage.example/k?X-Goog-Signature={SECRET}",
        f"https://b.blob.example/k?sv=2024&sig={SECRET}",
        f"https://cdn.example/v.m3u8#access_token={SECRET}",
        f"/proxy?url=https%3A%2F%2Fhost%2Fa%3Ftoken%3D{SECRET}%26x%3D1",
        f"/proxy?url=https%3A%2F%2Fuser%3A{SECRET}%40host%2F",
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}",
        f"headers {{'Authorization': 'Token {SECRET}'}}",
        f"sent bearer {SECRET} to the service",
        f"X-API-Key: {SECRET}",
        f'{{"password": "{SECRET}", "user": "alice"}}',
        f"client_secret={SECRET} grant_type=x",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f"WEBHOOK_SECRET='{SECRET}'",
        f"Set-Cookie: {SECRET}; Path=/",
    ],
)
def test_a_secret_in_a_text_is_masked_and_the_rest_stays(text: str) -> None:
    """Whatever surrounds it."""
    shown = masked_text(text)
    assert SECRET not in shown
    assert "s3cr3t" not in shown
    assert "***" in shown
    assert shown[:3] == text[:3]


@pytest.mark.parametrize(
    "text",
    [
        f"token was {JWT}",
        "uses sk-proj-abcdefghijklmnop1234",
        "id AKIAIOSFODNN7EXAMPLE",
        "hf_" + "a1" * 12,
        "key btk_" + "0f" * 8 + "_" + "0f" * 32,
    ],
)
def test_a_key_that_is_known_by_its_look_is_masked(text: str) -> None:
    """Even where nothing says that it is one."""
    secret = text.rsplit(maxsplit=1)[-1]
    assert secret not in masked_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Starting pipeline for job a1b2c3d4",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=10",
        "http://127.0.0.1:8001/jobs/abc?wait=30",
        "http://host:8000/@channel/videos",
        "mail alice@example.com about it",
        "retry=2 wait_seconds=1.5 stage=transcription",
        "the file is 12:30 long, ratio 4:3",
        "sha256 " + "0123456789abcdef" * 4,
        "job: 0f0f0f0f0f0f0f0f is completed",
        "/captions/jobs/{job_id}",
        "C:\\Users\\x = y",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    """A log that hides everything tells nothing."""
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("authorization", True),
        ("api_key", True),
        ("X-API-Key", True),
        ("batuta_api_key", True),
        ("webhook_secret", True),
        ("accessToken", True),
        ("db_password", True),
        ("set-cookie", True),
        ("key", True),
        ("idempotency_key", False),
        ("content_key", False),
        ("job_id", False),
        ("stage", False),
        ("monkey", False),
        ("tokens_used", False),
        ("keyword", False),
    ],
)
def test_a_field_is_secret_by_its_name(name: str, secret: bool) -> None:  # noqa: FBT001  # a column
    """In the spellings of headers, settings and JSON."""
    assert is_secret_name(name) is secret


def test_fields_are_masked_at_every_depth() -> None:
    """Also within what a field holds, and in the text of objects."""
    shown = masked(
        {
            "headers": {"authorization": "abc", "accept": "*/*"},
            "urls": [f"http://u:{SECRET}@h/", "plain"],
            "token": 7,
            "key": SecretStr("abc"),
            "error": ValueError(f"no answer from https://h/?token={SECRET}"),
        }
    )
    assert shown == {
        "headers": {"authorization": "***", "accept": "*/*"},
        "urls": ["http://***@h/", "plain"],
        "token": 7,
        "key": "***",
        "error": "no answer from https://h/?token=***",
    }


@pytest.mark.parametrize(
    "piece",
    [
        "://a:b",
        "?token=",
        "password=a,",
        "authorization: ",
        "secret",
        "%3A%2F%2Fa",
        "eyJaaaaaaaaa.",
        "a_",
        "?a-",
    ],
)
def test_hostile_text_is_masked_in_little_time(piece: str) -> None:
    """No pattern takes more than its share on what was made to be slow."""
    begun = time.process_time()
    shown = masked_text(piece * 100_000)
    assert time.process_time() - begun < 1.0
    assert len(shown) < 2 * MAX_TEXT
