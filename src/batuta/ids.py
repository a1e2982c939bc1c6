"""Identifiers: random ones for jobs, content ones for everything that can be found again."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

_JOB_ID = re.compile(r"[0-9a-f]{16}")


def new_job_id() -> str:
    """16 random hexadecimal digits, the shape of the seed's job ids."""
    return secrets.token_hex(8)


def is_job_id(text: str) -> bool:
    """Whether the text has the shape of a job id (it may still name no job)."""
    return _JOB_ID.fullmatch(text) is not None


def content_key(*parts: str | Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the parts in canonical JSON: equal meaning, equal key, on every machine."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()
