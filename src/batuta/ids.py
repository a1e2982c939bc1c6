"""Identifiers: random ones for jobs, content ones for everything that can be found again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any


def new_job_id() -> str:
    """16 random hexadecimal digits, the shape of the seed's job ids."""
    return secrets.token_hex(8)


def content_key(*parts: str | Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the parts in canonical JSON: equal meaning, equal key, on every machine."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()
