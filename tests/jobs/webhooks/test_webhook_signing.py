"""Signatures are those of Standard Webhooks, nothing else verifies; the secret is made once, kept close."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from batuta.errors import InvalidRequest, StorageError, Unauthorized
from batuta.jobs.webhooks import signed_headers, verify, webhook_secret
from batuta.jobs.webhooks.secret import SECRET_FILE, kept_secret
from batuta.settings import Settings

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
BODY = b'{"event":"job.completed","text":"\xc3\xa9"}'
NOW = 1_762_170_000


def headers(secret: str = SECRET, body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    return signed_headers(secret, "dlv_1", "job.completed", body, at)


def test_the_signature_is_what_the_specification_says() -> None:
    """Computed here with OpenSSL's own command, not with our code or Python's."""
    sent = headers()
    signed = b"dlv_1.%d." % NOW + BODY
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}", "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    assert sent["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("dlv_1", str(NOW))
    assert sent["batuta-event"] == "job.completed"


def test_the_specifications_own_example_verifies() -> None:
    """Secret, id, time, body and signature are those that its reference libraries are tested with."""
    given = {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": "1614265330",
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", given, b'{"test": 2432232314}', now=1614265330)


@pytest.mark.parametrize("secret", [SECRET, "a plain word"])
def test_the_raw_body_has_a_signature_too(secret: str) -> None:
    """As GitHub signs: keyed with the secret as it is written."""
    expected = hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers(secret)["x-hub-signature-256"] == f"sha256={expected}"
    verify(secret, headers(secret), BODY, now=NOW)


def test_one_of_several_signatures_is_enough() -> None:
    """While a secret is changed a sender signs with both; versions we do not know are passed over."""
    sent = headers()
    sent["webhook-signature"] = f"v1a,xyz v1,AAAA {sent['webhook-signature']} \u00e9"
    verify(SECRET, sent, BODY, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "dlv_2"},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "\u0661"},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()},
    ],
)
def test_whatever_is_changed_it_verifies_no_more(change: dict[str, str]) -> None:
    """Id and time are part of what is signed."""
    with pytest.raises(Unauthorized):
        verify(SECRET, headers() | change, BODY, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    """So that a proxy which drops it is found."""
    sent = headers()
    del sent[name]
    with pytest.raises(Unauthorized, match=name):
        verify(SECRET, sent, BODY, now=NOW)


def test_body_and_secret_must_be_the_same() -> None:
    """One byte more, or another secret, and it is not ours."""
    for secret, body in [(SECRET, BODY + b" "), ("whsec_AAAA", BODY), ("other", BODY)]:
        with pytest.raises(Unauthorized, match="no signature fits"):
            verify(secret, headers(), body, now=NOW)


def test_old_and_future_deliveries_are_refused() -> None:
    """Five minutes either way, or what the receiver says."""
    for now in (NOW - 300, NOW + 300):
        verify(SECRET, headers(), BODY, now=now)
    for now in (NOW - 301, NOW + 301):
        with pytest.raises(Unauthorized, match="ago"):
            verify(SECRET, headers(), BODY, now=now)
    verify(SECRET, headers(), BODY, now=NOW + 301, tolerance=timedelta(hours=1))
    with pytest.raises(Unauthorized, match="ago"):
        verify(SECRET, headers(), BODY)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_QQ", ""])
def test_a_secret_that_is_none_is_found_at_the_start(secret: str, tmp_path: Path) -> None:
    """And not when the first job ends."""
    with pytest.raises(InvalidRequest, match="WEBHOOK_SECRET"):
        webhook_secret(Settings(batuta_data=tmp_path, webhook_secret=SecretStr(secret)))


def test_the_operators_secret_is_used_and_nothing_is_kept(tmp_path: Path) -> None:
    """WEBHOOK_SECRET wins over a kept one."""
    kept_secret(tmp_path / "kept")
    for folder in (tmp_path / "kept", tmp_path / "new"):
        assert webhook_secret(Settings(batuta_data=folder, webhook_secret=SecretStr(SECRET))) == SECRET
    assert not (tmp_path / "new").exists()


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """32 random bytes, as the specification wants 24 to 64; whatever the umask says."""
    before = os.umask(0)
    try:
        secret = webhook_secret(Settings(batuta_data=tmp_path / "data"))
    finally:
        os.umask(before)
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert webhook_secret(Settings(batuta_data=tmp_path / "data")) == secret
    assert stat.S_IMODE((tmp_path / "data" / SECRET_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [SECRET_FILE]
    assert kept_secret(tmp_path / "other") != secret


def test_who_begins_together_has_one_secret(tmp_path: Path) -> None:
    """Several at once on an empty folder."""
    found: list[str] = []
    together = threading.Barrier(8)

    def begin() -> None:
        together.wait()
        found.append(kept_secret(tmp_path))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_secret_that_cannot_be_kept_says_what_to_do(tmp_path: Path) -> None:
    """A folder in its place."""
    (tmp_path / SECRET_FILE).mkdir()
    with pytest.raises(StorageError, match="WEBHOOK_SECRET"):
        kept_secret(tmp_path)
