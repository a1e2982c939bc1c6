"""Transcripts come from the nearest tier that has them: memory, a real Redis, a database, YouTube, ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr
from transcript_stage import (
    BROKEN,
    ENGLISH,
    ID,
    SLOW,
    TALK,
    fetches,
    grow_old,
    opened_over,
    settings_of,
    stored,
)

from batuta.cache import Entry
from batuta.cache.shared import RedisLink
from batuta.errors import EngineCrashed, InvalidRequest
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.redis import RedisServer
from batuta.transcripts import app
from batuta.transcripts.causes import InvalidVideoId, TranscriptUnavailable
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Cause, Segment, TranscriptResult
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome
from batuta.transcripts.questions import Question
from batuta.transcripts.store import TranscriptRows, transcripts

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

Opened = Callable[[], AbstractAsyncContextManager[tuple[Transcripts, Database]]]
HOUR = 3600.0


@pytest.fixture
def clean_redis(redis: RedisServer) -> Iterator[RedisServer]:
    """Empty, and running again after a test that stopped it."""
    with redis.client() as client:
        client.flushall()
    yield redis
    try:
        with redis.client() as client:
            client.ping()
    except OSError:
        redis.start()


@pytest.fixture(autouse=True)
def _patience_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about tiers, on a machine that may be busy."""
    monkeypatch.setattr(app, "RedisLink", partial(RedisLink, limit_seconds=5))


@pytest.fixture
def settings(loopback: LoopbackYouTube, tmp_path: Path, clean_redis: RedisServer) -> Settings:
    """Every tier is there; YouTube has the talk."""
    loopback.videos[ID] = TALK
    return settings_of(loopback, tmp_path, clean_redis)


@pytest.fixture
def opened(settings: Settings) -> Opened:
    """Opens another process's view: a memory of its own over the same Redis and database."""
    return lambda: opened_over(settings)


def tried(outcome: Outcome) -> list[tuple[str, str]]:
    return [(attempt.tier, attempt.cause) for attempt in outcome.attempts]


def text(outcome: Outcome) -> str:
    return outcome.found().result.transcript


def entry_lifetimes(redis: RedisServer) -> dict[str, float]:
    """Seconds that each transcript in Redis has left, by its key."""
    start = "batuta:transcripts:entry:"
    with redis.client() as client:
        names = [name.decode() for name in client.scan_iter(f"{start}*")]
        return {name.removeprefix(start): client.pttl(name) / 1000 for name in names}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_nearest_tier_answers_and_those_before_it_are_filled(
    request: pytest.FixtureRequest, settings: Settings, loopback: LoopbackYouTube, kind: str
) -> None:
    """Memory, then Redis, then the database, then YouTube; the answer says which, and what was tried."""
    if kind == "postgres":
        settings = settings.model_copy(update={"database_url": request.getfixturevalue("postgres_url")})
    async with opened_over(settings) as (first, database):
        fetched = await first.get(ID, ["en"])
        assert (fetched.source, fetched.stale, fetched.cause) == ("youtube", False, None)
        assert tried(fetched) == [
            ("memory", "miss"),
            ("cache", "miss"),
            ("database", "miss"),
            ("youtube", "hit"),
        ]
        remembered = await first.get(ID, ["en"])
        assert (remembered.source, tried(remembered)) == ("memory", [("memory", "hit")])
        ((key, language, duration, date),) = await stored(database)
        assert (key, language, duration) == (f"{ID}:en", "en", 3.75)
    async with opened_over(settings) as (second, _):
        cached = await second.get(ID, ["en"])
        assert (cached.source, tried(cached)) == ("cache", [("memory", "miss"), ("cache", "hit")])
        assert (await second.get(ID, ["en"])).source == "memory"
        assert await second.clear_cache()
    async with opened_over(settings) as (third, _):
        kept = await third.get(ID, ["en"])
        assert kept.source == "database"
        assert tried(kept) == [("memory", "miss"), ("cache", "miss"), ("database", "hit")]
        assert (await third.get(ID, ["en"])).source == "memory"
    async with opened_over(settings) as (fourth, _):
        again = await fourth.get(ID, ["en"])
        assert again.source == "cache"
    answers = [outcome.transcript for outcome in (fetched, remembered, cached, kept, again)]
    assert answers == [answers[0]] * 5
    assert fetches(loopback)[ID] == 1
    result = fetched.found().result
    assert result.segments == tuple(Segment(text=t, start=s, duration=d) for s, d, t in ENGLISH)
    assert (result.duration, result.transcript, result.transcript_type) == (3.75, "Tom & Ann again", "manual")
    assert result.fetched_at == date
    assert result.fetched_at.tzinfo is dt.UTC


