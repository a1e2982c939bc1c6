"""A house that reads videos: a YouTube on loopback, and the server before it."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from console_stage import House, house

sys.path.append(str(Path(__file__).parents[1] / "transcripts"))  # its YouTube is for everybody
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video

TALK = "talk-video1"
MUTE = "mute-video1"
BUSY = "busy-video1"
GONE = "gone-video1"
SPANISH = (
    (0.0, 2.5, "Buenas tardes a todos"),
    (2.5, 3.0, "una canción: 2 < 3 & {{ 7 * 7 }}"),
    (65.0, 2.0, "adiós"),
)
ENGLISH = ((0.0, 2.5, "Good evening all"), (2.5, 3.0, "a lullaby"), (65.0, 2.0, "goodbye"))
WATCH = f"https://www.youtube.com/watch?v={TALK}"


@dataclass(frozen=True)
class ReadingRoom:
    """A running server, and the YouTube it asks."""

    house: House
    youtube: LoopbackYouTube

    @property
    def url(self) -> str:
        """Of the server."""
        return self.house.url


def videos() -> dict[str, Video]:
    """A talk in two languages, a video without captions, one for which YouTube wants a pause."""
    pause = Reply(429, "too many", headers={"Retry-After": "90"})
    return {
        TALK: Video(
            (Caption("es", SPANISH, name="Español"), Caption("en", ENGLISH, auto=True, name="English"))
        ),
        MUTE: Video(captions=None),
        BUSY: Video(replies={"watch": (pause,)}),
    }


@asynccontextmanager
async def reading_room(
    folder: Path, *, only: str | None = "transcripts", **settings: object
) -> AsyncGenerator[ReadingRoom]:
    """A server of transcripts alone, or of another app, or of all."""
    with LoopbackYouTube().running() as youtube:
        youtube.videos.update(videos())
        asked = {
            "transcript_youtube_origin": youtube.url,
            "transcript_requests_per_second": 1000.0,
            **settings,
        }
        async with house(folder, only=only, **asked) as built:
            yield ReadingRoom(built, youtube)
