"""The resolver: what is known is not asked, failures are never kept, and one album is concluded once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batuta.albums import AppConfig, CacheEvent, CacheEventType, CacheOrchestrator, TrackDict
from batuta.albums.resolver import MOST_AT_ONCE, AlbumYears
from batuta.albums.scoring import Weight
from batuta.albums.sources.answers import Candidate, Failed, Found, Reason, SourceAnswer, Unknown
from batuta.clients import remaining
from batuta.errors import InvalidRequest, ServiceBusy, ServiceUnavailable

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


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.REFUSED, Reason.MALFORMED, Reason.TOO_LARGE])
async def test_nobody_s_answering_is_never_no_year(caches: CacheOrchestrator, reason: Reason) -> None:
    """Whatever the failure: a hotel's page for signing in answers everything with a redirect."""
    one, two = (Asked(name, Failed(name, reason, f"{name} led elsewhere")) for name in ("one", "two"))
    with pytest.raises(ServiceUnavailable, match=r"one led elsewhere.*two led elsewhere"):
        await resolver(caches, one, two).resolve(ARTIST, ALBUM)


async def test_the_source_that_is_back_soonest_says_when_to_come_again(caches: CacheOrchestrator) -> None:
    """It may be enough."""
    years = resolver(caches, Asked("one", busy("one", 40)), Asked("two", busy("two", 600)))
    with pytest.raises(ServiceUnavailable) as caught:
        await years.resolve(ARTIST, ALBUM)
    assert caught.value.retry_after == 40


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
    [needing] = [said for said in nothing.said if said.source == "needs"]
    assert (needing.weight, needing.text) == (Weight.NOT_ASKED, "was not asked: set its token")


async def test_a_year_is_kept_though_a_source_needs_a_token(caches: CacheOrchestrator) -> None:
    """Nobody waits for what cannot be asked: a doubtful year is kept as if there were no such source."""
    needs = Asked("needs", Failed("needs", Reason.NEEDS_CONTACT, "set a contact"))
    up = Asked("up", knows("up", 1993, first=False))
    assert (await resolver(caches, needs, up).resolve(ARTIST, ALBUM)).confidence == 50
    assert await caches.get_album_year(ARTIST, ALBUM) == "1993"


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


async def test_asking_again_in_an_outage_loses_nothing(caches: CacheOrchestrator) -> None:
    """It is told as an outage; what was kept is kept, and answers the next question."""
    source = Asked("one", knows("one", 1993))
    years = resolver(caches, source)
    first = await years.resolve(ARTIST, ALBUM)
    source.says = busy("one")
    with pytest.raises(ServiceUnavailable):
        await years.resolve(ARTIST, ALBUM, refresh=True)
    again = await years.resolve(ARTIST, ALBUM)
    assert (again.year, again.said) == ("1993", first.said)


async def test_the_surer_year_that_stays_is_told_with_the_new_one(caches: CacheOrchestrator) -> None:
    """Or the next answer would be a surprise."""
    years = resolver(caches, Asked("one", knows("one", 1993)))
    await caches.store_album_year(ARTIST, ALBUM, "1990", 95)
    found = await years.resolve(ARTIST, ALBUM, refresh=True)
    assert found.stays is not None
    assert (found.year, found.stays.year, found.stays.confidence) == ("1993", "1990", 95)
    assert (await years.resolve(ARTIST, ALBUM)).stays is None


@pytest.mark.parametrize("how", ["track", "all", "event", "year"])
@pytest.mark.parametrize("refresh", [False, True])
async def test_what_is_forgotten_while_it_is_found_out_is_not_kept(
    *, caches: CacheOrchestrator, how: str, refresh: bool
) -> None:
    """Who waits gets it; who asks after that has the source asked anew."""
    source = Asked("one", knows("one", 1993))
    source.may_answer.clear()
    years = resolver(caches, source)
    before = asyncio.create_task(years.resolve(ARTIST, ALBUM, refresh=refresh))
    async with asyncio.timeout(5):
        await source.begun.wait()
    match how:
        case "track":
            await caches.invalidate_for_track(TrackDict(id="1", name="n", artist=ARTIST, album=ALBUM))
        case "all":
            await caches.invalidate_all()
        case "event":
            event = CacheEvent(CacheEventType.MANUAL_INVALIDATION)
            caches.api_service.event_manager.emit_event(event)
        case _:
            await caches.invalidate_album_cache(ARTIST, ALBUM)
    source.may_answer.set()
    assert (await before).year == "1993"
    assert (len(caches.album_years_cache), len(caches.api_cache)) == (0, 0)
    source.says = knows("one", 1994)
    assert (await years.resolve(ARTIST, ALBUM)).year == "1994"
    assert len(source.asked) == 2


