"""Discogs: masters, whose year is that of the first release, and single releases of albums without a master.

What is asked: `/database/search`; see https://www.discogs.com/developers#page:database,header:database-search.
As whom: `Authorization: Discogs token=…` (`#page:authentication`). Searching without gives 401 "You must
authenticate to access this resource.", whatever the manual's table of limits says of the unauthenticated. How
often: 60 requests a minute with a token, 25 without (`#page:home,header:home-rate-limiting`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import httpx2
from pydantic import BaseModel

from batuta.albums.sources.answers import Candidate, Failed, Found, Kind, Reason, SourceAnswer, Unknown
from batuta.albums.sources.asking import DEFAULT, Asker, Manners, source_transport, user_agent
from batuta.albums.sources.credential import Credential
from batuta.albums.sources.failures import entries, year_of
from batuta.albums.sources.names import (
    VARIOUS,
    artist_match,
    clean,
    read_artist,
    searchable_artist,
    searchable_title,
    title_match,
)
from batuta.clients.pace import Rate

URL: Final = "https://api.discogs.com"
RATE: Final = Rate.per_minute(25)
RATE_WITH_TOKEN: Final = Rate.per_minute(60)
SHUT_SECONDS: Final = 600.0
"""After a 401 the next question would get the same answer, and cost a turn."""
_MOST: Final = 25
_NUMBERED: Final = re.compile(r" \(\d+\)(?=$|[ ,&/*])")
"""`Cream (2)`: the second of that name."""
_VARIATION: Final = re.compile(r"\*(?=$|[ ,&/])")
"""`Jay Z*`: the name as printed on this release, not the usual one."""
_REISSUES: Final = frozenset({"Reissue", "Repress", "Remastered"})
_KINDS: Final = {
    "Compilation": Kind.COMPILATION,
    "Single": Kind.SINGLE,
    "Maxi-Single": Kind.SINGLE,
    "EP": Kind.EP,
    "Mini-Album": Kind.EP,
    "Album": Kind.ALBUM,
    "LP": Kind.ALBUM,
}
"""In this order: a compilation on LP is a compilation."""


class _Result(BaseModel):
    title: str
    year: str | int | None = None
    country: str | None = None
    format: list[str] | None = None


class _Page(BaseModel):
    results: list[object]


class Discogs:
    """Asks Discogs, with a token or (a mirror may allow it) without."""

    name = "discogs"

    def __init__(
        self,
        token: str | None = None,
        *,
        url: str = URL,
        contact: str = "",
        rate: Rate | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        manners: Manners = DEFAULT,
    ) -> None:
        """Raises `InvalidRequest` for a token no header can carry; `rate` is as published unless given."""
        transport = transport or source_transport()
        credential = Credential(transport, "Discogs token=", token) if token and token.strip() else None
        self._has_token = credential is not None
        self._clock = manners.clock
        self._shut_until = -math.inf
        self._asker = Asker(
            self.name,
            url,
            rate or (RATE_WITH_TOKEN if self._has_token else RATE),
            user_agent=user_agent(contact),
            transport=credential or transport,
            masked=credential.masked if credential else str,
            manners=manners,
        )

    async def look_up(self, artist: str, album: str) -> SourceAnswer:
        """Masters; if none of them is the album and has a year, releases as well (a second request)."""
        artist, album = clean(artist, "artist"), clean(album, "album")
        if self._clock.now() < self._shut_until:
            return self._shut()
        masters = await self._search("master", artist, album)
        if isinstance(masters, Failed):
            return masters
        found = [replace(master, original_year=master.year, reissue=False) for master in masters]
        if not any(_is_it(master, artist, album) for master in found):
            releases = await self._search("release", artist, album)
            if isinstance(releases, Failed):
                return releases
            found += releases
        return Found(self.name, tuple(found)) if found else Unknown(self.name)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._asker.aclose()

    async def _search(self, sort: str, artist: str, album: str) -> list[Candidate] | Failed:
        name = "various" if read_artist(artist) == VARIOUS else searchable_artist(artist)
        params = {"type": sort, "artist": name, "release_title": searchable_title(album), "per_page": _MOST}
        page = await self._asker.ask("/database/search", params, _Page)
        results = page if isinstance(page, Failed) else entries(self.name, page.results, _Result)
        if not isinstance(results, Failed):
            return [_candidate(result, artist, at) for at, result in enumerate(results)]
        if results.reason is not Reason.NEEDS_TOKEN:
            return results
        self._shut_until = self._clock.now() + SHUT_SECONDS
        return self._shut()

    def _shut(self) -> Failed:
        message = (
            "discogs does not accept the token: make a new one on its page for developers, set DISCOGS_TOKEN."
            if self._has_token
            else "discogs searches only with a token: make one on its page for developers, set DISCOGS_TOKEN."
        )
        return Failed(self.name, Reason.NEEDS_TOKEN, message)


def _is_it(candidate: Candidate, artist: str, album: str) -> bool:
    if candidate.year is None or not title_match(album, candidate.title):
        return False
    return artist_match(artist, candidate.artist) > 0


def _candidate(result: _Result, asked: str, rank: int) -> Candidate:
    artist, title = _parted(result.title, asked)
    formats = frozenset(result.format or ())
    return Candidate(
        title=title,
        artist=artist,
        year=year_of(result.year),
        kind=_kind(formats),
        country=result.country or None,
        score=max(100 - 4 * rank, 0),
        reissue=bool(formats & _REISSUES),
        official="Unofficial Release" not in formats,
    )


def _parted(text: str, asked: str) -> tuple[str, str]:
    """Artist and title of `Artist - Title`; of several dashes the one after the artist asked for."""
    parts = text.split(" - ")
    splits = [(_named(" - ".join(parts[:at])), " - ".join(parts[at:])) for at in range(1, len(parts))]
    if not splits:
        return "", text
    return max(splits, key=lambda split: artist_match(asked, split[0]))  # the first of equals


def _named(artist: str) -> str:
    return _VARIATION.sub("", _NUMBERED.sub("", artist))


def _kind(formats: Iterable[str]) -> Kind:
    said = frozenset(formats)
    return next((kind for name, kind in _KINDS.items() if name in said), Kind.UNSAID)
