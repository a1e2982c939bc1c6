"""Captions that are odd, as some of YouTube's are, cost nobody else's."""

from __future__ import annotations

import pytest
from loopback_youtube import Caption, LoopbackYouTube, Video
from transcript_stage import ID, video_ids

from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.models import Cause, Segment
from batuta.transcripts.youtube import YouTube

pytestmark = pytest.mark.anyio

EMPTY = Video((Caption("en", ()),))
EARLY = Video((Caption("en", ((-1.5, 2.0, "early"), (2.0, 1.0, "on time"))),))
TIMELESS = Video(
    (
        Caption(
            "en",
            body='<transcript><text start="nan" dur="1">never</text><text start="1" dur="inf">for ever</text>'
            '<text start="2" dur="1">once</text></transcript>',
        ),
    )
)


async def test_what_begins_before_the_beginning_is_moved_there(
    loopback: LoopbackYouTube, youtube: YouTube
) -> None:
    """Its text is worth having."""
    loopback.videos[ID] = EARLY
    first, second = (await youtube.fetch(ID)).segments
    assert (first.text, first.start) == ("early", 0.0)
    assert second == Segment(text="on time", start=2.0, duration=1.0)


async def test_what_has_no_finite_time_is_left_out(loopback: LoopbackYouTube, youtube: YouTube) -> None:
    """The rest is the transcript."""
    loopback.videos[ID] = TIMELESS
    assert (await youtube.fetch(ID)).segments == (Segment(text="once", start=2.0, duration=1.0),)


@pytest.mark.parametrize("odd", [EMPTY, EARLY], ids=["empty", "early"])
async def test_five_odd_videos_do_not_stop_a_sixth(
    loopback: LoopbackYouTube, youtube: YouTube, odd: Video
) -> None:
    """They are answers of YouTube's, no sign that it is ill, and the breaker stays closed."""
    loopback.videos |= dict.fromkeys(video_ids(5), odd)
    loopback.videos[ID] = Video()
    for video_id in video_ids(5):
        try:
            await youtube.fetch(video_id)
        except TranscriptUnavailable as error:
            assert error.cause is Cause.DISABLED  # noqa: PT017  # of EMPTY only
    assert youtube.blockade.left is None
    assert (await youtube.fetch(ID)).transcript == "hello world"
