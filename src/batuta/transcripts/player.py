"""What YouTube's player is told about a video, as far as it decides about captions: read beside the library.

youtube-transcript-api keeps the tracks and throws the rest away: whether the broadcast still runs, which
language is spoken, the status behind a reason.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

T = TypeVar("T")

_SPOKEN: Final = re.compile(r"([A-Za-z0-9-]+)\.[0-9]+")
"""`en-US.4`: the language of an audio track and what kind it is."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Run(_Shape):
    text: str = ""


class _Text(_Shape):
    simple: str = Field(default="", alias="simpleText")
    runs: tuple[_Run, ...] = ()

    @property
    def plain(self) -> str:
        return self.simple or "".join(run.text for run in self.runs)


class _Message(_Shape):
    subreason: _Text = _Text()


class _Screen(_Shape):
    message: _Message = Field(default=_Message(), alias="playerErrorMessageRenderer")


class _Playability(_Shape):
    status: str = ""
    reason: str = ""
    screen: _Screen = Field(default=_Screen(), alias="errorScreen")


class _Details(_Shape):
    live: bool = Field(default=False, alias="isLive")
    upcoming: bool = Field(default=False, alias="isUpcoming")
    just_ended: bool = Field(default=False, alias="isPostLiveDvr")


class _Track(_Shape):
    language: str = Field(default="", alias="languageCode")
    kind: str = ""


class _Audio(_Shape):
    track_id: str = Field(default="", alias="audioTrackId")


class _Tracklist(_Shape):
    tracks: tuple[_Track, ...] = Field(default=(), alias="captionTracks")
    audio: tuple[_Audio, ...] = Field(default=(), alias="audioTracks")
    audio_index: int = Field(default=0, alias="defaultAudioTrackIndex")
    sources: tuple[int, ...] = Field(default=(), alias="defaultTranslationSourceTrackIndices")


class _Captions(_Shape):
    tracklist: _Tracklist = Field(default=_Tracklist(), alias="playerCaptionsTracklistRenderer")


class Player(_Shape):
    """The player's answer for one video."""

    playability: _Playability = Field(default=_Playability(), alias="playabilityStatus")
    details: _Details = Field(default=_Details(), alias="videoDetails")
    captions: _Captions = _Captions()

    @property
    def words(self) -> str:
        """The status, reason and details that YouTube gives, in one line."""
        told = self.playability
        return " ".join(filter(None, (told.status, told.reason, told.screen.message.subreason.plain)))

    @property
    def reason(self) -> str:
        """The same for people: without the status."""
        told = self.playability
        return ". ".join(filter(None, (told.reason.rstrip("."), told.screen.message.subreason.plain)))

    @property
    def broadcasting(self) -> bool:
        """Whether the video is a broadcast that has not ended, or not been processed."""
        return self.details.live or self.details.upcoming or self.details.just_ended

    @property
    def own_language(self) -> str | None:
        """The language spoken in the video, as far as YouTube tells.

        That of the audio track played by default; else the one that was recognised, if it is only one (dubbed
        videos have several); else what YouTube itself translates captions from.
        """
        found = self.captions.tracklist
        audio = _at(found.audio, found.audio_index)
        if audio is not None and (spoken := _SPOKEN.fullmatch(audio.track_id)):
            return spoken[1]
        heard = {track.language for track in found.tracks if track.kind == "asr"}
        if len(heard) == 1:
            return heard.pop()
        source = _at(found.tracks, found.sources[0]) if found.sources else None
        return source.language if source is not None else None


def read_player(body: bytes) -> Player | None:
    """The player's answer; None when it is nothing of the kind."""
    try:
        return Player.model_validate_json(body)
    except ValidationError:
        return None


def _at(items: tuple[T, ...], index: int) -> T | None:
    return items[index] if 0 <= index < len(items) else None
