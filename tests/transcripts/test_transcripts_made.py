"""Where YouTube has no captions one is made, for who asks; afterwards it is everybody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from loopback_youtube import LoopbackYouTube, Video
from transcript_stage import ID, TALK, TROUBLES, Maker, Opened, grow_old, text, tried

from batuta.errors import BatutaError, EngineCrashed, NoAudio, ServiceBusy
from batuta.transcripts.models import Cause
from batuta.transcripts.orchestrator import Transcripts

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


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
    """With the cause of the first; what cannot be made is not tried again and again."""
    of, maker = silent
    maker.error = NoAudio("the video has no sound")
    outcome = await of.get(ID, generate=True)
    assert (outcome.cause, outcome.transcript) == (Cause.DISABLED, None)
    assert outcome.error is not None
    assert "has no captions" in outcome.error.message
    assert (outcome.error.retryable, outcome.error.retry_after) == (False, None)
    assert outcome.error.message.endswith("generating one failed: the video has no sound")
    assert tried(outcome)[-1] == ("generated", "no_audio")
    assert (await of.get(ID, generate=True)).cause is Cause.DISABLED
    assert len(maker.asked) == 1


@pytest.mark.parametrize(
    "error", [ServiceBusy("the queue is full", 7.0), EngineCrashed("the recogniser died")], ids=repr
)
async def test_a_passing_failure_to_make_one_is_told_as_such(
    silent: tuple[Transcripts, Maker], error: BatutaError
) -> None:
    """Asking again may help, at once or when it says, although YouTube's own answer lasts for hours."""
    of, maker = silent
    maker.error = error
    outcome = await of.get(ID, generate=True)
    assert outcome.cause is Cause.UPSTREAM_ERROR
    assert outcome.error is not None
    assert (outcome.error.retryable, outcome.error.retry_after) == (True, error.retry_after)
    assert "has no captions" in outcome.error.message
    assert outcome.error.message.endswith(f"generating one failed: {error}")
    maker.error = None
    again = await of.get(ID, generate=True)
    if error.retry_after is None:
        assert again.source == "generated"
    else:  # not asked before its time, and told how much of that is left
        assert again.error is not None
        assert again.error.retry_after == pytest.approx(7, abs=3)
        assert len(maker.asked) == 1


async def test_what_was_made_is_given_however_old(opened: Opened, loopback: LoopbackYouTube) -> None:
    """What is said in a video does not go stale, nor is it made again."""
    loopback.videos[ID] = Video(None)
    async with opened() as (of, database):
        of.generator = maker = Maker()
        await of.get(ID, generate=True)
        await grow_old(database, days=300)
        await of.clear_cache()
        for generate in (False, True):
            old = await of.get(ID, generate=generate)
            assert (text(old), old.stale, old.cause) == ("made in pt", False, None)
    assert len(maker.asked) == 1


async def test_the_key_that_asked_first_is_accounted(silent: tuple[Transcripts, Maker]) -> None:
    """Its name reaches who makes it."""
    of, maker = silent
    await of.get(ID, generate=True, owner="key-of-ann")
    await of.get(ID, generate=True, owner="key-of-tom")
    assert maker.owners == ["key-of-ann"]


async def test_what_was_made_goes_with_an_invalidation(silent: tuple[Transcripts, Maker]) -> None:
    """It is the video's as well."""
    of, maker = silent
    await of.get(ID, generate=True)
    assert await of.invalidate(ID)
    assert (await of.get(ID)).cause is Cause.DISABLED
    await of.get(ID, generate=True)
    assert len(maker.asked) == 2
