"""MusicBrainz, iTunes and Discogs on loopback: their paths, parameters, shapes of answers and bad days.

One catalogue, told in three ways. The shapes are those of the services' manuals (the pages that
`batuta.albums.sources` cites) and of answers seen in the wild; the albums are written down here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from batuta.albums.sources import Discogs, ITunes, Manners, MusicBrainz
from batuta.clients import Clock

CONTACT = "https://example.org/who-runs-this"
TOKEN = "QmVzdEtlcHRTZWNyZXQxMjM0"

Source = MusicBrainz | ITunes | Discogs
Make = Callable[..., Source]


@dataclass(frozen=True)
class Album:
    """One album as the three services know it."""

    artist: str
    title: str
    first: str
    """Date of the first release."""
    store: str | None = None
    """The date Apple's store has; None when it does not sell it."""
    kind: str = "Album"
    secondary: tuple[str, ...] = ()
    comment: str = ""
    aliases: tuple[str, ...] = ()
    master: bool = True
    """Discogs has a master for it, not only single releases."""
    number: str = ""
    """What Discogs adds to the artist's name."""


CATALOGUE = (
    Album("Nirvana", "Nevermind", "1991-09-24", "1991-09-24", number=" (2)"),
    Album("The Beatles", "Abbey Road", "1969-09-26", "1969-09-26"),
    Album("Кино", "Группа крови", "1988", aliases=("Kino", "Viktor Tsoi & Kino")),
    Album("Sunn O)))", "Monoliths & Dimensions", "2009-05-18", "2009-05-26", master=False),
    Album("Weezer", "Weezer", "2001-05-15", "2001-05-15", comment="Green Album"),
    Album("Weezer", "Weezer", "1994-05-10", "1994-05-10", comment="Blue Album"),
    Album("Prince", "Kiss", "1986-02-05", "1986-02-05", kind="Single"),
    Album("Neil Young", "Live at Massey Hall 1971", "2007-03-13", secondary=("Live",)),
    Album("Various Artists", "Now That's What I Call Music", "1983-11-28", secondary=("Compilation",)),
    Album("Simon & Garfunkel", "Bookends", "1968-04-03", "1968-04-03"),
)


def musicbrainz_group(album: Album, score: int = 100) -> dict[str, Any]:
    """One of `release-groups` in a search's answer."""
    return {
        "id": f"rg-{album.title}",
        "type-id": "f529b476-6e62-324f-b0aa-1f3e33d313fc",
        "score": score,
        "count": 2,
        "title": album.title,
        "first-release-date": album.first,
        "primary-type": album.kind,
        **({"secondary-types": list(album.secondary)} if album.secondary else {}),
        **({"disambiguation": album.comment} if album.comment else {}),
        "artist-credit": [
            {
                "name": album.artist,
                "artist": {
                    "id": f"a-{album.artist}",
                    "name": album.artist,
                    "sort-name": album.artist,
                    "aliases": [
                        {"sort-name": name, "name": name, "locale": None, "primary": None}
                        for name in album.aliases
                    ],
                },
            }
        ],
        "releases": [
            {"id": "r-1", "title": album.title, "status": "Official"},
            {"id": "r-2", "title": album.title, "status": "Promotion"},
        ],
    }


def itunes_album(album: Album) -> dict[str, Any]:
    """One of `results` of the store's search."""
    return {
        "wrapperType": "collection",
        "collectionType": "Album",
        "artistId": 112018,
        "collectionId": 1440783617,
        "artistName": album.artist,
        "collectionName": album.title + (" - Single" if album.kind == "Single" else ""),
        "collectionCensoredName": album.title,
        "collectionExplicitness": "notExplicit",
        "trackCount": 13,
        "copyright": "℗ 1991 Somebody",
        "country": "USA",
        "currency": "USD",
        "releaseDate": f"{album.store}T07:00:00Z",
        "primaryGenreName": "Rock",
    }


def discogs_result(album: Album, sort: str) -> dict[str, Any]:
    """One of `results` of the database's search."""
    return {
        "country": "US",
        "year": album.first[:4],
        "format": ["Vinyl", "LP", album.kind, *album.secondary],
        "label": ["Somebody"],
        "type": sort,
        "genre": ["Rock"],
        "id": 13814,
        "barcode": ["7 2064-24425-2 4"],
        "master_id": 13814,
        "title": f"{album.artist}{album.number} - {album.title}",
        "community": {"want": 100, "have": 1000},
    }


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _similar(asked: str, title: str) -> bool:
    return bool(_words(asked) & _words(title))


