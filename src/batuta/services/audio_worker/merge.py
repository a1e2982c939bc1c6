"""merge: the pictures as they were, the dub first, the original sound second, and subtitles.

Packets of the video are copied bit for bit with their times, as the original sound is where the container can
hold it. MP4 where it can hold the pictures, else Matroska.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from batuta.errors import InvalidRequest, MediaError, UnreadableMedia
from batuta.media.audio import AudioReader, opened, probe, sound_of
from batuta.media.formats import read
from batuta.media.video import picture_of
from batuta.services.audio_worker.atoms import leave_subtitles_off
from batuta.services.audio_worker.contract import ENGINE_VERSION, MergeResult, MergeTask
from batuta.services.audio_worker.files import half_written
from batuta.services.audio_worker.tracks import (
    CopiedTracks,
    EncodedSound,
    Kind,
    SubtitleTrack,
    Timed,
    copyable,
    label,
)
from batuta.services.normalizer.passes import Progress

SAMPLE_RATE: Final = 48_000
_IN_MP4: Final = frozenset({"h264", "hevc", "av1", "vp9", "vvc", "mpeg4", "mpeg2video", "mpeg1video"})
"""What players expect in MP4; everything else goes into Matroska."""
_OPTIONS: Final = {"fflags": "+bitexact"}
"""No dates and no versions: the same order gives the same bytes."""
_MP4_OPTIONS: Final = {"movflags": "+faststart", "movie_timescale": "90000"}
"""Tracks start to 11 µs instead of 1 ms."""
_TEE_ESCAPED: Final = str.maketrans({character: f"\\{character}" for character in "\\'|"})
_MOST_ENCODED_CHANNELS: Final = 6


def merge(task: MergeTask, progress: Progress) -> MergeResult:
    """Do the task; raises `InvalidRequest` when there is no video, and `MediaError`."""
    dub = AudioReader(Path(task["audio"]), name="the dub", sample_rate=SAMPLE_RATE, channels=2)
    with ExitStack() as stack:
        source = stack.enter_context(opened(Path(task["video"]), task["name"]))
        picture = picture_of(source)
        if picture is None:
            raise InvalidRequest(f"{task['name']} has no video in it, only sound. Send a video file.")
        merging = _Merging(task, source, picture)
        part = stack.enter_context(half_written(merging.output))
        with _created(part, merging.kind) as file:
            packets = merging.tracks(file, dub, progress)
            try:
                for timed in packets:
                    file.mux_one(timed.packet)  # pyright: ignore[reportUnknownMemberType]  # Packet[…]
            except FFmpegError as error:
                raise UnreadableMedia(
                    f"{task['name']} cannot be put into a file of its own kind again: {error.strerror}. "
                    "Convert it to MP4 with H.264 first."
                ) from error
        if merging.kind == "mp4":
            leave_subtitles_off(part)
    return merging.result(dub)


def _created(path: Path, kind: Kind) -> OutputContainer:
    """The file to be.

    Matroska by way of `tee`: asked directly, PyAV refuses video that is kept there under a tag of AVI's.
    """
    if kind == "mp4":
        return av.open(path, "w", format="mp4", options={**_OPTIONS, **_MP4_OPTIONS})
    return av.open(f"[f=matroska]{str(path).translate(_TEE_ESCAPED)}", "w", format="tee", options=_OPTIONS)


class _Merging:
    """One file being put together."""

    def __init__(self, task: MergeTask, source: InputContainer, picture: VideoStream) -> None:
        self._task = task
        self._source = source
        self._picture = picture
        self._info = probe(Path(task["video"]), task["name"])
        codec = picture.codec_context.codec.canonical_name
        self.kind: Kind = "mp4" if codec in _IN_MP4 else "matroska"
        self.output = Path(f"{task['stem']}.{'mp4' if self.kind == 'mp4' else 'mkv'}")
        self._warnings: list[str] = []
        if self.kind == "matroska":
            self._warnings.append(f"MP4 cannot hold {codec} video as it is; the result is a Matroska file.")
        self._copied = CopiedTracks(source, self._info.origin)
        self._original: Literal["copied", "encoded", "none"] = "none"
        self._subtitles: list[str] = []

    def tracks(self, file: OutputContainer, dub: AudioReader, progress: Progress) -> Iterator[Timed]:
        """Add every track to the file; their packets in the order of time."""
        self._copied.add(file, self._picture)
        spoken = EncodedSound(file, progress.over(dub, until=100), SAMPLE_RATE, dub.channels)
        label(spoken.stream, self._task["target_language"], "dubbed", default=True)
        others: list[Iterable[Timed]] = [*self._original_sound(file), *self._subtitle_tracks(file, dub)]
        return heapq.merge(self._copied, spoken, *others, key=_when)

    def result(self, dub: AudioReader) -> MergeResult:
        """What was written."""
        if self._copied.broke_off:
            self._warnings.append("The video is damaged; it was copied as far as it can be read.")
        return MergeResult(
            output=str(self.output),
            duration=probe(self.output).duration or dub.seconds_read,
            warnings=self._warnings,
            engine=ENGINE_VERSION,
            container=self.kind,
            original_audio=self._original,
            subtitles=self._subtitles,
            video_packets=self._copied.packets,
        )

    def _original_sound(self, file: OutputContainer) -> Iterator[EncodedSound]:
        """The sound as it was: copied along with the pictures, else encoded by this track."""
        sound, language = sound_of(self._source), self._task["source_language"]
        if sound is None:
            return
        if copyable(sound, self.kind):
            label(self._copied.add(file, sound), language, "original")
            self._original = "copied"
            return
        try:
            reader = AudioReader(Path(self._task["video"]), name=self._task["name"], sample_rate=SAMPLE_RATE)
        except MediaError as error:
            self._warnings.append(f"The original sound is left out: {error}")
            return
        if reader.channels > _MOST_ENCODED_CHANNELS:
            reader.channels = 2
        track = EncodedSound(file, reader, SAMPLE_RATE, reader.channels)
        label(track.stream, language, "original")
        self._original = "encoded"
        yield track

    def _subtitle_tracks(self, file: OutputContainer, dub: AudioReader) -> Iterator[SubtitleTrack]:
        """Both languages, shown by nobody who does not ask for them: the dub is heard."""
        for path, language in (
            (self._task["subtitles_target"], self._task["target_language"]),
            (self._task["subtitles_source"], self._task["source_language"]),
        ):
            text = "" if path is None else Path(path).read_text()
            if not text.strip():
                continue
            track = SubtitleTrack(file, read(text, "srt").cues, self.kind, dub.info.duration or 0.0)
            label(track.stream, language)
            self._subtitles.append(language or "und")
            yield track


def _when(timed: Timed) -> float:
    return timed.seconds
