"""The resolver: what is known is not asked, failures are never kept, and one album is concluded once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batuta.albums import AppConfig, CacheOrchestrator, TrackDict
from batuta.albums.resolver import AlbumYears
from batuta.albums.scoring import Weight
from batuta.albums.sources.answers import Candidate, Failed, Found, Reason, SourceAnswer, Unknown
from batuta.errors import InvalidRequest, ServiceUnavailable

pytestmark = pytest.mark.anyio

ARTIST, ALBUM = "Björk", "Debut"


@dataclass
class Asked:
    """A source that says what it is told to."""

    name: str
    says: SourceAnswer
    asked: list[tuple[str, str]] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def look_up(self, artist: str, album: str) -> SourceAnswer:
        self.asked.append((artist, album))
        self.begun.set()
        await self.may_answer.wait()
        return self.says

    async def aclose(self) -> None:
        return


def knows(source: str, year: int, *, first: bool = True) -> Found:
    candidate = Candidate(ALBUM, ARTIST, year=year, original_year=year if first else None, score=100)
    return Found(source, (candidate,))


def busy(source: str, retry_after: float | None = None) -> Failed:
    return Failed(source, Reason.BUSY, f"{source} has had too much", retry_after)


@pytest.fixture
async def caches(tmp_path: Path) -> AsyncIterator[CacheOrchestrator]:
    async with CacheOrchestrator(AppConfig(logs_base_dir=tmp_path)) as found:
        yield found


def resolver(caches: CacheOrchestrator, *sources: Asked) -> AlbumYears:
    return AlbumYears(caches, sources, today=lambda: dt.date(2026, 11, 20))


async def test_a_year_is_concluded_once_and_then_known(caches: CacheOrchestrator) -> None:
    """The sources are asked for the first, and what they said is told again with the second."""
    one, other = Asked("one", knows("one", 1993)), Asked("other", knows("other", 1993))
    years = resolver(caches, one, other)
    first = await years.resolve(ARTIST, ALBUM)
    assert (first.year, first.origin, first.confidence) == ("1993", "sources", 94)
    again = await years.resolve(ARTIST.upper(), f" {ALBUM} ")
    assert (again.year, again.origin, again.confidence) == ("1993", "cache", 94)
    assert again.said == first.said
    assert again.kept_at is not None
    assert len(one.asked) == len(other.asked) == 1


async def test_only_who_has_not_answered_is_asked_again(caches: CacheOrchestrator) -> None:
    """A failure is not kept, an answer is: with a source down a doubtful year is concluded anew."""
    up, down = Asked("up", knows("up", 1993, first=False)), Asked("down", busy("down"))
    years = resolver(caches, up, down)
    doubtful = await years.resolve(ARTIST, ALBUM)
    assert (doubtful.year, doubtful.confidence) == ("1993", 50)
    assert await caches.get_album_year(ARTIST, ALBUM) is None
    assert await caches.get_cached_api_result(ARTIST, ALBUM, "down") is None
    down.says = knows("down", 1993)
    surer = await years.resolve(ARTIST, ALBUM)
    assert (surer.year, surer.confidence) == ("1993", 88)
    assert (len(up.asked), len(down.asked)) == (1, 2)
    assert await caches.get_album_year(ARTIST, ALBUM) == "1993"


async def test_a_sure_year_is_kept_though_a_source_is_down(caches: CacheOrchestrator) -> None:
    """Two that know the first release are enough."""
    years = resolver(
        caches,
        Asked("one", knows("one", 1993)),
        Asked("two", knows("two", 1993)),
        Asked("down", busy("down")),
    )
    assert (await years.resolve(ARTIST, ALBUM)).confidence == 94
    assert await caches.get_album_year(ARTIST, ALBUM) == "1993"


async def test_an_outage_is_never_no_year(caches: CacheOrchestrator) -> None:
    """It is an error that says who failed, and when to come again."""
    years = resolver(caches, Asked("one", Unknown("one")), Asked("two", busy("two", 40)))
    with pytest.raises(ServiceUnavailable, match="two has had too much") as caught:
        await years.resolve(ARTIST, ALBUM)
    assert caught.value.retry_after == 40
    assert await caches.get_cached_api_result(ARTIST, ALBUM, "two") is None


async def test_nobody_s_knowing_it_is_an_answer(caches: CacheOrchestrator) -> None:
    """And is kept for each source as a negative one, so that nobody is asked again soon."""
    one, two = Asked("one", Unknown("one")), Asked("two", Unknown("two"))
    years = resolver(caches, one, two)
    for _ in range(2):
        nothing = await years.resolve(ARTIST, ALBUM)
        assert (nothing.year, nothing.confidence) == (None, 0)
        assert {said.weight for said in nothing.said} == {Weight.UNKNOWN}
    assert len(one.asked) == len(two.asked) == 1


async def test_a_source_that_needs_a_token_stands_in_nobody_s_way(caches: CacheOrchestrator) -> None:
    """Asking it later would help nobody, so its failure is no outage."""
    needs = Asked("needs", Failed("needs", Reason.NEEDS_TOKEN, "set its token"))
    nothing = await resolver(caches, needs, Asked("other", Unknown("other"))).resolve(ARTIST, ALBUM)
    assert nothing.year is None
    assert {said.source: said.weight for said in nothing.said}["needs"] is Weight.FAILED


async def test_a_hundred_who_ask_at_once_ask_the_sources_once(caches: CacheOrchestrator) -> None:
    """And a caller who is cancelled takes nothing from the others."""
    source = Asked("one", knows("one", 1993))
    source.may_answer.clear()
    years = resolver(caches, source)
    tasks = [asyncio.create_task(years.resolve(ARTIST, ALBUM)) for _ in range(100)]
    await asyncio.wait_for(source.begun.wait(), 5)
    tasks[0].cancel()
    source.may_answer.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert {end.year for end in ends[1:] if not isinstance(end, BaseException)} == {"1993"}
    assert len(source.asked) == 1


async def test_a_changed_track_has_the_album_concluded_anew(caches: CacheOrchestrator) -> None:
    """`invalidate_for_track` forgets the year and what it was concluded from."""
    source = Asked("musicbrainz", knows("musicbrainz", 1993))
    years = resolver(caches, source)
    await years.resolve(ARTIST, ALBUM)
    await caches.invalidate_for_track(TrackDict(id="1", name="Human Behaviour", artist=ARTIST, album=ALBUM))
    source.says = knows("musicbrainz", 1994)
    assert (await years.resolve(ARTIST, ALBUM)).year == "1994"


async def test_asking_again_asks_the_sources(caches: CacheOrchestrator) -> None:
    """With `refresh`, although everything is known."""
    source = Asked("one", knows("one", 1993))
    years = resolver(caches, source)
    await years.resolve(ARTIST, ALBUM)
    assert (await years.resolve(ARTIST, ALBUM, refresh=True)).origin == "sources"
    assert len(source.asked) == 2


@pytest.mark.parametrize(("artist", "album"), [("", ALBUM), (ARTIST, "  "), ("x" * 501, ALBUM)])
async def test_a_name_that_is_none_is_refused(caches: CacheOrchestrator, artist: str, album: str) -> None:
    """With its length, before anybody is asked."""
    source = Asked("one", knows("one", 1993))
    with pytest.raises(InvalidRequest, match="needs 1 to 500 characters"):
        await resolver(caches, source).resolve(artist, album)
    assert not source.asked
