"""What the audio worker is asked for and what it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.jobs.orders import Order
from batuta.services.audio_worker.profiles import DEFAULT_PROFILE, profile_named
from batuta.storage.artefacts import Artefact

MAX_CLIPS: Final = 5_000
MAX_SUBTITLE_BYTES: Final = 4_000_000
"""A day of dense dialogue has three million."""
LONGEST_CLIP_SECONDS: Final = 300.0
"""A sentence takes less; a clip is held in memory."""
LONGEST_SECONDS: Final = 24 * 3600.0
MIN_TEMPO, MAX_TEMPO = 0.5, 2.0
"""What `atempo` does in one step; `media.fitting` never asks for more than 1.30."""

_PART: Final = re.compile(r"clip_(\d{1,5})")


class Placed(BaseModel):
    """Where a clip goes: its first sample at `start` seconds, `tempo` times as fast, at the same pitch."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    start: float = Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)
    tempo: float = Field(default=1.0, ge=MIN_TEMPO, le=MAX_TEMPO)


class VideoFacts(BaseModel):
    """What is seen; `frame_seconds` is how long a picture stays on average."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    codec: str
    width: int
    height: int
    fps: float
    frame_seconds: float


class AudioFacts(BaseModel):
    """What was heard with it, as it is stored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    codec: str
    channels: int
    sample_rate: int


class AudioResult(BaseModel):
    """A file and the facts about it; those of other tasks keep their defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    filename: str | None = None
    duration: float | None = None
    """Seconds; of the video for `extract` and `merge`."""
    warnings: tuple[str, ...] = ()

    chunks: tuple[tuple[float, float], ...] = ()
    """extract: from when to when, in seconds: together the whole, cut in pauses; none where nobody speaks."""
    speech_seconds: float | None = None
    """extract: how long somebody speaks."""
    video: VideoFacts | None = None
    audio: AudioFacts | None = None

    voice_loudness: float | None = None
    """separate: LUFS of the voices that were taken out; to be given to `mix`."""

    actual_starts: tuple[float | None, ...] = ()
    """mix: where the first sample of each clip was put; None for one that would start after the end."""
    clip_seconds: tuple[float, ...] = ()
    """mix: how long each clip is heard."""
    loudness_out: float | None = None
    """mix: LUFS; None for silence."""
    true_peak_out: float | None = None
    """mix: dB of full scale."""

    container: str | None = None
    """merge: `mp4` or `matroska`."""
    original_audio: str | None = None
    """merge: `copied`, `encoded` or `none`."""


class AudioTask(Order[AudioResult]):
    """One of the four things that dubbing does to sound.

    - extract: `video` → its sound as speech recognisers want it, and where to cut it.
    - separate: `video` (or `audio`) → its sound without voices.
    - mix: `clips` at their `placements` over `bed`; without one over the sound of `audio` or `video`; over
      silence without `keep_background`. As long as `duration` says, else as `video`.
    - merge: the pictures of `video`, the sound of `audio`, subtitles.
    """

    work: ClassVar[str] = "audio-worker"
    Result: ClassVar[type[BaseModel]] = AudioResult

    task: Literal["extract", "separate", "mix", "merge"]
    video: Artefact | None = None
    audio: Artefact | None = None
    bed: Artefact | None = None
    """Sound without voices, as `separate` gives it."""
    clips: tuple[Artefact, ...] = Field(default=(), max_length=MAX_CLIPS)
    placements: tuple[Placed, ...] = Field(default=(), max_length=MAX_CLIPS)
    duration: float | None = Field(default=None, gt=0, le=LONGEST_SECONDS)
    """mix: seconds, as `extract` measured them, so that the video need not be sent again."""
    voice_loudness: float | None = Field(default=None, ge=-70, le=0)
    """mix: LUFS of the original voices, as `separate` measured them; None: found out from the background."""
    profile: str = Field(default=DEFAULT_PROFILE, max_length=16)
    """mix: how loud the whole is to be: `web`, `broadcast` or `netflix`."""
    keep_background: bool = True
    source_language: str | None = Field(default=None, max_length=16)
    target_language: str | None = Field(default=None, max_length=16)
    subtitles_source: Artefact | None = None
    """merge: SRT."""
    subtitles_target: Artefact | None = None
    filename: str | None = Field(default=None, max_length=255)
    """What messages call the medium, and what the result's name begins with."""

    @property
    def files(self) -> dict[str, Artefact]:
        """The fields that are files; each clip is one of its own, from `clip_0` on."""
        return {**super().files, **{f"clip_{number}": clip for number, clip in enumerate(self.clips)}}

    @model_validator(mode="before")
    @classmethod
    def _clips_of_a_form(cls, data: object) -> object:
        """A form has a part for each clip; here they become one field again."""
        if not isinstance(data, Mapping):
            return data
        fields = dict(cast("Mapping[str, Any]", data))
        parts = {int(found[1]): fields.pop(name) for name in list(fields) if (found := _PART.fullmatch(name))}
        if parts:
            missing = next((number for number in range(len(parts)) if number not in parts), None)
            if missing is not None:
                raise InvalidRequest(f"clip_{missing} is missing: clips are numbered from 0 without gaps")
            fields["clips"] = [parts[number] for number in range(len(parts))]
        return fields

    @field_validator("placements", mode="before")
    @classmethod
    def _placements_of_a_form(cls, value: object) -> object:
        """A form says them in JSON."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise InvalidRequest(f"placements are no JSON: {error}") from error

    @model_serializer(mode="wrap")
    def _without_parts(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        """Whoever leaves out the parts (they travel as files) leaves out the clips."""
        found: dict[str, Any] = handler(self)
        if info.exclude and "clip_0" in info.exclude:
            found.pop("clips", None)
        return found

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        """What the task needs is there; raises `InvalidRequest`."""
        profile_named(self.profile)
        match self.task:
            case "extract":
                self._needs("video", self.video)
            case "separate":
                self._needs("video or audio", self.video or self.audio)
            case "mix":
                self._check_mix()
            case "merge":
                self._needs("video", self.video)
                self._needs("audio, the dub", self.audio)
                self._check_subtitles()
        return self

    def _check_mix(self) -> None:
        if len(self.clips) != len(self.placements):
            raise InvalidRequest(
                f"mix: {len(self.clips)} clips and {len(self.placements)} placements; every clip needs one"
            )
        self._needs("duration or video, to know how long it is", self.duration or self.video)
        if self.keep_background:
            background = self.bed or self.audio or self.video
            self._needs("bed, audio or video, or keep_background=false", background)

    def _check_subtitles(self) -> None:
        for subtitles in filter(None, (self.subtitles_source, self.subtitles_target)):
            if subtitles.size > MAX_SUBTITLE_BYTES:
                raise PayloadTooLarge(
                    f"merge: subtitles of {subtitles.size} bytes; {MAX_SUBTITLE_BYTES} are the most"
                )

    def _needs(self, what: str, value: object) -> None:
        if value is None:
            raise InvalidRequest(f"{self.task} needs {what}")
