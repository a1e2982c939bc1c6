"""Every way in which YouTube gives no transcript, and the cause it is told under."""

from __future__ import annotations

import pytest
from loopback_youtube import (
    AS_USUAL,
    CAPTCHA_PAGE,
    CONSENT_PAGE,
    CONSENT_WITHOUT_VALUE,
    Caption,
    LoopbackYouTube,
    Reply,
    Video,
)

from batuta.transcripts.causes import BY_CAUSE, TranscriptUnavailable
from batuta.transcripts.models import Cause
from batuta.transcripts.youtube import YouTube

pytestmark = pytest.mark.anyio

ID = "dQw4w9WgXcQ"


async def failure(youtube: YouTube, video_id: str = ID) -> TranscriptUnavailable:
    with pytest.raises(TranscriptUnavailable) as caught:
        await youtube.fetch(video_id)
    return caught.value


BOT = "Sign in to confirm you\u2019re not a bot"
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
        Video(None, "LOGIN_REQUIRED", BOT.replace("\u2019", "'")),
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
    "captions without a text": (Video((Caption("en", ()),)), Cause.DISABLED),
    "captions with times that are none": (
        Video((Caption("en", body='<transcript><text start="nan" dur="1">x</text></transcript>'),)),
        Cause.DISABLED,
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
    "captcha": ("watch", Reply(body=CAPTCHA_PAGE), Cause.BLOCKED),
    "403 for the captions": ("timedtext", Reply(403, "no"), Cause.BLOCKED),
    "consent without end": (
        "watch",
        Reply(body=CONSENT_PAGE),
        Cause.BLOCKED,
    ),
    "consent that cannot be given": (
        "watch",
        Reply(body=CONSENT_WITHOUT_VALUE),
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
    "a wrong encoding": (
        "player",
        Reply(body="this is no gzip", headers={"Content-Encoding": "gzip"}),
        Cause.NETWORK,
    ),
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


async def test_the_table_of_causes_is_whole() -> None:
    """Each cause has one class, with the status of the contract."""
    assert set(BY_CAUSE) == set(Cause)
    assert {cause.value: kind.status for cause, kind in BY_CAUSE.items()} == {
        "invalid_id": 422,
        "not_found": 404,
        "disabled": 404,
        "language_not_available": 404,
        "private": 403,
        "age_restricted": 403,
        "region_blocked": 403,
        "live_not_ended": 425,
        "blocked": 502,
        "rate_limited": 429,
        "po_token_required": 502,
        "timeout": 504,
        "network": 502,
        "upstream_error": 502,
    }
    exits = {cause.value: kind("x").exit_code for cause, kind in BY_CAUSE.items()}
    assert {name for name, code in exits.items() if code == 2} == {"invalid_id"}
    assert {name for name, code in exits.items() if code == 1} == {
        "not_found",
        "disabled",
        "language_not_available",
        "private",
        "age_restricted",
        "region_blocked",
    }


async def test_a_failure_is_remembered_as_long_as_its_cause_is_worth() -> None:
    """Hours, minutes or seconds; what YouTube asked for comes first, up to a day."""
    hours = {cause.value for cause, kind in BY_CAUSE.items() if kind("x").remembered.total_seconds() >= 3600}
    assert "disabled" in hours
    assert hours.isdisjoint({"blocked", "rate_limited", "network", "timeout", "upstream_error"})
    assert BY_CAUSE[Cause.NETWORK]("x").remembered.total_seconds() <= 60
    assert BY_CAUSE[Cause.RATE_LIMITED]("x", 90.0).remembered.total_seconds() == 90
    assert BY_CAUSE[Cause.RATE_LIMITED]("x", 1e9).remembered.total_seconds() == 86_400
