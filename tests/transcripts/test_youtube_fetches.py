"""Fetching from YouTube, with the real library against a loopback server."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest
from loopback_youtube import AS_USUAL, Caption, LoopbackYouTube, Reply, Video

from batuta.errors import InvalidRequest
from batuta.transcripts.causes import (
    InvalidVideoId,
    LanguageNotAvailable,
    PoTokenRequired,
    TranscriptUnavailable,
    YouTubeFailed,
)
from batuta.transcripts.models import Cause, Segment, Track
from batuta.transcripts.youtube import YouTube

pytestmark = pytest.mark.anyio

ID = "dQw4w9WgXcQ"


async def test_a_transcript_comes_with_its_times(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """Segments, the text as one, the end of the last segment, an aware date: three requests."""
    loopback.videos[ID] = Video((Caption("en", ((0.5, 2.0, "Tom &amp; Ann\nhere"), (2.5, 1.25, "again"))),))
    result = await youtube.fetch(ID)
    assert result.segments == (
        Segment(text="Tom & Ann\nhere", start=0.5, duration=2.0),
        Segment(text="again", start=2.5, duration=1.25),
    )
    assert (result.video_id, result.language, result.transcript_type) == (ID, "en", "manual")
    assert (result.transcript, result.duration) == ("Tom & Ann here again", 3.75)
    assert result.fetched_at.tzinfo is UTC
    assert loopback.pages() == ["watch", "player", "timedtext"]


async def test_the_first_preference_that_exists_is_taken(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """And manual captions before automatic ones of the same language."""
    loopback.videos[ID] = Video(
        (
            Caption("en", ((0, 1, "written"),)),
            Caption("es", ((0, 1, "escrito"),)),
            Caption("en", ((0, 1, "heard"),), auto=True),
        )
    )
    assert (await youtube.fetch(ID, ["fr", "es", "en"])).transcript == "escrito"
    assert (await youtube.fetch(ID, ["en", "es"])).transcript == "written"


async def test_any_language_means_the_video_s_own_written_by_people(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """What the recogniser heard tells which language that is."""
    captions = (Caption("ar"), Caption("de", ((0, 1, "gut"),)), Caption("de", auto=True))
    loopback.videos[ID] = Video(captions)
    result = await youtube.fetch(ID)
    assert (result.language, result.transcript_type) == ("de", "manual")


async def test_a_dubbed_video_s_own_language_is_that_of_its_first_sound(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """Each of its sounds has automatic captions; the player says which is played by default."""
    loopback.videos[ID] = Video(
        tuple(Caption(code, auto=True) for code in ("de", "en", "es")),
        tracklist={
            "audioTracks": [{"audioTrackId": "de.3"}, {"audioTrackId": "en-US.4"}],
            "defaultAudioTrackIndex": 1,
        },
    )
    assert (await youtube.fetch(ID)).language == "en"


async def test_named_tracks_with_long_codes_are_found(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """By their language, and by their whole code."""
    loopback.videos[ID] = Video((Caption("en-nP7-2PuUl7o", name="English - cut"), Caption("pt-BR")))
    assert (await youtube.fetch(ID, ["en"])).language == "en-nP7-2PuUl7o"
    assert (await youtube.fetch(ID, ["en-nP7-2PuUl7o"])).language == "en-nP7-2PuUl7o"
    assert (await youtube.fetch(ID, ["pt"])).language == "pt-BR"


async def test_automatic_captions_come_clean(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """They overlap on the screen; each ends where the next begins."""
    lines = ((0.0, 4.0, "we are no"), (2.0, 4.0, "strangers to love"), (4.5, 3.0, "[Music]"))
    loopback.videos[ID] = Video((Caption("en", lines, auto=True),))
    result = await youtube.fetch(ID)
    assert [(each.start, each.end) for each in result.segments] == [(0.0, 2.0), (2.0, 4.5), (4.5, 7.5)]
    assert (result.transcript_type, result.transcript) == ("auto", "we are no strangers to love [Music]")


async def test_tracks_lists_what_there_is(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """Manual ones first, without fetching any."""
    loopback.videos[ID] = Video(
        (Caption("en", auto=True, name="English (auto)"), Caption("fr", name="French"))
    )
    assert await youtube.tracks(ID) == (
        Track(language="fr", name="French", transcript_type="manual"),
        Track(language="en", name="English (auto)", transcript_type="auto"),
    )
    assert "timedtext" not in loopback.pages()


async def test_a_language_that_is_missing_is_told_with_those_that_are_there(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """English is not given to who asks for Spanish."""
    loopback.videos[ID] = Video((Caption("en"), Caption("ja")))
    with pytest.raises(LanguageNotAvailable, match="en, ja"):
        await youtube.fetch(ID, ["es"])


async def test_consent_is_given_once(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """The page that asks for it is answered with a cookie, which the session keeps."""
    loopback.consent_wanted = True
    loopback.videos[ID] = Video()
    await youtube.fetch(ID)
    assert loopback.pages() == ["watch", "watch", "player", "timedtext"]


async def test_what_is_no_id_reaches_nobody(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """Neither does a language that is none."""
    for wrong in ("", "dQw4w9WgXcQ/", "subscriptions", "../../etc/passwd", "videoseries", f"{ID}\n"):
        with pytest.raises(InvalidVideoId):
            await youtube.fetch(wrong)
    with pytest.raises(InvalidRequest, match="language code"):
        await youtube.fetch(ID, ["en; drop table"])
    assert loopback.asked == []


async def test_no_more_fetches_at_once_than_threads(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """Thirty at once with four threads; all are answered."""
    loopback.videos[ID] = Video()
    results = await asyncio.gather(*(youtube.fetch(ID) for _ in range(30)))
    assert {result.transcript for result in results} == {"hello world"}
    assert loopback.most_at_once <= 4


async def failure(youtube: YouTube, video_id: str = ID) -> TranscriptUnavailable:
    with pytest.raises(TranscriptUnavailable) as caught:
        await youtube.fetch(video_id)
    return caught.value


BOT = "Sign in to confirm you’re not a bot"
PLAYER = {
    "an unknown video": (Video(None, "ERROR", "This video is unavailable"), Cause.NOT_FOUND),
    "a removed video": (
        Video(None, "ERROR", "Video unavailable", "This video has been removed by the uploader"),
        Cause.NOT_FOUND,
    ),
    "a closed account": (
        Video(None, "ERROR", "This video is no longer available because the account has been terminated."),
        Cause.NOT_FOUND,
    ),
    "an old broadcast not kept": (
        Video(None, "UNPLAYABLE", "This live stream recording is not available."),
        Cause.NOT_FOUND,
    ),
    "a private video": (Video(None, "LOGIN_REQUIRED", "This video is private"), Cause.PRIVATE),
    "a private video, in more words": (
        Video(
            None,
            "LOGIN_REQUIRED",
            "Private video",
            "Sign in if you've been granted access to this video",
        ),
        Cause.PRIVATE,
    ),
    "members only": (
        Video(None, "UNPLAYABLE", "Join this channel to get access to members-only content like this video."),
        Cause.PRIVATE,
    ),
    "to be paid for": (Video(None, "UNPLAYABLE", "This video requires payment to watch"), Cause.PRIVATE),
    "a login for no reason given": (Video(None, "LOGIN_REQUIRED"), Cause.PRIVATE),
    "age, as the library knows it": (
        Video(None, "LOGIN_REQUIRED", "This video may be inappropriate for some users."),
        Cause.AGE_RESTRICTED,
    ),
    "age, in other words": (
        Video(None, "LOGIN_REQUIRED", "Sign in to confirm your age"),
        Cause.AGE_RESTRICTED,
    ),
    "age, by the status": (Video(None, "AGE_VERIFICATION_REQUIRED", "Please sign in"), Cause.AGE_RESTRICTED),
    "another country": (
        Video(
            None,
            "UNPLAYABLE",
            "Video unavailable",
            "The uploader has not made this video available in your country",
        ),
        Cause.REGION_BLOCKED,
    ),
    "another country, as unavailable": (
        Video(None, "ERROR", "This video is unavailable", "It is blocked in your country"),
        Cause.REGION_BLOCKED,
    ),
    "a premiere to come": (
        Video(None, "LIVE_STREAM_OFFLINE", "Premieres in 2 hours"),
        Cause.LIVE_NOT_ENDED,
    ),
    "a broadcast to come": (
        Video(None, "LIVE_STREAM_OFFLINE", "This live event will begin in 5 minutes."),
        Cause.LIVE_NOT_ENDED,
    ),
    "a broadcast under way": (Video(None, details={"isLive": True}), Cause.LIVE_NOT_ENDED),
    "a broadcast just ended": (Video((), details={"isPostLiveDvr": True}), Cause.LIVE_NOT_ENDED),
    "no captions": (Video(None), Cause.DISABLED),
    "no tracks": (Video(()), Cause.DISABLED),
    "taken for a robot": (Video(None, "LOGIN_REQUIRED", BOT), Cause.BLOCKED),
    "taken for a robot, with a plain apostrophe": (
        Video(None, "LOGIN_REQUIRED", BOT.replace("’", "'")),
        Cause.BLOCKED,
    ),
    "the session limited": (
        Video(None, "UNPLAYABLE", "This content isn't available, try again later."),
        Cause.RATE_LIMITED,
    ),
    "a reason nobody knows": (Video(None, "UNPLAYABLE", "The moon is in the way"), Cause.UPSTREAM_ERROR),
    "a token wanted": (Video((Caption("en", extra="&exp=xpe"),)), Cause.PO_TOKEN_REQUIRED),
    "captions without a body": (Video((Caption("en", body=""),)), Cause.PO_TOKEN_REQUIRED),
    "captions cut short": (Video((Caption("en", body="<transcript><text"),)), Cause.UPSTREAM_ERROR),
    "captions without a text": (Video((Caption("en", ()),)), Cause.UPSTREAM_ERROR),
    "captions with times that are none": (
        Video((Caption("en", body='<transcript><text start="nan" dur="1">x</text></transcript>'),)),
        Cause.UPSTREAM_ERROR,
    ),
    "captions with entities that grow": (
        Video((Caption("en", body='<!DOCTYPE t [<!ENTITY a "b">]><t><text start="0">&a;</text></t>'),)),
        Cause.UPSTREAM_ERROR,
    ),
}


@pytest.mark.parametrize("name", PLAYER)
async def test_each_failure_of_a_video_has_its_cause(
    loopback: LoopbackYouTube, youtube: YouTube, name: str
) -> None:
    """What the player says, or the captions are, decides."""
    loopback.videos[ID], cause = PLAYER[name]
    assert (await failure(youtube)).cause is cause


PAGES = {
    "429 with a pause": ("watch", Reply(429, "slow", {"Retry-After": "120"}), Cause.RATE_LIMITED),
    "429 by the player": ("player", Reply(429), Cause.RATE_LIMITED),
    "429 for the captions": ("timedtext", Reply(429, headers={"Retry-After": "7"}), Cause.RATE_LIMITED),
    "captcha": ("watch", Reply(body='<html><div class="g-recaptcha"></div></html>'), Cause.BLOCKED),
    "403 for the captions": ("timedtext", Reply(403, "no"), Cause.BLOCKED),
    "consent without end": (
        "watch",
        Reply(body='<form action="https://consent.youtube.com/s"><i name="v" value="1"></form>'),
        Cause.BLOCKED,
    ),
    "consent that cannot be given": (
        "watch",
        Reply(body='<form action="https://consent.youtube.com/s"></form>'),
        Cause.BLOCKED,
    ),
    "404": ("watch", Reply(404, "no"), Cause.NOT_FOUND),
    "404 by the player": ("player", Reply(404, "no"), Cause.UPSTREAM_ERROR),
    "500": ("watch", Reply(500, "oh"), Cause.UPSTREAM_ERROR),
    "503 by the player": ("player", Reply(503, "oh", {"Retry-After": "9"}), Cause.UPSTREAM_ERROR),
    "504": ("timedtext", Reply(504, "late"), Cause.TIMEOUT),
    "an empty page": ("watch", Reply(), Cause.PO_TOKEN_REQUIRED),
    "an empty player": ("player", Reply(), Cause.PO_TOKEN_REQUIRED),
    "empty captions": ("timedtext", Reply(), Cause.PO_TOKEN_REQUIRED),
    "a page without a key": ("watch", Reply(body="<html></html>"), Cause.UPSTREAM_ERROR),
    "a player that is no JSON": ("player", Reply(body="<html>"), Cause.UPSTREAM_ERROR),
    "a player of another shape": ("player", Reply(body='{"captions": []}'), Cause.UPSTREAM_ERROR),
    "a player that is a list": ("player", Reply(body="[]"), Cause.UPSTREAM_ERROR),
    "HTML for captions": ("timedtext", Reply(body="<html><p>sorry"), Cause.UPSTREAM_ERROR),
    "half an answer": ("player", Reply(body="x" * 1000, mood="cut"), Cause.NETWORK),
    "no answer": ("watch", Reply(mood="reset"), Cause.NETWORK),
    "a wrong encoding": ("player", Reply(body="x", headers={"Content-Encoding": "gzip"}), Cause.NETWORK),
    "redirects without end": ("watch", Reply(302, headers={"Location": "/watch"}), Cause.UPSTREAM_ERROR),
    "a consent page elsewhere": (
        "watch",
        Reply(302, headers={"Location": "https://consent.youtube.com/m?continue=x"}),
        Cause.BLOCKED,
    ),
}


@pytest.mark.parametrize("name", PAGES)
async def test_each_failure_of_a_page_has_its_cause(
    loopback: LoopbackYouTube, youtube: YouTube, name: str
) -> None:
    """Status, body or its absence decide; a 200 with nothing in it is never a transcript."""
    page, reply, cause = PAGES[name]
    loopback.videos[ID] = Video()
    loopback.everywhere[page] = (reply,)
    loopback.everywhere["/m"] = (Reply(body="<html>Before you continue</html>"),)
    error = await failure(youtube)
    assert error.cause is cause
    if wait := reply.headers.get("Retry-After"):
        assert error.retry_after == float(wait)


async def test_a_pause_asked_for_in_no_words_still_has_a_length(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """Whoever gets a 429 is told when to come again."""
    loopback.everywhere["watch"] = (Reply(429),)
    error = await failure(youtube)
    assert error.retry_after == pytest.approx(60, abs=2)


async def test_a_connection_that_broke_is_tried_again(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """Once; the second try makes the whole fetch."""
    loopback.videos[ID] = Video(replies={"player": (Reply(mood="reset"), AS_USUAL)})
    assert (await youtube.fetch(ID)).transcript == "hello world"
    assert loopback.pages() == ["watch", "player", "watch", "player", "timedtext"]


async def test_nobody_listening_is_a_matter_of_the_network() -> None:
    """And the message names no address of a proxy."""
    youtube = YouTube(origin="http://127.0.0.1:9")  # discard: nobody serves it here
    try:
        assert (await failure(youtube)).cause is Cause.NETWORK
    finally:
        await youtube.aclose()


async def test_errors_tell_what_youtube_said(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """The reason for people, and the HTTP form with the cause as its code."""
    loopback.videos[ID] = Video(None, "LOGIN_REQUIRED", "This video is private")
    error = await failure(youtube)
    assert "YouTube says: This video is private" in error.message
    problem = error.to_problem()
    assert (problem["status"], problem["code"], problem["error"]) == (403, "private", error.message)


async def test_empty_bodies_and_unreadable_ones_are_told_apart(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """The one is YouTube's refusal, the other its failure."""
    loopback.everywhere["timedtext"] = (Reply(body=""), Reply(body=" "))
    loopback.videos[ID] = Video()
    assert isinstance(await failure(youtube), PoTokenRequired)
    assert isinstance(await failure(youtube), PoTokenRequired | YouTubeFailed)
