"""Fetching from YouTube, with the real library against a loopback server."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest
from loopback_youtube import Caption, LoopbackYouTube, Video

from batuta.errors import InvalidRequest
from batuta.transcripts.causes import InvalidVideoId, LanguageNotAvailable
from batuta.transcripts.models import Segment, Track
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
