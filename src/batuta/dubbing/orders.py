"""What the stages of a dub ask for that no service does: the work of this orchestrator itself."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from batuta.dubbing.models import DubRequest, Published, Spoken
from batuta.jobs import Order, Run
from batuta.services.audio_worker.orders import AudioResult
from batuta.storage.artefacts import Artefact

STEPS: Final = ("transcription", "translation", "synthesis")
"""Of every line; to the job they are stages."""


class Fetched(BaseModel):
    """A video out of the object store."""

    model_config = ConfigDict(frozen=True)

    file: Artefact


class Fetch(Order[Fetched]):
    """Take the video out of the object store."""

    work: ClassVar[str] = "dub-fetch"
    Result: ClassVar[type[BaseModel]] = Fetched

    dub_id: int
    """Another job's object may have had the same name."""
    object_key: str


class Speak(Order[Spoken]):
    """Hear, translate and speak every segment."""

    work: ClassVar[str] = "dub-speech"
    Result: ClassVar[type[BaseModel]] = Spoken

    job: str
    """Whose segments are shown while this goes on."""
    audio: Artefact
    """Mono, 16 kHz, on the time line of the video."""
    chunks: tuple[tuple[float, float], ...]
    """Where to cut it, in seconds: in pauses."""
    duration: float
    source_language: str
    target_language: str
    spoken_as: str
    """The same with its region."""
    voice: str | None
    script: Artefact | None
    round: int
    """A flow begins anew each time: what it finds kept is a lookup for each piece."""
    anew: dict[str, str] = Field(default_factory=dict[str, str])
    """For the steps that are to be done again in any case: what makes their pieces new ones."""

    @classmethod
    def of(cls, run: Run, request: DubRequest, sound: AudioResult) -> Self:
        """What a request asks of the sound that was extracted."""
        return cls(
            job=run.job_id,
            audio=sound.file,
            chunks=sound.chunks,
            duration=sound.duration or 0.0,
            source_language=request.source_language,
            target_language=request.target_language,
            spoken_as=request.spoken_as or request.target_language,
            voice=request.voice,
            script=request.script,
            round=request.round,
            anew={step: run.again[step] for step in STEPS if step in run.again},
        )


class Mix(Order[AudioResult]):
    """Put the clips of a script over the background."""

    work: ClassVar[str] = "dub-mix"
    Result: ClassVar[type[BaseModel]] = AudioResult

    job: str
    script: Artefact
    bed: Artefact | None
    """The sound without voices; None for silence."""
    voice_loudness: float | None
    """LUFS of the voices that were taken out."""
    profile: str


class Publish(Order[Published]):
    """Put the result into the object store, and write the report."""

    work: ClassVar[str] = "dub-upload"
    Result: ClassVar[type[BaseModel]] = Published

    dub_id: int
    video: Artefact
    suffix: str
    """Of the container: `.mp4`, or `.mkv` for what that cannot hold."""
    script: Artefact
    actual_starts: tuple[float | None, ...]
    loudness: float | None
    true_peak: float | None
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        request: DubRequest,
        script: Artefact,
        mixed: AudioResult,
        video: Artefact,
        warnings: tuple[str, ...],
    ) -> Self:
        """What a finished video is stored as, and what its report says of it."""
        return cls(
            dub_id=request.dub_id,
            video=video,
            suffix=".mp4" if video.media_type == "video/mp4" else ".mkv",
            script=script,
            actual_starts=mixed.actual_starts,
            loudness=mixed.loudness_out,
            true_peak=mixed.true_peak_out,
            warnings=warnings,
            again=f"round {request.round}",
        )


class Told(BaseModel):
    """Nothing more than that the gateway knows."""

    model_config = ConfigDict(frozen=True)

    dub_id: int


class Update(Order[Told]):
    """Tell the gateway that the job is done."""

    work: ClassVar[str] = "dub-update"
    Result: ClassVar[type[BaseModel]] = Told

    dub_id: int
    output_key: str

    @classmethod
    def of(cls, request: DubRequest, output_key: str) -> Self:
        """The end of this round of the dub."""
        return cls(dub_id=request.dub_id, output_key=output_key, again=f"round {request.round}")
