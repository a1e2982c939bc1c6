"""URLs signed for S3, so that whoever has one may do the one thing it says, for a while. Pure.

Signature Version 4 in the query (AWS, "Authenticating Requests: Using Query Parameters"); obstore's own
`sign` cannot say what a download is to be called.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

MAX_SECONDS: Final = 7 * 24 * 3600
"""AWS signs for a week at most; so do we."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for where."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str

    def url(
        self,
        method: str,
        address: str,
        seconds: int,
        *,
        now: dt.datetime,
        parameters: Mapping[str, str] | None = None,
    ) -> str:
        """The address (`http://host/bucket/key`, not encoded) signed for this method and so many seconds."""
        parts = urlsplit(address, allow_fragments=False)
        origin, path = f"{parts.scheme}://{parts.netloc}", address.removeprefix(f"{parts.scheme}://")
        path = quote(path.removeprefix(parts.netloc) or "/", safe="/")
        moment = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        query = _encoded(
            {
                **(parameters or {}),
                "X-Amz-Algorithm": _ALGORITHM,
                "X-Amz-Credential": f"{self.access_key}/{scope}",
                "X-Amz-Date": moment,
                "X-Amz-Expires": str(min(seconds, MAX_SECONDS)),
                "X-Amz-SignedHeaders": "host",
            }
        )
        host = parts.netloc.removesuffix(f":{_PORTS.get(parts.scheme)}").lower()
        asked = "\n".join((method, path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"))
        digest = hashlib.sha256(asked.encode()).hexdigest()
        signed = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = hmac.new(self._key(moment[:8]), signed.encode(), hashlib.sha256).hexdigest()
        return f"{origin}{path}?{query}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def _encoded(parameters: Mapping[str, str]) -> str:
    """In the order of the encoded names, everything but letters, digits and `-_.~` encoded."""
    pairs = ((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
