"""iTunes Search: albums of Apple's store, with the date the store has for them, which may be a reissue's.

What is asked: `/search` with `media=music&entity=album`; see
https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/Searching.html
and `UnderstandingSearchResults.html` beside it. How often: "approximately 20 calls per minute" (same manual).
Above that the store answers 403 with an empty body and no Retry-After (github.com/Vinelab/iTunes, issue 5):
here 403 is no refusal of the question but a pause for everybody.
"""

from __future__ import annotations

from typing import Final

import httpx2
from pydantic import BaseModel

from batuta.albums.sources.answers import Candidate, Failed, Found, Kind, SourceAnswer, Unknown
from batuta.albums.sources.asking import DEFAULT, Asker, Manners, user_agent
from batuta.albums.sources.failures import entries, year_of
from batuta.albums.sources.names import clean, read_title, searchable_artist, searchable_title
from batuta.clients.pace import Rate

URL: Final = "https://itunes.apple.com"
RATE: Final = Rate.per_minute(20)
_MOST: Final = 25
_BUSY: Final = 403


class _Album(BaseModel):
    collectionName: str  # noqa: N815  # as the store writes it
    artistName: str = ""  # noqa: N815
    wrapperType: str = "collection"  # noqa: N815
    collectionType: str = ""  # noqa: N815
    releaseDate: str | None = None  # noqa: N815
    country: str | None = None


class _Page(BaseModel):
    results: list[object]


class ITunes:
    """Asks the store of one country, by its two letters."""

    name = "itunes"

    def __init__(
        self,
        *,
        url: str = URL,
        country: str = "US",
        contact: str = "",
        rate: Rate = RATE,
        transport: httpx2.AsyncBaseTransport | None = None,
        manners: Manners = DEFAULT,
    ) -> None:
        """The contact is not asked for; a store that wants to complain can use it."""
        self._country = country
        self._asker = Asker(
            self.name,
            url,
            rate,
            user_agent=user_agent(contact),
            transport=transport,
            busy_status=_BUSY,
            manners=manners,
        )

    async def look_up(self, artist: str, album: str) -> SourceAnswer:
        """The albums of the store for these words."""
        term = f"{searchable_artist(clean(artist, 'artist'))} {searchable_title(clean(album, 'album'))}"
        page = await self._asker.ask(
            "/search",
            {"term": term, "media": "music", "entity": "album", "country": self._country, "limit": _MOST},
            _Page,
        )
        albums = page if isinstance(page, Failed) else entries(self.name, page.results, _Album)
        if isinstance(albums, Failed):
            return albums
        found = [
            _candidate(album, at) for at, album in enumerate(albums) if album.wrapperType == "collection"
        ]
        return Found(self.name, tuple(found)) if found else Unknown(self.name)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._asker.aclose()


def _candidate(album: _Album, rank: int) -> Candidate:
    title = read_title(album.collectionName)
    kind = Kind.COMPILATION if album.collectionType == "Compilation" else Kind.ALBUM
    return Candidate(
        title=album.collectionName,
        artist=album.artistName,
        year=year_of(album.releaseDate),
        kind=title.kind or kind,
        country=album.country,
        score=max(100 - 4 * rank, 0),
        reissue=title.edition,
    )
