"""Signatures of webhooks, for us who send them and for whoever receives them. Pure.

Standard Webhooks 1.0.0 (standardwebhooks.com), so that its libraries verify ours: HMAC-SHA256 over
`id.timestamp.body`; the key is what follows `whsec_` in base64, or the secret as it is. Beside it the raw
body's signature as GitHub sends it, which more receivers know; its key is the secret as it is. It does not
cover the time, so whoever can should verify the first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from batuta.errors import InvalidRequest, Unauthorized

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
BODY_SIGNATURE_HEADER: Final = "x-hub-signature-256"
EVENT_HEADER: Final = "batuta-event"

PREFIX: Final = "whsec_"
"""What a secret begins with when the rest is base64; any other secret is taken as it is."""
TOLERANCE: Final = timedelta(minutes=5)


def signed_headers(secret: str, delivery_id: str, event: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers of one attempt at `timestamp`, in seconds since 1970; the id is that of all attempts."""
    whole = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        ID_HEADER: delivery_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: _signature(secret, delivery_id, str(timestamp), body),
        BODY_SIGNATURE_HEADER: f"sha256={whole}",
        EVENT_HEADER: event,
    }


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: timedelta = TOLERANCE,
    now: float | None = None,
) -> None:
    """For receivers: return if the delivery is ours and of now, or raise `Unauthorized`.

    `body` is what was received, byte for byte, before any parsing. `now` is in seconds since 1970. A delivery
    may come more than once: remember its `webhook-id`. Raises `InvalidRequest` for a secret that is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        delivery_id, timestamp, signatures = (
            given[name] for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
        )
    except KeyError as missing:
        raise Unauthorized(f"the header {missing.args[0]} is missing") from None
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise Unauthorized(f"the header {TIMESTAMP_HEADER} is no number of seconds: {timestamp[:40]!r}")
    expected = _signature(secret, delivery_id, timestamp, body).encode()
    if not any(
        hmac.compare_digest(expected, each.encode(errors="replace")) for each in signatures.split(" ")
    ):
        raise Unauthorized("no signature fits: is the secret the same, and the body as it was received?")
    age = (time.time() if now is None else now) - float(timestamp)
    if abs(age) > tolerance.total_seconds():
        raise Unauthorized(f"the delivery was signed {age:.0f} s ago: too long, or a clock is wrong")


def key_of(secret: str) -> bytes:
    """The key a secret stands for; raises `InvalidRequest` when it is no secret."""
    if not secret.startswith(PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error as error:
            raise InvalidRequest(
                f"WEBHOOK_SECRET begins with {PREFIX}, but no base64 follows: {error}"
            ) from None
    if not key:
        raise InvalidRequest("WEBHOOK_SECRET is empty: anybody could sign")
    return key


def _signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
