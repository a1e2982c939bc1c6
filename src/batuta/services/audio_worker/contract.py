"""What the audio worker's engine is asked and what it answers; light to import, so that the parent may.

What may be long travels as files: the clips of a mix in a plan, subtitles as SRT.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypedDict

ENGINE: Final = "batuta.services.audio_worker.engine:work"
"""Where a pool of worker processes finds the engine."""

ENGINE_VERSION: Final = "audio-worker-1"
"""Changes whenever the same order and weights would give other bytes."""

SEPARATION_WEIGHTS: Final = "spleeter-2stems"
"""The set of weights that `separate` needs."""


class ExtractTask(TypedDict):
    """The speech of `video` to `output`, a FLAC file; `name` is what messages call the video."""

    task: Literal["extract"]
    video: str
    output: str
    name: str


class SeparateTask(TypedDict):
    """Everything but voices out of `source` to `output`, a FLAC file."""

    task: Literal["separate"]
    source: str
    output: str
    name: str
    weights: str
    threads: int


class PlanClip(TypedDict):
    """One clip of a plan: its file, when it starts (seconds), how much faster than recorded it is to be."""

    file: str
    start: float
    tempo: float


class MixTask(TypedDict):
    """The clips in `plan` (JSON: a list of `PlanClip`) over `background` to `output`, a FLAC file.

    The mix is `duration` seconds long, or as long as `video`. Without `background` there is silence under the
    clips. `voice_loudness` is in LUFS; None has it found out from the background.
    """

    task: Literal["mix"]
    plan: str
    output: str
    name: str
    profile: str
    background: str | None
    background_is_clean: bool
    voice_loudness: float | None
    duration: float | None
    video: str | None


class MergeTask(TypedDict):
    """The pictures of `video` with the sound of `audio`, as `stem` plus `.mp4` or `.mkv`.

    Languages are codes as the services know them; subtitles are SRT files.
    """

    task: Literal["merge"]
    video: str
    audio: str
    stem: str
    name: str
    source_language: str | None
    target_language: str | None
    subtitles_source: str | None
    subtitles_target: str | None


Task: TypeAlias = ExtractTask | SeparateTask | MixTask | MergeTask


class Made(TypedDict):
    """What every task answers; `output` is the file that was written, and `duration` its seconds."""

    output: str
    duration: float
    warnings: list[str]
    engine: str


class VideoFacts(TypedDict):
    """What is seen; `frame_seconds` is how long a picture stays on average."""

    codec: str
    width: int
    height: int
    fps: float
    frame_seconds: float


class AudioFacts(TypedDict):
    """What was heard with it, as it is stored."""

    codec: str
    channels: int
    sample_rate: int


class ExtractResult(Made):
    """`duration` is the video's; `chunks` cover it, cut in pauses, and are none where nobody speaks."""

    chunks: list[tuple[float, float]]
    speech_seconds: float
    video: VideoFacts
    audio: AudioFacts


class SeparateResult(Made):
    """`voice_loudness` is how loud the voices are that were taken out, in LUFS; None when there are none."""

    sample_rate: int
    voice_loudness: float | None


class MixResult(Made):
    """For each clip of the plan where its first sample is and how long it is heard, in seconds.

    `None` for a clip that starts after the end. Loudness is in LUFS, the true peak in dB of full scale; both
    are `None` for silence.
    """

    samples: int
    actual_starts: list[float | None]
    clip_seconds: list[float]
    loudness_out: float | None
    true_peak_out: float | None
    gain_db: float


class MergeResult(Made):
    """What the file holds besides the pictures and the dub."""

    container: Literal["mp4", "matroska"]
    original_audio: Literal["copied", "encoded", "none"]
    subtitles: list[str]
    video_packets: int


Result: TypeAlias = ExtractResult | SeparateResult | MixResult | MergeResult
