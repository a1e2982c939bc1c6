"""What a web page must not make its visitor's browser do to us: DNS rebinding and cross-site requests.

Where no key is needed, or a cookie is the key, the browser brings the permission and the page the intention.
So the page must be ours. A key in a header needs none of this: a foreign page does not know it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from batuta.access.visit import Visit
from batuta.errors import Forbidden

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_OUR_SITE: Final = frozenset({"same-origin", "none"})
"""`none`: the person typed the address, or opened a bookmark."""


def check_host(visit: Visit, names: Collection[str]) -> None:
    """Raise `Forbidden` where the browser was led here under somebody else's name.

    In DNS rebinding a foreign name resolves to 127.0.0.1, and the foreign page then is of "the same origin"
    as our answers; only the `Host` header still tells.
    """
    if visit.host is None or visit.host not in names:
        raise Forbidden(
            f"the Host header {visit.authority[:100]!r} is not a name of this server: ask for it as "
            f"http://localhost or http://127.0.0.1"
        )


def check_page(visit: Visit, *, must_prove: bool) -> None:
    """Raise `Forbidden` for an unsafe request that another site's page sends.

    `Sec-Fetch-Site` decides where the browser sends it, as no page can forge it; elsewhere (plain http, old
    browsers) `Origin` must be our own address. With neither it is no browser, which is not enough where the
    visit `must_prove` that it comes from our page.
    The same rules as Go's `net/http.CrossOriginProtection`.
    """
    if not visit.unsafe:
        return
    if visit.fetch_site is not None:
        ours = visit.fetch_site in _OUR_SITE
    elif visit.origin is not None:
        ours = _authority(visit.origin) == visit.authority.lower() != ""
    else:
        ours = not must_prove
    if not ours:
        raise Forbidden(
            f"{visit.method} {visit.path[:100]!r} from another site's page (Origin "
            f"{(visit.origin or 'not sent')[:100]!r}): send the key in a header instead"
        )


def _authority(origin: str) -> str | None:
    """`host[:port]` of an origin; None for "null" and for what is no origin."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin:
        return None
    return parts.netloc.lower()
