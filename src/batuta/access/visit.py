"""What a request says of itself: where it comes from, which key it shows, which page sent it.

Every header here may be missing, repeated, huge or nonsense; reading it never raises.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.requests import cookie_parser

COOKIE: Final = "batuta_key"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110, section 9.2.1."""

_HOST: Final = re.compile(
    r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^\s:/@\[\]\\?#]+))(?::\d{1,5})?", re.ASCII
)
_PROXY_HEADERS: Final = frozenset({"forwarded", "via", "x-real-ip"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as access is concerned."""

    method: str
    path: str
    address: str
    """The client's IP address; "" where the server does not say."""
    authority: str
    """The `Host` header as it came, "" where there was none or several."""
    forwarded: bool
    """A proxy handed it on: whoever asks is not on this machine because the connection is."""
    keys: tuple[str, ...]
    """The different keys in `Authorization: Bearer` and `X-API-Key`."""
    cookie: str
    """The key of the console's cookie, "" where there is none."""
    origin: str | None
    fetch_site: str | None
    wants_page: bool
    """A browser asks for a page to show."""
    https: bool

    @property
    def host(self) -> str | None:
        """The name or address in `Host`, without its port and in lower case; None for what is neither."""
        return host_in(self.authority)

    @property
    def unsafe(self) -> bool:
        """Whether the request may change something; a WebSocket can."""
        return self.method not in SAFE_METHODS

    @property
    def from_loopback(self) -> bool:
        """Whether the connection comes from this machine."""
        return is_loopback(self.address)


def read_visit(scope: Mapping[str, Any]) -> Visit:
    """The visit in an ASGI scope of a request or a WebSocket."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(_text(value))
    client = scope.get("client")
    return Visit(
        method=scope.get("method", "WEBSOCKET"),
        path=scope["path"],
        address=str(client[0] or "") if client else "",
        authority=_only(headers.get("host", ())) or "",
        forwarded=any(name in _PROXY_HEADERS or name.startswith("x-forwarded-") for name in headers),
        keys=_keys(headers),
        cookie=_from_cookie(cookie_parser("; ".join(headers.get("cookie", ()))).get(COOKIE, "")),
        origin=_only(headers.get("origin", ())),
        fetch_site=_only(headers.get("sec-fetch-site", ())),
        wants_page="text/html" in ",".join(headers.get("accept", ())),
        https=scope.get("scheme") in {"https", "wss"},
    )


def to_cookie(key: str) -> str:
    """A key as the value of our cookie: the operator's own may have any characters."""
    return quote(key, safe="", errors="surrogatepass")


def _from_cookie(value: str) -> str:
    return unquote(value)


def host_in(authority: str) -> str | None:
    """The host of `host[:port]`, an IPv6 address without its brackets; None where that is not what it is."""
    match = _HOST.fullmatch(authority)
    return None if match is None else str(match["v6"] or match["name"]).lower().removesuffix(".")


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host is this machine by itself: `localhost` or a loopback address."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _keys(headers: Mapping[str, list[str]]) -> tuple[str, ...]:
    shown = list(headers.get("x-api-key", ()))
    for value in headers.get("authorization", ()):
        scheme, _, token = value.strip().partition(" ")
        if scheme.lower() == "bearer":
            shown.append(token)
    return tuple(dict.fromkeys(key.strip() for key in shown if key.strip()))


def _only(values: Iterable[str]) -> str | None:
    """The one value; several are joined, as HTTP would, and so match nothing."""
    found = list(values)
    return ", ".join(found) if found else None


def _text(value: bytes) -> str:
    """UTF-8 where it is that, and otherwise the same bytes again when it is encoded."""
    return value.decode(errors="surrogateescape")
