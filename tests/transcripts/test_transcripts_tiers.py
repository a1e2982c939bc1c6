"""Transcripts come from the nearest tier that has them: memory, a real Redis, a database, YouTube."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr
from transcript_stage import (
    BROKEN,
    ENGLISH,
    HOUR,
    ID,
    SLOW,
    TALK,
    TROUBLES,
    Opened,
    fetches,
    grow_old,
    opened_over,
    stored,
    text,
    tried,
)

from batuta.errors import InvalidRequest
from batuta.settings import Settings
from batuta.testing.redis import RedisServer
from batuta.transcripts import app
from batuta.transcripts.causes import InvalidVideoId, TranscriptUnavailable
from batuta.transcripts.models import Cause, Segment
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.questions import Question
from batuta.transcripts.store import TranscriptRows, transcripts

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


def entry_lifetimes(redis: RedisServer) -> dict[str, float]:
    """Seconds that each transcript in Redis has left, by its key."""
    start = "batuta:transcripts:entry:"
    with redis.client() as client:
        names = [name.decode() for name in client.scan_iter(f"{start}*")]
        return {name.removeprefix(start): client.pttl(name) / 1000 for name in names}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_nearest_tier_answers_and_those_before_it_are_filled(
    request: pytest.FixtureRequest, tiers: Settings, loopback: LoopbackYouTube, kind: str
) -> None:
    """Memory, then Redis, then the database, then YouTube; the answer says which, and what was tried."""
    if kind == "postgres":
        tiers = tiers.model_copy(update={"database_url": request.getfixturevalue("postgres_url")})
    async with opened_over(tiers) as (first, database):
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
    async with opened_over(tiers) as (second, _):
        cached = await second.get(ID, ["en"])
        assert (cached.source, tried(cached)) == ("cache", [("memory", "miss"), ("cache", "hit")])
        assert (await second.get(ID, ["en"])).source == "memory"
        assert await second.clear_cache()
    async with opened_over(tiers) as (third, _):
        kept = await third.get(ID, ["en"])
        assert kept.source == "database"
        assert tried(kept) == [("memory", "miss"), ("cache", "miss"), ("database", "hit")]
        assert (await third.get(ID, ["en"])).source == "memory"
    async with opened_over(tiers) as (fourth, _):
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


GONE = {
    Cause.NOT_FOUND: Video(None, "ERROR", "This video is unavailable"),
    Cause.DISABLED: Video(None),
    Cause.LANGUAGE_NOT_AVAILABLE: Video((Caption("de"),)),
    Cause.PRIVATE: Video(None, "LOGIN_REQUIRED", "This video is private"),
}
HIDDEN_FROM_US = {
    Cause.AGE_RESTRICTED: Video(None, "LOGIN_REQUIRED", "Sign in to confirm your age"),
    Cause.REGION_BLOCKED: Video(None, "UNPLAYABLE", "Not available in your country"),
}


@pytest.mark.parametrize("cause", GONE)
async def test_an_old_row_of_what_is_gone_is_not_served(
    opened: Opened, loopback: LoopbackYouTube, cause: Cause
) -> None:
    """YouTube has not failed, it has said that there is none."""
    async with opened() as (of, database):
        await of.get(ID, ["en"])
        await grow_old(database, days=40)
        await of.clear_cache()
        loopback.videos[ID] = GONE[cause]
        assert (await of.get(ID, ["en"])).cause is cause


@pytest.mark.parametrize("cause", HIDDEN_FROM_US)
async def test_an_old_row_of_what_others_still_see_is_served_stale(
    opened: Opened, loopback: LoopbackYouTube, cause: Cause
) -> None:
    """It is out of this server's reach, not gone."""
    async with opened() as (of, database):
        await of.get(ID)
        await grow_old(database, days=40)
        await of.clear_cache()
        loopback.videos[ID] = HIDDEN_FROM_US[cause]
        stale = await of.get(ID)
        assert (stale.source, stale.stale, text(stale)) == ("database", True, "Tom & Ann again")
        assert tried(stale)[-1] == ("youtube", cause.value)


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


async def test_a_redis_that_is_not_there_is_passed_over(tiers: Settings, tmp_path: Path) -> None:
    """The database answers the next process; what was tried says that it is down."""
    nowhere = tiers.model_copy(update={"redis_url": SecretStr(f"unix://{tmp_path}/nobody.sock")})
    async with opened_over(nowhere) as (of, _):
        assert (await of.get(ID)).source == "youtube"
        assert of.surroundings.redis_up is False
        assert ("cache", "skipped") in tried(await of.get(ID, ["es"]))
        assert await of.invalidate("other-video") is False
        assert (await of.statistics()).cached is None
    async with opened_over(nowhere) as (other, _):
        assert (await other.get(ID)).source == "database"


async def test_with_neither_redis_nor_database_youtube_is_asked(tiers: Settings, tmp_path: Path) -> None:
    """And memory remembers."""
    nowhere = tiers.model_copy(update={"redis_url": SecretStr(f"unix://{tmp_path}/nobody.sock")})
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
