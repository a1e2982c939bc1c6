"""MusicBrainz: release groups, which know when an album first came out.

What is asked: `release-group` of the web service, version 2, by a Lucene query, as JSON; see
https://musicbrainz.org/doc/MusicBrainz_API/Search#Release_Group. How often, and as whom: one request a second
for each address, 503 above that, with a User-Agent that names application, version and a contact; see
https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting.
"""

from __future__ import annotations

import re
from typing import Final

import httpx2
from pydantic import BaseModel, Field

from batuta.albums.sources.answers import Candidate, Failed, Found, Kind, Reason, SourceAnswer, Unknown
from batuta.albums.sources.asking import DEFAULT, Asker, Manners, user_agent
from batuta.albums.sources.failures import entries, year_of
from batuta.albums.sources.names import VARIOUS, clean, read_artist, searchable_artist, searchable_title
from batuta.clients.pace import Rate

URL: Final = "https://musicbrainz.org/ws/2"
RATE: Final = Rate(interval=1.0)
_MOST: Final = 25
"""Release groups in an answer; the right one is among the first."""
_SPECIAL: Final = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')
"""What means something in a query (Lucene's classic syntax, "Escaping Special Characters")."""
_SECONDARY: Final = {
    "Live": Kind.LIVE,
    "Remix": Kind.REMIX,
    "DJ-mix": Kind.REMIX,
    "Compilation": Kind.COMPILATION,
    "Soundtrack": Kind.SOUNDTRACK,
    "Mixtape/Street": Kind.ALBUM,
}
"""In this order: a live compilation is live. Others (Interview, Audiobook, Demo, …) are no albums."""
_PRIMARY: Final = {"Album": Kind.ALBUM, "Single": Kind.SINGLE, "EP": Kind.EP}


class _Alias(BaseModel):
    name: str = ""


class _Artist(BaseModel):
    name: str = ""
    aliases: list[_Alias] | None = None


class _Credit(BaseModel):
    name: str = ""
    joinphrase: str | None = None
    artist: _Artist = _Artist()


class _Release(BaseModel):
    status: str | None = None


class _Group(BaseModel):
    title: str
    score: int = 0
    credits: list[_Credit] = Field(alias="artist-credit", default=[])
    first_release: str | None = Field(alias="first-release-date", default=None)
    primary: str | None = Field(alias="primary-type", default=None)
    secondary: list[str] | None = Field(alias="secondary-types", default=None)
    disambiguation: str | None = None
    releases: list[_Release] | None = None


class _Page(BaseModel):
    groups: list[object] = Field(alias="release-groups")


class MusicBrainz:
    """Asks MusicBrainz, or a mirror of it at another URL."""

    name = "musicbrainz"

    def __init__(
        self,
        contact: str,
        *,
        url: str = URL,
        rate: Rate = RATE,
        transport: httpx2.AsyncBaseTransport | None = None,
        manners: Manners = DEFAULT,
    ) -> None:
        """`contact` is a URL or an e-mail address of whoever runs this; only a mirror is asked without."""
        self._asker = Asker(
            self.name, url, rate, user_agent=user_agent(contact), transport=transport, manners=manners
        )
        self._anonymous = not contact.strip() and httpx2.URL(url).host.endswith("musicbrainz.org")

    async def look_up(self, artist: str, album: str) -> SourceAnswer:
        """The release groups of such a title and artist."""
        query = f"{_clause('releasegroup', _title(album))} AND {_clause('artist', _artist(artist))}"
        if self._anonymous:
            return Failed(
                self.name,
                Reason.NEEDS_CONTACT,
                "musicbrainz wants to know whom to write to: set ALBUMS_CONTACT to a URL or e-mail address.",
            )
        page = await self._asker.ask("/release-group", {"query": query, "fmt": "json", "limit": _MOST}, _Page)
        groups = page if isinstance(page, Failed) else entries(self.name, page.groups, _Group)
        if isinstance(groups, Failed):
            return groups
        return Found(self.name, tuple(map(_candidate, groups))) if groups else Unknown(self.name)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._asker.aclose()


def _title(album: str) -> str:
    return searchable_title(clean(album, "album"))


def _artist(artist: str) -> str:
    name = searchable_artist(clean(artist, "artist"))
    return "various artists" if read_artist(name) == VARIOUS else name


def _clause(name: str, text: str) -> str:
    """The words in a row, or else any of them: what fits best comes first."""
    words = " ".join(_SPECIAL.sub(r"\\\1", word) for word in text.split())
    phrase = re.sub(r'(["\\])', r"\\\1", text)
    return f'{name}:("{phrase}" {words})'


def _candidate(group: _Group) -> Candidate:
    year = year_of(group.first_release)
    alone = [credit.artist for credit in group.credits] if len(group.credits) == 1 else []
    statuses = {release.status for release in group.releases or []} - {None}
    return Candidate(
        title=group.title,
        artist="".join(f"{credit.name}{credit.joinphrase or ''}" for credit in group.credits),
        year=year,
        original_year=year,
        kind=_kind(group),
        score=min(max(group.score, 0), 100),
        also_known_as=tuple(
            name
            for artist in alone
            for name in (artist.name, *(alias.name for alias in artist.aliases or []))
        ),
        comment=group.disambiguation or "",
        official=not statuses or statuses != {"Bootleg"},
    )


def _kind(group: _Group) -> Kind:
    secondary = group.secondary or []
    for name, kind in _SECONDARY.items():
        if name in secondary:
            return kind
    if secondary:
        return Kind.OTHER
    return Kind.UNSAID if group.primary is None else _PRIMARY.get(group.primary, Kind.OTHER)
