"""The picture of a media file, without decoding it: what it is, and from when to when it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, cast

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from batuta.errors import InvalidRequest, PayloadTooLarge, UnreadableMedia
from batuta.media.audio import MAX_DURATION_SECONDS, opened, probe, sound_of

AnyPacket: TypeAlias = "Packet[VideoStream] | Packet[AudioStream]"

_HEADER_TRUSTED_SECONDS: Final = 0.1
"""Within this the header knows the end of the medium better than the packets do, which end in padding. FLV's
counts from a clock that began before the medium."""
_EARLY_SECONDS: Final = 1.0
_EARLY_SHARE: Final = 0.02
"""Packets that end earlier than this tell of a file that was cut off."""
_USUAL_RATE: Final = 25


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is seen; `duration` is that of the whole medium in seconds, sound that outlasts it included.

    `fps` is the average; `frame_seconds` is its inverse: how long one picture of the average stays.
    """

    container: str
    codec: str
    width: int
    height: int
    fps: float
    frame_seconds: float
    frames: int
    duration: float
    origin: float
    """Where on the container's clock the time line of the medium begins."""
    is_whole: bool
    """Whether the packets could be read to the end that the header claims."""


def look(path: Path, name: str | None = None) -> VideoInfo:
    """Read every packet once, decoding none.

    Raises `UnreadableMedia`, `PayloadTooLarge` for more than a day, and `InvalidRequest` when nothing is to
    be seen: a cover picture is no video.
    """
    name = name or path.name
    info = probe(path, name)
    with opened(path, name) as container:
        picture = picture_of(container)
        if picture is None:
            raise InvalidRequest(f"{name} has no video in it, only sound. Send a video file.")
        seen = _Seen()
        readable = _read(container, picture, seen)
        codec = cast("VideoCodecContext | None", picture.codec_context)
        if codec is None or not seen.frames:
            why = "no packet of it is there" if codec else "there is no decoder for it"
            raise UnreadableMedia(
                f"The video of {name} cannot be read: {why}. Check that it plays, or convert it to MP4."
            )
        end = seen.end - info.origin
        claimed = info.duration
        whole = readable and (claimed is None or claimed - end <= max(_EARLY_SECONDS, _EARLY_SHARE * claimed))
        trusted = info.origin == 0.0 and claimed and abs(claimed - end) <= _HEADER_TRUSTED_SECONDS
        duration = claimed if claimed and trusted else end
        if duration > MAX_DURATION_SECONDS:
            raise PayloadTooLarge(f"{name} is longer than {MAX_DURATION_SECONDS // 3600} hours; cut it.")
        frame = seen.frame_seconds or float(1 / (picture.guessed_rate or _USUAL_RATE))
        return VideoInfo(
            container=container.format.name,
            codec=codec.codec.canonical_name,
            width=codec.width,
            height=codec.height,
            fps=round(1 / frame, 3),
            frame_seconds=frame,
            frames=seen.frames,
            duration=max(duration, 0.0),
            origin=info.origin,
            is_whole=whole,
        )


def picture_of(container: InputContainer) -> VideoStream | None:
    """The video a player would show; pictures that are attached to a file of sound are none."""
    best = container.streams.best("video")
    candidates = [best, *container.streams.video] if isinstance(best, VideoStream) else []
    return next((found for found in candidates if not found.disposition & Disposition.attached_pic), None)


def packets_of(container: InputContainer, *streams: Stream | None) -> Iterator[AnyPacket]:
    """The packets of these streams as they are stored; raises `FFmpegError` where the file is damaged."""
    wanted = [stream for stream in streams if stream is not None]
    for stream in container.streams:
        stream.discard = Discard.default if stream in wanted else Discard.all
    for packet in container.demux(*wanted):
        if packet.size:  # the last one of each stream is empty: it only ends decoding
            yield cast("AnyPacket", packet)


class _Seen:
    """What the packets tell."""

    def __init__(self) -> None:
        self.frames = 0
        self.end = 0.0
        self._first: float | None = None
        self._last = 0.0

    def hear(self, packet: AnyPacket) -> None:
        """Count a packet of either kind."""
        at = packet.dts if packet.pts is None else packet.pts
        if at is None or packet.is_discard:
            return
        start = float(at * packet.time_base)
        self.end = max(self.end, start + float((packet.duration or 0) * packet.time_base))
        if packet.stream.type == "video":
            self.frames += 1
            self._first = start if self._first is None else min(self._first, start)
            self._last = max(self._last, start)

    @property
    def frame_seconds(self) -> float | None:
        """How long a picture stays on average; None for a single one."""
        span = self._last - (self._first or 0.0)
        return span / (self.frames - 1) if self.frames > 1 and span > 0 else None


def _read(container: InputContainer, picture: VideoStream, seen: _Seen) -> bool:
    """See every packet; whether it went on to the end."""
    try:
        for packet in packets_of(container, picture, sound_of(container)):
            seen.hear(packet)
    except FFmpegError:
        return False
    return True
