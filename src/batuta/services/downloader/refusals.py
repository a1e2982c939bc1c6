"""What a server's answer, or the lack of one, means for whoever asked for the download."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from batuta.errors import ServiceBusy, ServiceError, ServiceRefused, ServiceUnavailable

_LATER: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_ADVICE: Final = {
    HTTPStatus.UNAUTHORIZED: "It needs a login; upload the file instead.",
    HTTPStatus.FORBIDDEN: "It may be private or closed to downloads; upload the file instead.",
    HTTPStatus.NOT_FOUND: "Check the address.",
    HTTPStatus.GONE: "It has been removed.",
}
_REASONS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "there is no server of this name"),
    (ssl.SSLCertVerificationError, "its certificate cannot be trusted"),
    (ConnectionRefusedError, "it refuses connections"),
    (TimeoutError, "it does not answer"),
    (ConnectionError, "the connection broke"),
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_BUG_REPORT: Final = re.compile(
    r"[;,.]?\s*(please report this issue|Confirm you are on the latest).*", re.DOTALL | re.IGNORECASE
)
_PREFIX: Final = re.compile(r"^(ERROR:\s*)?(\[[^\]]+\]\s*)?")
_LONGEST: Final = 300


def shown(url: str) -> str:
    """The URL for a message: without password and query, which may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def answered(url: str, status: int, retry_after: str | None = None) -> ServiceError:
    """The error for an answer other than 200: refused for good, or worth another try."""
    known = status in {known.value for known in HTTPStatus}
    phrase = f" {HTTPStatus(status).phrase}" if known else ""
    message = f"{shown(url)} answered {status}{phrase}."
    if status in _LATER:
        return ServiceBusy(message, _seconds(retry_after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceUnavailable(message, _seconds(retry_after))
    advice = _ADVICE.get(HTTPStatus(status)) if known else None
    return ServiceRefused(f"{message} {advice}" if advice else message)


def unreachable(url: str, error: BaseException) -> ServiceUnavailable:
    """The error for a connection that failed or broke; the reason is the first that people can understand."""
    reasons = (reason for cause in causes(error) for kind, reason in _REASONS if isinstance(cause, kind))
    return ServiceUnavailable(f"{shown(url)} cannot be reached: {next(reasons, one_line(error))}.")


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and whatever is behind it, in any of the ways Python and yt-dlp keep that."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        cause = todo.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            todo += [*(getattr(cause, "exc_info", None) or ()), getattr(cause, "cause", None)]
            todo += [cause.__cause__, cause.__context__]


def one_line(text: object) -> str:
    """A library's message for our users: one line, no colours, no advice to report a bug."""
    plain = _PREFIX.sub("", _BUG_REPORT.sub("", _COLOUR.sub("", str(text))))
    return " ".join(plain.split())[:_LONGEST]


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds (RFC 9110, section 10.2.3); its other form, a date, is left out."""
    return float(retry_after) if retry_after and retry_after.strip().isdigit() else None
