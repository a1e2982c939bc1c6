"""Signed links to objects in our own folder: they say what they are good for, and until when. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from batuta.errors import Forbidden

OBJECTS_PATH: Final = "/api/v1/objects"
"""Where the links lead; whoever has one needs no key."""

_MEANING: Final = "batuta object 1"
"""Part of what is signed: the same secret signs nothing else that could be taken for a link."""
_SECONDS: Final = re.compile(r"\d{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and judges them."""

    secret: str = field(repr=False)

    def made(self, key: str, expires: int, filename: str) -> str:
        """Path and query of a link to the object, good until `expires`, in seconds since 1970."""
        query = {
            "expires": str(expires),
            "filename": filename,
            "signature": self._signature(key, str(expires), filename),
        }
        return f"{OBJECTS_PATH}/{quote(key)}?{urlencode(query, quote_via=quote)}"

    def check(self, key: str, expires: str, filename: str, signature: str, *, now: float) -> None:
        """Return if the link is one of ours and still good; raises `Forbidden`."""
        expected = self._signature(key, expires, filename)
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            raise Forbidden("the link's signature does not fit: take the link whole, as it was given")
        if _SECONDS.fullmatch(expires) is None or int(expires) < now:
            raise Forbidden("the link is no longer good: ask for a new one")

    def _signature(self, key: str, expires: str, filename: str) -> str:
        signed = json.dumps([_MEANING, key, expires, filename])
        return hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
