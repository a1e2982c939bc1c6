"""Secrets out of everything that is written down: masked by the name of a field, or by their look in a text.

Rather a harmless word masked than a key told: whoever reads a log is not whoever may use the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

MASK: Final = "***"
MAX_TEXT: Final = 64 * 1024
"""Longer texts are cut: a log line is for reading, and no pattern is tried on a body of megabytes."""
MAX_DEPTH: Final = 4
"""Fields nested deeper are written without their content."""

_NAMES: Final = (
    r"(?:[a-z0-9]{1,32}[-_]){0,6}?"  # x-api-key, AWS_SECRET_ACCESS_KEY
    r"(?:api[-_]?key|access[-_]?key(?:[-_]?id)?|awsaccesskeyid"
    r"|(?:private|secret|signing|encryption|service)[-_]?key"
    r"|[a-z0-9]{0,32}?(?:token|secret|password|passwd|passphrase|signature|credentials?)"
    r"|authorization|cookie|jwt)"
)
_FIELD: Final = re.compile(rf"(?i)(?:.*[-_.])?(?:{_NAMES}|key|sig|auth|pwd)")
"""Names of fields whose text is a secret; an `idempotency_key` or `content_key` is none."""
_HARMLESS: Final = re.compile(r"(?i)(?:idempotency|content|cache|stage|primary|foreign)[-_]?key")

_PATTERNS: Final[tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]] = (
    # https://user:password@host, also with an @ or a / inside the password
    (("://",), re.compile(r"(://)[^\s/?#\"'<>]{0,512}@"), rf"\1{MASK}@"),
    (
        ("://",),
        re.compile(r"(://)[^\s/?#:@]{1,128}:(?!\d{1,5}(?:[/?#]|$))[^\s@\"'<>]{1,256}@"),
        rf"\1{MASK}@",
    ),
    # ?token=… &X-Amz-Signature=…, and the same inside an encoded URL
    (
        ("=",),
        re.compile(rf"(?i)([?&;#](?:{_NAMES}|key|l?sig|auth|pwd|x-(?:amz|goog)-[a-z-]+)=)[^&\s\"'<>#]+"),
        rf"\1{MASK}",
    ),
    (
        ("%3d",),
        re.compile(rf"(?i)(%(?:3f|26)(?:{_NAMES}|key|l?sig|auth|pwd|x-(?:amz|goog)-[a-z-]+)%3d)[^%&\s]+"),
        rf"\1{MASK}",
    ),
    (("%40",), re.compile(r"(?i)(%3a%2f%2f)[^\s&/]{1,256}?%40"), rf"\1{MASK}%40"),
    # Authorization: Basic …, Bearer … anywhere
    (
        ("authorization",),
        re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z][\w-]{1,30}\s+)?)[^\s\"',;]+"),
        rf"\1{MASK}",
    ),
    (("bearer",), re.compile(r"(?i)(\bbearer\s+)[a-z0-9._~+/=-]{6,}"), rf"\1{MASK}"),
    # keys that are known by their look
    (
        ("-", "_"),
        re.compile(
            r"\b(?:sk|pk|rk|hf|ghp|gho|ghs|github_pat|glpat|xox[abprs]|whsec|btk)[-_][A-Za-z0-9_-]{16,}"
        ),
        MASK,
    ),
    (("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),
    (("eyj",), re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"), MASK),
)
"""What a text in lower case must have one of, else the pattern is not tried; pattern; replacement."""
_NAMED: Final = re.compile(
    r"(?i)(?<![\w%-])([\w-]{0,64}?(?:key(?:[-_]?id)?|token|secret|passw(?:or)?d|passphrase|signature"
    r"|credentials?|cookie|jwt))([\"']?\s*[:=]\s*[\"']?)(?!\*\*\*)[^\s\"',;&}\])]+"
)
"""password: …, "api_key": "…", token=…; whether the name is one of a secret is `is_secret_name`'s to say."""
_NAMED_NEEDLES: Final = (
    "key",
    "token",
    "secret",
    "passw",
    "passph",
    "signature",
    "credential",
    "cookie",
    "jwt",
)
_SUSPECT: Final = re.compile(r"(?i)[:=]|%3|bearer|eyj|(?:AK|AS)IA|[_-]\w{16}")
"""Every pattern needs something of this: most texts have none of it."""


def masked_text(text: str) -> str:
    """The text with credentials in it replaced by `***`, and cut at 64 kB."""
    if len(text) > MAX_TEXT:  # at a space: half a secret has no look to know it by
        space = text.rfind(" ", MAX_TEXT - 1024, MAX_TEXT)
        text = text[: space if space > 0 else MAX_TEXT] + " …"
    if not _SUSPECT.search(text):
        return text
    lower = text.lower()
    for needles, pattern, replacement in _PATTERNS:
        if any(needle in lower for needle in needles):
            text = pattern.sub(replacement, text)
    if any(needle in lower for needle in _NAMED_NEEDLES):
        text = _NAMED.sub(_without_value, text)
    return text


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether the text of a field of this name is to be kept to ourselves."""
    return _FIELD.fullmatch(name) is not None and _HARMLESS.fullmatch(name) is None


def _without_value(found: re.Match[str]) -> str:
    name = found[1]
    if name.lower() == "key" or not is_secret_name(name):  # in prose a key is seldom a secret
        return found[0]
    return f"{name}{found[2]}{MASK}"


def masked(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields with secrets masked, at every depth; numbers and None are never secrets."""
    return {name: _value(name, value, MAX_DEPTH) for name, value in fields.items()}


def _value(name: str, value: object, depth: int) -> object:  # noqa: PLR0911  # one for each kind
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret_name(name):
        return MASK
    if isinstance(value, str):
        return masked_text(value)
    if depth == 0:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): _value(str(key), item, depth - 1) for key, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        members = cast("list[object]", value)
        return [_value("", member, depth - 1) for member in members]
    return masked_text(str(value))