async def test_another_process_s_forgetting_counts_too(caches: CacheOrchestrator, tmp_path: Path) -> None:
    """As soon as it is heard of."""
    source = Asked("one", knows("one", 1993))
    source.may_answer.clear()
    waiting = asyncio.create_task(resolver(caches, source).resolve(ARTIST, ALBUM))
    async with asyncio.timeout(5):
        await source.begun.wait()
    async with CacheOrchestrator(AppConfig(logs_base_dir=tmp_path)) as other:
        await other.invalidate_for_track(TrackDict(id="1", name="n", artist=ARTIST, album=ALBUM))
    await caches.save_cache()
    source.may_answer.set()
    await waiting
    assert (len(caches.album_years_cache), len(caches.api_cache)) == (0, 0)


async def test_a_question_that_nobody_waits_for_is_dropped(caches: CacheOrchestrator) -> None:
    """Its turns at the sources are for those who still wait."""
    source = Asked("one", knows("one", 1993))
    source.may_answer.clear()
    years = resolver(caches, source)
    asking = asyncio.create_task(years.resolve(ARTIST, ALBUM))
    async with asyncio.timeout(5):
        await source.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    source.may_answer.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(caches.api_cache) == 0


async def test_more_questions_than_can_be_asked_are_refused_at_once(caches: CacheOrchestrator) -> None:
    """With the time to come again; what is known is told all the same."""
    source = Asked("one", knows("one", 1993))
    source.may_answer.clear()
    years = resolver(caches, source)
    await caches.store_album_year(ARTIST, ALBUM, "1993", 90)
    asking = [asyncio.create_task(years.resolve(ARTIST, str(one))) for one in range(MOST_AT_ONCE)]
    async with asyncio.timeout(5):
        while len(source.asked) < MOST_AT_ONCE:  # noqa: ASYNC110  # they begin without a word
            await asyncio.sleep(0)
    with pytest.raises(ServiceBusy) as caught:
        await years.resolve(ARTIST, "one more")
    assert caught.value.retry_after is not None
    assert (await years.resolve(ARTIST, ALBUM)).year == "1993"
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def test_a_question_has_the_time_it_is_given(caches: CacheOrchestrator) -> None:
    """The source sees the deadline, and the flight has it, whoever joins."""
    left: list[float | None] = []

    @dataclass
    class Looks(Asked):
        async def look_up(self, artist: str, album: str) -> SourceAnswer:
            left.append(remaining())
            return await Asked.look_up(self, artist, album)

    await resolver(caches, Looks("one", knows("one", 1993))).resolve(ARTIST, ALBUM, within=30)
    assert [seconds is not None and 25 < seconds <= 30 for seconds in left] == [True]


async def test_a_year_out_of_an_older_file_counts_as_that_source_s_word(caches: CacheOrchestrator) -> None:
    """Of some release, since nothing else is known of it; the source is not asked."""
    source, other = Asked("one", knows("one", 2011)), Asked("two", knows("two", 1993, first=False))
    await caches.set_cached_api_result(ARTIST, ALBUM, "one", "1993")
    found = await resolver(caches, source, other).resolve(ARTIST, ALBUM)
    assert (found.year, found.confidence, source.asked) == ("1993", 75, [])


@pytest.mark.parametrize(("artist", "album"), [("", ALBUM), (ARTIST, "  "), ("x" * 501, ALBUM)])
async def test_a_name_that_is_none_is_refused(caches: CacheOrchestrator, artist: str, album: str) -> None:
    """With its length, before anybody is asked."""
    source = Asked("one", knows("one", 1993))
    with pytest.raises(InvalidRequest, match="needs 1 to 500 characters"):
        await resolver(caches, source).resolve(artist, album)
    assert not source.asked