def _phrase(query: str, name: str) -> str:
    found = re.search(rf'{name}:\("((?:[^"\\]|\\.)*)"', query)
    return found[1] if found else ""


async def _musicbrainz(request: Request) -> Response:
    query = request.query_params["query"]
    artist, title = _phrase(query, "artist"), _phrase(query, "releasegroup")
    found = [
        musicbrainz_group(album)
        for album in CATALOGUE
        if _similar(title, album.title) and _similar(artist, " ".join((album.artist, *album.aliases)))
    ]
    return JSONResponse(
        {"created": "2026-11-20T11:00:00.000Z", "count": len(found), "offset": 0, "release-groups": found}
    )


async def _itunes(request: Request) -> Response:
    term = _words(request.query_params["term"])
    found = [
        itunes_album(album)
        for album in CATALOGUE
        if album.store is not None and _words(f"{album.artist} {album.title}") - {"the"} <= term
    ]
    body = "\n\n\n" + json.dumps({"resultCount": len(found), "results": found})
    return Response(body, media_type="text/javascript; charset=utf-8")  # as the store does


async def _discogs(request: Request) -> Response:
    if request.headers.get("authorization") != f"Discogs token={TOKEN}":
        return JSONResponse({"message": "You must authenticate to access this resource."}, 401)
    asked = request.query_params
    found = [
        discogs_result(album, asked["type"])
        for album in CATALOGUE
        if (album.master or asked["type"] == "release")
        and _similar(asked["release_title"], album.title)
        and _similar(asked["artist"], album.artist)
    ]
    page = {"page": 1, "pages": 1, "per_page": 25, "items": len(found), "urls": {}}
    headers = {"X-Discogs-Ratelimit": "60", "X-Discogs-Ratelimit-Remaining": "59"}
    return JSONResponse({"pagination": page, "results": found}, headers=headers)


@dataclass(frozen=True)
class Says:
    """Something in the place of an answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """Nothing comes until the server is let go."""
    cut: bool = False
    """The connection breaks after the body."""


HTML = Says(
    body=b"<!DOCTYPE html><html><body>We are down for maintenance.</body></html>",
    headers={"Content-Type": "text/html"},
)
SILENCE = Says(silent=True)


class Loopback:
    """The three services in one app; `script` has what happens first, before they answer as usual."""

    def __init__(self) -> None:
        self.script: deque[Says] = deque()
        self.always: Says | None = None
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        """Somebody has asked."""
        self._let_go = asyncio.Event()
        self._app = Starlette(
            routes=[
                Route("/ws/2/release-group", _musicbrainz),
                Route("/search", _itunes),
                Route("/database/search", _discogs),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.requests.append(Request(scope))
        self.asked.set()
        says = self.script.popleft() if self.script else self.always
        if says is None:
            await self._app(scope, receive, send)
            return
        if says.silent:
            await self._let_go.wait()
        headers = {**says.headers}
        if says.cut:
            headers["Content-Length"] = str(len(says.body) + 1000)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": says.status, "headers": raw})
        await send({"type": "http.response.body", "body": says.body, "more_body": says.cut})

    def let_go(self) -> None:
        """Whoever waits for an answer gets one."""
        self._let_go.set()


class Watched(httpx2.AsyncBaseTransport):
    """Notes when each request leaves, by the clock."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self.left: list[float] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.left.append(self._clock.now())
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def make_musicbrainz(
    url: str, manners: Manners, transport: httpx2.AsyncBaseTransport | None = None
) -> MusicBrainz:
    return MusicBrainz(CONTACT, url=f"{url}/ws/2", transport=transport, manners=manners)


def make_itunes(url: str, manners: Manners, transport: httpx2.AsyncBaseTransport | None = None) -> ITunes:
    return ITunes(url=url, transport=transport, manners=manners)


def make_discogs(url: str, manners: Manners, transport: httpx2.AsyncBaseTransport | None = None) -> Discogs:
    return Discogs(TOKEN, url=url, transport=transport, manners=manners)


MAKERS: dict[str, Make] = {"musicbrainz": make_musicbrainz, "itunes": make_itunes, "discogs": make_discogs}
