"""A request for a turn, checked and completed: every id is there, the input is JSON of a kept size."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from batuta.errors import InvalidRequest
from batuta.ids import content_key
from batuta.sessions.models import Ask, Who
from batuta.sessions.packing import input_text, parsed

LONGEST_ID: Final = 128
LONGEST_USER: Final = 256
LONGEST_NAME: Final = 64
"""Of an API key's id, a type of request, a status."""

_SESSION_ID: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{LONGEST_ID}}}")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Asked:
    """What is asked, by whom, in which session."""

    who: Who
    session_id: str
    request_id: str
    request_type: str
    fingerprint: str
    input_text: bytes
    """JSON."""

    @cached_property
    def input(self) -> dict[str, Any]:
        """As it will be read again."""
        return parsed(self.input_text)


def asked(ask: Ask) -> Asked:
    """The request with every id; raises `InvalidRequest`."""
    text = input_text(ask.input)
    _check("user_id", ask.who.user_id, LONGEST_USER)
    _check("request_type", ask.request_type, LONGEST_NAME)
    if ask.who.owner:
        _check("owner", ask.who.owner, LONGEST_NAME)
    if ask.request_id is not None:
        _check("request_id", ask.request_id, LONGEST_ID)
    if ask.session_id is not None and not is_session_id(ask.session_id):
        raise InvalidRequest(
            f"session_id {ask.session_id[:LONGEST_ID]!r}: write 1 to {LONGEST_ID} of A-Z a-z 0-9 . _ : -"
        )
    return Asked(
        who=ask.who,
        session_id=ask.session_id or _new_session_id(ask),
        request_id=ask.request_id or secrets.token_hex(8),
        request_type=ask.request_type,
        fingerprint=content_key(ask.request_type, parsed(text)),
        input_text=text,
    )


def is_session_id(text: str) -> bool:
    """Whether a session can have this id."""
    return _SESSION_ID.fullmatch(text) is not None


def fits(text: str, longest: int) -> bool:
    """Whether it is 1 to so many characters that people can read."""
    return 1 <= len(text) <= longest and _UNPRINTABLE.search(text) is None


def _check(name: str, text: str, longest: int) -> None:
    if not fits(text, longest):
        raise InvalidRequest(f"{name} {text[:longest]!r}: write 1 to {longest} printable characters")


def _new_session_id(ask: Ask) -> str:
    """128 bits; the same for the same request, where the caller can say which that is."""
    if ask.request_id is None:
        return secrets.token_hex(16)
    return content_key("session", ask.who.user_id, ask.who.owner, ask.request_id)[:32]