async def test_each_preference_has_its_own_answer_in_every_tier(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """What was found in English is no answer to who wants Spanish, nor to any other list."""
    wanted: dict[tuple[str, ...] | None, str] = {
        ("en",): "en",
        ("es",): "es",
        ("fr", "es"): "es",
        ("pt",): "pt-BR",
        ("en-nP7-2PuUl7o",): "en-nP7-2PuUl7o",
        None: "en",
    }

    async def answers(of: Transcripts) -> tuple[dict[tuple[str, ...] | None, str], set[str]]:
        found = {each: await of.get(ID, each) for each in wanted}
        languages = {each: outcome.found().result.language for each, outcome in found.items()}
        return languages, {outcome.source for outcome in found.values()}

    async with opened() as (first, database):
        assert await answers(first) == (wanted, {"youtube"})
        assert await answers(first) == (wanted, {"memory"})
        assert {row[0] for row in await stored(database)} == {
            f"{ID}:{key}" for key in ("*", "en", "es", "fr,es", "pt", "en-np7-2puul7o")
        }
    async with opened() as (second, _):
        assert await answers(second) == (wanted, {"cache"})
        await second.clear_cache()
    async with opened() as (third, _):
        assert await answers(third) == (wanted, {"database"})
    assert fetches(loopback)[ID] == len(wanted)


@pytest.mark.parametrize("same", [["EN"], ["En "], ["en", "en"], ["", "en"]])
async def test_codes_that_say_the_same_share_an_answer(opened: Opened, same: list[str]) -> None:
    """Letters' case, blanks and repetitions make no other question."""
    async with opened() as (of, _):
        await of.get(ID, ["en"])
        assert (await of.get(ID, same)).source == "memory"


async def test_addresses_of_a_video_share_its_answer(opened: Opened) -> None:
    """The id is what counts."""
    async with opened() as (of, _):
        await of.get(f"https://youtu.be/{ID}?t=3")
        assert (await of.get(f"youtube.com/watch?v={ID}")).source == "memory"


async def test_captions_written_by_people_in_the_first_language_answer_any_list_that_begins_with_it(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """YouTube could give nothing better; what a recogniser heard, or another language, is asked for again."""
    loopback.videos[ID] = Video((Caption("en"), Caption("de", auto=True)))
    async with opened() as (of, _):
        await of.get(ID, ["en"])
        await of.get(ID, ["de"])
        assert (await of.get(ID, ["EN", "fr"])).source == "database"
        assert (await of.get(ID, ["fr", "en"])).source == "youtube"
        assert (await of.get(ID, ["de", "fr"])).source == "youtube"
        assert (await of.get(ID)).source == "youtube"


@pytest.mark.parametrize(
    ("video", "languages"), [("ID", None), ("https://youtube.evil.com/watch?v=" + ID, None), (ID, ["e n"])]
)
async def test_what_is_no_video_or_language_is_refused(
    opened: Opened, loopback: LoopbackYouTube, video: str, languages: list[str] | None
) -> None:
    """Before any tier is asked."""
    async with opened() as (of, _):
        with pytest.raises(InvalidRequest if languages else InvalidVideoId):
            await of.get(video, languages)
        assert (await of.statistics()).memory.tiers["memory"].misses == 0
    assert loopback.asked == []


CAUSES = {
    Cause.NOT_FOUND: (Video(None, "ERROR", "This video is unavailable"), 6 * HOUR),
    Cause.DISABLED: (Video(None), 6 * HOUR),
    Cause.LANGUAGE_NOT_AVAILABLE: (Video((Caption("de"),)), 6 * HOUR),
    Cause.PRIVATE: (Video(None, "LOGIN_REQUIRED", "This video is private"), 6 * HOUR),
    Cause.LIVE_NOT_ENDED: (Video(None, details={"isLive": True}), 300.0),
    Cause.PO_TOKEN_REQUIRED: (Video((Caption("en", body=""),)), 300.0),
    Cause.BLOCKED: (Video(replies={"timedtext": (Reply(403),)}), 300.0),
    Cause.RATE_LIMITED: (Video(replies={"watch": (Reply(429, headers={"Retry-After": "77"}),)}), 77.0),
    Cause.UPSTREAM_ERROR: (Video(replies={"watch": (BROKEN,)}), 10.0),
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_failure_is_remembered_for_as_long_as_its_cause_is_worth(
    opened: Opened, loopback: LoopbackYouTube, clean_redis: RedisServer, cause: Cause
) -> None:
    """Hours, minutes, seconds, or what YouTube says; here and in other processes; never in the database."""
    loopback.videos[ID], seconds = CAUSES[cause]
    async with opened() as (of, database):
        new = await of.get(ID, ["en"])
        assert (new.cause, new.source, new.transcript) == (cause, "youtube", None)
        assert (await of.get(ID, ["en"])).source == "memory"
        assert await stored(database) == []
    left = entry_lifetimes(clean_redis)[f"{ID}:en"]
    assert seconds - 60 < left <= seconds
    async with opened() as (other, _):
        told = await other.get(ID, ["en"])
    assert (told.cause, told.source) == (cause, "cache")
    assert fetches(loopback)[ID] == 1
    first, later = new.error, told.error
    assert first is not None
    assert later is not None
    assert (type(later), later.message) == (type(first), first.message)
    for error in (first, later):
        if error.retryable:
            assert error.retry_after is not None
            assert 0 < error.retry_after <= seconds
        else:
            assert error.retry_after is None


async def test_a_transcript_is_kept_in_redis_for_a_week(opened: Opened, clean_redis: RedisServer) -> None:
    """Less a little, so that all do not end together."""
    async with opened() as (of, _):
        await of.get(ID)
    week = 7 * 24 * HOUR
    assert 0.9 * week - 60 < entry_lifetimes(clean_redis)[f"{ID}:*"] <= week


TROUBLES = {
    "a broken answer": Video(replies={"watch": (BROKEN,)}),
    "a pause wanted": Video(replies={"watch": (Reply(429, headers={"Retry-After": "60"}),)}),
    "taken for a robot": Video(replies={"timedtext": (Reply(403),)}),
    "no connection": Video(replies={"watch": (Reply(mood="reset"),)}),
    "a proof of origin wanted": Video((Caption("en", body=""),)),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_an_old_row_is_served_stale_where_youtube_fails(
    opened: Opened, loopback: LoopbackYouTube, name: str
) -> None:
    """Marked so; and YouTube is left alone for a while before it is asked for the same again."""
    async with opened() as (of, database):
        await of.get(ID)
        await grow_old(database, days=40)
        await of.clear_cache()
        loopback.videos[ID] = TROUBLES[name]
        stale = await of.get(ID)
        assert (stale.source, stale.stale, text(stale)) == ("database", True, "Tom & Ann again")
        assert stale.age > 39 * 24 * HOUR
        assert [tier for tier, _ in tried(stale)] == ["memory", "cache", "database", "youtube"]
        assert tried(stale)[2] == ("database", "stale")
        assert of.peek(Question.of(ID)) is None, "the short way must not call it fresh"
        asked = len(loopback.asked)
        again = await of.get(ID)
        assert (again.stale, text(again), len(loopback.asked)) == (True, text(stale), asked)


async def test_an_old_row_is_refreshed_where_youtube_answers(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """In every tier."""
    async with opened() as (of, database):
        await of.get(ID)
        await grow_old(database, days=40)
        await of.clear_cache()
        loopback.videos[ID] = Video((Caption("en", ((0.0, 1.0, "corrected"),)),))
        fresh = await of.get(ID)
        assert (fresh.source, fresh.stale, text(fresh)) == ("youtube", False, "corrected")
        ((_, _, duration, date),) = await stored(database)
        assert duration == 1.0
        assert dt.datetime.now(dt.UTC) - date < dt.timedelta(hours=1)
    async with opened() as (other, _):
        assert text(await other.get(ID)) == "corrected"


async def test_an_old_row_of_a_video_that_is_gone_is_not_served(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """YouTube has not failed, it has said that there is none."""
    async with opened() as (of, database):
        await of.get(ID)
        await grow_old(database, days=40)
        await of.clear_cache()
        del loopback.videos[ID]
        assert (await of.get(ID)).cause is Cause.NOT_FOUND


async def test_an_old_row_is_served_stale_while_youtube_is_slow(
    opened: Opened, loopback: LoopbackYouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits long for a refresh; what arrives late is kept all the same."""
    monkeypatch.setattr(app, "SOFT_SECONDS", 0.2)
    async with opened() as (of, database):
        await of.get(ID)
        await grow_old(database, days=40)
        await of.clear_cache()
        loopback.videos[ID] = SLOW
        stale = await of.get(ID)
        assert (stale.stale, text(stale)) == (True, "Tom & Ann again")
        assert tried(stale)[-1] == ("youtube", "out_of_time")
        async with asyncio.timeout(20):
            while of.peek(Question.of(ID)) is None:  # noqa: ASYNC110  # the refresh goes on behind the tiers
                await asyncio.sleep(0.02)
        assert text(await of.get(ID)) == "x"


async def test_rows_are_removed_after_a_year(opened: Opened) -> None:
    """Nobody wants captions of that age, not even where YouTube fails."""
    async with opened() as (of, database):
        rows = TranscriptRows(database, fresh=dt.timedelta(days=30))
        await of.get(ID)
        await grow_old(database, days=360)
        await rows.clean()
        assert await rows.count() == 1
        await grow_old(database, days=370)
        await rows.clean()
        assert await rows.count() == 0


class Maker:
    """Makes transcripts, or fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...] | None]] = []
        self.error: Exception | None = None

    async def generate(self, video_id: str, wanted: tuple[str, ...] | None) -> TranscriptResult:
        self.asked.append((video_id, wanted))
        await asyncio.sleep(0.01)
        if self.error is not None:
            raise self.error
        language = wanted[0] if wanted else "pt"
        segment = Segment(text=f"made in {language}", start=0.0, duration=2.5)
        return TranscriptResult.of(video_id, language, "generated", [segment])


@pytest.fixture
async def silent(opened: Opened, loopback: LoopbackYouTube) -> AsyncIterator[tuple[Transcripts, Maker]]:
    """A video without captions, and who makes some."""
    loopback.videos[ID] = Video(None)
    async with opened() as (of, _):
        of.generator = maker = Maker()
        yield of, maker


async def test_one_is_made_only_for_who_asks_and_given_to_all_afterwards(
    silent: tuple[Transcripts, Maker], opened: Opened
) -> None:
    """Once, however many ask at once; then memory, Redis and the database have it."""
    of, maker = silent
    assert (await of.get(ID)).cause is Cause.DISABLED
    made, *others = await asyncio.gather(*[of.get(ID, generate=True) for _ in range(20)])
    assert (made.source, text(made), made.found().result.transcript_type) == (
        "generated",
        "made in pt",
        "generated",
    )
    assert {text(other) for other in others} == {"made in pt"}
    assert [tier for tier, _ in tried(made)] == ["memory", "memory", "cache", "database", "generated"]
    assert (tried(made)[0], tried(made)[-1]) == (("memory", "hit"), ("generated", "hit"))
    for generate in (False, True):
        again = await of.get(ID, generate=generate)
        assert (again.source, text(again), again.cause) == ("memory", "made in pt", None)
    async with opened() as (second, _):
        assert (await second.get(ID)).source == "cache"
        await second.clear_cache()
    async with opened() as (third, _):
        kept = await third.get(ID)
        assert (kept.source, text(kept), kept.found().result.duration) == ("database", "made in pt", 2.5)
    assert maker.asked == [(ID, None)]


async def test_one_is_made_in_the_language_asked_for(silent: tuple[Transcripts, Maker]) -> None:
    """What was made in one is no answer to another."""
    of, maker = silent
    assert text(await of.get(ID, ["es", "en"], generate=True)) == "made in es"
    assert text(await of.get(ID, ["de"], generate=True)) == "made in de"
    assert (await of.get(ID, ["fr"])).cause is Cause.DISABLED
    assert maker.asked == [(ID, ("es", "en")), (ID, ("de",))]


async def test_captions_of_youtube_s_are_better_than_made_ones(
    silent: tuple[Transcripts, Maker], loopback: LoopbackYouTube
) -> None:
    """Once it has some, they are given, whoever asks how."""
    of, _ = silent
    await of.get(ID, generate=True)
    loopback.videos[ID] = TALK
    await of.invalidate(ID)
    assert (await of.get(ID, generate=True)).source == "youtube"


BEYOND = {
    Cause.NOT_FOUND: Video(None, "ERROR", "This video is unavailable"),
    Cause.PRIVATE: Video(None, "LOGIN_REQUIRED", "This video is private"),
    Cause.AGE_RESTRICTED: Video(None, "LOGIN_REQUIRED", "Sign in to confirm your age"),
    Cause.REGION_BLOCKED: Video(None, "UNPLAYABLE", "Not available in your country"),
    Cause.LIVE_NOT_ENDED: Video(None, "LIVE_STREAM_OFFLINE", "Premieres in 2 hours"),
}


@pytest.mark.parametrize("cause", BEYOND)
async def test_nothing_is_made_of_a_video_that_cannot_be_seen(
    silent: tuple[Transcripts, Maker], loopback: LoopbackYouTube, cause: Cause
) -> None:
    """It could not be downloaded either."""
    of, maker = silent
    loopback.videos[ID] = BEYOND[cause]
    assert (await of.get(ID, generate=True)).cause is cause
    assert maker.asked == []


@pytest.mark.parametrize("name", TROUBLES)
async def test_one_is_made_where_youtube_has_trouble(
    silent: tuple[Transcripts, Maker], loopback: LoopbackYouTube, name: str
) -> None:
    """Who wants one gets one."""
    of, _ = silent
    loopback.videos[ID] = TROUBLES[name]
    assert text(await of.get(ID, generate=True)) == "made in pt"


async def test_a_failure_to_make_one_is_told_beside_youtube_s(silent: tuple[Transcripts, Maker]) -> None:
    """With the cause of the first; and the next who asks may have more luck."""
    of, maker = silent
    maker.error = EngineCrashed("the recogniser died")
    outcome = await of.get(ID, generate=True)
    assert (outcome.cause, outcome.transcript) == (Cause.DISABLED, None)
    assert outcome.error is not None
    assert "has no captions" in outcome.error.message
    assert outcome.error.message.endswith("generating one failed: the recogniser died")
    assert tried(outcome)[-1] == ("generated", "engine_crashed")
    maker.error = None
    assert (await of.get(ID, generate=True)).source == "generated"


async def test_what_was_made_goes_with_an_invalidation(silent: tuple[Transcripts, Maker]) -> None:
    """It is the video's as well."""
    of, maker = silent
    await of.get(ID, generate=True)
    assert await of.invalidate(ID)
    assert (await of.get(ID)).cause is Cause.DISABLED
    await of.get(ID, generate=True)
    assert len(maker.asked) == 2


async def test_an_invalidated_video_is_fetched_again_in_every_language(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """From no tier, here and elsewhere; other videos stay."""
    loopback.videos["other-video"] = TALK
    async with opened() as (of, database), opened() as (other, _):
        for each in (of, other):
            await each.get(ID, ["en"])
            await each.get(ID, ["es"])
            await each.get("other-video")
        loopback.videos[ID] = Video((Caption("en", ((0, 1, "new"),)), Caption("es", ((0, 1, "nuevo"),))))
        assert await of.invalidate(f"https://youtu.be/{ID}")
        assert [key for key, *_ in await stored(database)] == ["other-video:*"]
        found = [await of.get(ID, [code]) for code in ("en", "es")]
        assert [(outcome.source, text(outcome)) for outcome in found] == [
            ("youtube", "new"),
            ("youtube", "nuevo"),
        ]
        assert (await of.get("other-video")).source == "memory"
        async with asyncio.timeout(10):
            while other.peek(Question.of(ID, ["en"])) is not None:  # noqa: ASYNC110  # news come through Redis
                await asyncio.sleep(0.01)
        assert text(await other.get(ID, ["en"])) == "new"


async def test_clearing_touches_what_is_ours_and_leaves_the_rows(
    opened: Opened, clean_redis: RedisServer, loopback: LoopbackYouTube
) -> None:
    """Whatever else is in the Redis stays; the database answers again."""
    theirs = {"app:transcripts": b"1", "batuta:other:entry:x": b"2", "transcripts:x": b"3"}
    with clean_redis.client() as client:
        for name, value in theirs.items():
            client.set(name, value, ex=60)
        async with opened() as (of, _):
            await of.get(ID)
            await of.languages(ID)
            assert await of.clear_cache()
            assert {name: client.get(name) for name in theirs} == theirs
            assert list(client.scan_iter("batuta:transcript*:entry:*")) == []
            statistics = await of.statistics()
            assert (statistics.memory.entries, statistics.cached, statistics.stored) == (0, 0, 1)
            assert (await of.get(ID)).source == "database"
            await of.languages(ID)
    assert fetches(loopback)[ID] == 3  # a transcript, and what there is twice


async def test_statistics_count_what_each_tier_has(opened: Opened) -> None:
    """Entries in memory and Redis, rows in the database."""
    async with opened() as (of, _):
        await of.get(ID, ["en"])
        await of.get(ID, ["es"])
        await of.get(ID, ["xx"])
        statistics = await of.statistics()
        assert (statistics.memory.entries, statistics.cached, statistics.stored) == (3, 3, 2)
        assert (statistics.memory.loads, statistics.memory.load_errors) == (3, 1)
        assert statistics.memory.bytes > 0


async def test_what_there_is_to_choose_from_is_remembered_until_invalidated(
    opened: Opened, loopback: LoopbackYouTube
) -> None:
    """Here and in other processes; also that there is nothing."""
    async with opened() as (of, _):
        codes = [track.language for track in await of.languages(ID)]
        assert codes == ["en", "es", "pt-BR", "en-nP7-2PuUl7o", "en"]
        async with opened() as (other, _):
            await other.languages(ID)
        assert fetches(loopback)[ID] == 1
        loopback.videos[ID] = Video(None)
        await of.invalidate(ID)
        for _ in range(2):
            with pytest.raises(TranscriptUnavailable, match="no captions"):
                await of.languages(ID)
        assert fetches(loopback)[ID] == 2


async def test_many_who_ask_at_once_make_one_fetch(opened: Opened, loopback: LoopbackYouTube) -> None:
    """For each question, in all processes that share a Redis."""
    loopback.videos[ID] = SLOW
    async with opened() as (one, _), opened() as (other, _):
        asked = [of.get(ID, codes) for of in (one, other) for codes in (["en"], None) for _ in range(100)]
        outcomes = await asyncio.gather(*asked)
    assert {text(outcome) for outcome in outcomes} == {"x"}
    assert fetches(loopback)[ID] == 2


async def test_a_fetch_goes_on_when_nobody_waits_any_more(opened: Opened, loopback: LoopbackYouTube) -> None:
    """Its answer is kept for the next."""
    loopback.videos[ID] = SLOW
    async with opened() as (of, _):
        waiting = asyncio.create_task(of.get(ID))
        await asyncio.to_thread(loopback.hanging.wait, 10)
        waiting.cancel()
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
        assert text(await of.get(ID)) == "x"
    assert fetches(loopback)[ID] == 1


async def test_a_broken_database_is_passed_over(opened: Opened) -> None:
    """Redis, memory and YouTube do without it."""
    async with opened() as (of, database):
        await database.write(lambda connection: connection.execute(sa.schema.DropTable(transcripts)))
        outcome = await of.get(ID)
        assert (outcome.source, text(outcome)) == ("youtube", "Tom & Ann again")
        assert tried(outcome)[2] == ("database", "storage_error")
        assert (await of.get(ID)).source == "memory"
        assert (await of.statistics()).stored is None
        assert await of.invalidate(ID) is False
    async with opened() as (other, _):
        assert (await other.get(ID)).source == "youtube"
    async with opened() as (third, _):
        assert (await third.get(ID)).source == "cache"


async def test_a_redis_that_is_not_there_is_passed_over(settings: Settings, tmp_path: Path) -> None:
    """The database answers the next process; what was tried says that it is down."""
    nowhere = settings.model_copy(update={"redis_url": SecretStr(f"unix://{tmp_path}/nobody.sock")})
    async with opened_over(nowhere) as (of, _):
        assert (await of.get(ID)).source == "youtube"
        assert of.surroundings.redis_up is False
        assert ("cache", "skipped") in tried(await of.get(ID, ["es"]))
        assert await of.invalidate("other-video") is False
        assert (await of.statistics()).cached is None
    async with opened_over(nowhere) as (other, _):
        assert (await other.get(ID)).source == "database"


async def test_with_neither_redis_nor_database_youtube_is_asked(settings: Settings, tmp_path: Path) -> None:
    """And memory remembers."""
    nowhere = settings.model_copy(update={"redis_url": SecretStr(f"unix://{tmp_path}/nobody.sock")})
    async with opened_over(nowhere) as (of, database):
        await database.write(lambda connection: connection.execute(sa.schema.DropTable(transcripts)))
        assert (await of.get(ID)).source == "youtube"
        assert (await of.get(ID)).source == "memory"


async def test_an_entry_of_redis_that_nobody_can_read_is_a_miss(
    opened: Opened, clean_redis: RedisServer
) -> None:
    """Another release, or another program, may have written it."""
    async with opened() as (of, _):
        await of.get(ID)
    with clean_redis.client() as client:
        client.set(f"batuta:transcripts:entry:{ID}:*", b"\x00nonsense", ex=60)
    async with opened() as (other, _):
        assert (await other.get(ID)).source == "database"


def result_of(video_id: str, language: str = "en", words: str = "x", age_days: float = 0) -> Kept:
    date = dt.datetime.now(dt.UTC) - dt.timedelta(days=age_days)
    segment = Segment(text=words, start=0.25, duration=1.5)
    return Kept.of(TranscriptResult.of(video_id, language, "manual", [segment], date))


async def put(rows: TranscriptRows, key: str, kept: Kept) -> None:
    now = kept.result.fetched_at.timestamp()
    entry = Entry(kept, now, now + 60, now + 60, (kept.result.video_id,))
    await rows.put(key, entry, await rows.stamp(key, entry.tags))


@pytest.fixture(params=["sqlite", "postgres"])
async def rows(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TranscriptRows]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    database = Database.opened(tmp_path, url)
    await database.create_tables()
    yield TranscriptRows(database, fresh=dt.timedelta(days=30))
    await database.aclose()


async def test_a_row_keeps_what_a_tier_must_keep(rows: TranscriptRows) -> None:
    """What is put is got, any text of it; the last put holds; another key has nothing."""
    for words in ('"}{\\ \u2028 ü 🎵', "nul \0 and \ud7ff", "x" * 100_000):
        kept = result_of(ID, "zh-Hant-nP7-2PuUl7o", words)
        await put(rows, f"{ID}:zh-hant,en", kept)
        entry = await rows.get(f"{ID}:zh-hant,en", (ID,))
        assert entry is not None
        assert entry.value is not None
        assert (entry.value.result, entry.tags, entry.absence) == (kept.result, (ID,), None)
        assert json.loads(entry.value.answer("database", stale=True))["stale"] is True
        assert entry.stored_at == pytest.approx(kept.result.fetched_at.timestamp())
        assert entry.fresh_until - entry.stored_at == 30 * 24 * HOUR
        assert entry.stale_until - entry.stored_at == 365 * 24 * HOUR
    assert await rows.get(f"{ID}:zh", (ID,)) is None
    assert await rows.get(f"{ID}:*", (ID,)) is None
    assert await rows.count() == 1


async def test_rows_are_forgotten_by_key_by_video_and_altogether(rows: TranscriptRows) -> None:
    """The others stay; what is put afterwards stays; forgetting what is not there is no error."""
    keys = [f"{ID}:*", f"{ID}:de", f"{ID}:*:made", "other-video:*"]
    for key in keys:
        await put(rows, key, result_of(key[:11]))

    async def left() -> list[str]:
        return [key for key in keys if await rows.get(key, ()) is not None]

    await rows.delete(f"{ID}:de")
    await rows.delete("never-was:*")
    await rows.delete_tag("never-was")
    assert await left() == [keys[0], keys[2], keys[3]]
    await rows.delete_tag(ID)
    assert await left() == [keys[3]]
    await put(rows, keys[0], result_of(ID))
    await rows.clear()
    assert await left() == []
    await put(rows, keys[0], result_of(ID))
    assert await left() == [keys[0]]


async def test_the_newest_of_two_rows_that_answer_is_given(rows: TranscriptRows) -> None:
    """Its own, or one that cannot be bettered; never another's video or language."""
    await put(rows, f"{ID}:es,en", result_of(ID, "en", "what there was", age_days=20))
    await put(rows, f"{ID}:es", result_of(ID, "es", "what there is", age_days=10))
    await put(rows, "other-video:es", result_of("other-video", "es", "another's"))
    entry = await rows.get(f"{ID}:es,en", ())
    assert entry is not None
    assert entry.value is not None
    assert entry.value.result.transcript == "what there is"
    assert await rows.get(f"{ID}:en,es", ()) is not None  # written in English by people, found under `es,en`
    assert await rows.get(f"{ID}:de,es", ()) is None
