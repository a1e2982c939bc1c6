"""The tracks of the merged file: copied as they are, encoded from sound, or made of subtitles.

Each is an iterable of packets in the order of their decoding, ready for the file they were added to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from batuta.media.audio import LAYOUTS, Block, frame_of
from batuta.media.subtitles import Cue
from batuta.media.video import packets_of
from batuta.services.audio_worker.languages import container_language, language_name

Kind: TypeAlias = Literal["mp4", "matroska"]

AAC_BIT_RATE: Final = 192_000
"""For two channels; more get more."""

_LONGEST_TEXT: Final = 2_000
"""Characters; a sample of timed text may have 64 kB, and no screen shows as much."""
_MILLISECONDS: Final = Fraction(1, 1000)
_SOUND_COPIED: Final[dict[Kind, frozenset[str]]] = {
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"}),
    "matroska": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "dts", "opus", "vorbis", "flac", "alac"}),
}
"""What players expect in such a file."""
_ASS_HEADER: Final = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
    b"Style: Default,Arial,16\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
)
"""Without one `mov_text` has no description of its track (facts: media engines, section 6)."""


class Timed(NamedTuple):
    """A packet and when it is decoded, in seconds on the time line of the file."""

    seconds: float
    packet: Packet[Stream]


class CopiedTracks:
    """Streams of a file, packet by packet, all of them moved by as much as its clock is off."""

    def __init__(self, source: InputContainer, origin: float) -> None:
        """`origin` is where the medium begins on the clock of the source."""
        self.broke_off = False
        self.packets = 0
        """Of video, so far."""
        self._source = source
        self._origin = Fraction(origin).limit_denominator(1_000_000)
        self._tracks: dict[int, tuple[Stream, Stream]] = {}

    def add(self, file: OutputContainer, stream: VideoStream | AudioStream) -> Stream:
        """Have the stream copied into the file; the new stream."""
        copy = file.add_stream_from_template(stream, opaque=True)  # pyright: ignore[reportUnknownMemberType]  # **kwargs
        if stream.codec_context.codec.canonical_name == "hevc" and file.format.name == "mp4":
            copy.codec_context.codec_tag = "hvc1"  # the only one that Apple's players know
        if stream.type == "video":
            copy.disposition = Disposition.default
        self._tracks[stream.index] = (stream, copy)
        return copy

    def __iter__(self) -> Iterator[Timed]:
        clocks = {index: _Clock(stream, self._origin) for index, (stream, _) in self._tracks.items()}
        try:
            for packet in packets_of(self._source, *(stream for stream, _ in self._tracks.values())):
                stream, copy = self._tracks[packet.stream_index]
                self.packets += stream.type == "video"
                seconds = clocks[stream.index].set(cast("Packet[Stream]", packet))
                packet.stream = copy  # pyright: ignore[reportAttributeAccessIssue]  # of the same kind
                yield Timed(seconds, cast("Packet[Stream]", packet))
        except FFmpegError:
            self.broke_off = True


class _Clock:
    """Sets the times of one stream's packets: moved, and made up where the container has none."""

    def __init__(self, stream: Stream, origin: Fraction) -> None:
        base = stream.time_base or _MILLISECONDS
        self._shift = round(origin / base)
        self._last: int | None = None

    def set(self, packet: Packet[Stream]) -> float:
        """When the packet is decoded, in seconds."""
        pts, dts = packet.pts, packet.dts
        if dts is None:  # Matroska stores no such times
            dts = pts if self._last is None or pts is None else min(pts, self._last + 1)
        if dts is None:
            dts = 0 if self._last is None else self._last + self._shift + max(packet.duration or 1, 1)
        dts -= self._shift
        if self._last is not None and dts <= self._last:
            dts = self._last + 1
        self._last = dts
        packet.dts = dts
        packet.pts = dts if pts is None else max(pts - self._shift, dts)
        return float(dts * packet.time_base)


class EncodedSound:
    """Sound as AAC."""

    def __init__(
        self, file: OutputContainer, blocks: Iterable[Block], sample_rate: int, channels: int
    ) -> None:
        self.stream = file.add_stream("aac", rate=sample_rate)  # pyright: ignore[reportUnknownMemberType]  # **kwargs
        self.stream.layout = LAYOUTS[channels]
        self.stream.bit_rate = AAC_BIT_RATE * max(channels, 2) // 2
        self.stream.codec_context.flags |= Flags.bitexact | Flags.global_header
        self._blocks = blocks
        self._rate = sample_rate

    def __iter__(self) -> Iterator[Timed]:
        position = 0
        for block in self._blocks:
            frame = frame_of(block, self._rate)
            frame.pts, frame.time_base = position, Fraction(1, self._rate)
            position += block.shape[1]
            yield from self._encoded(frame)
        yield from self._encoded(None)

    def _encoded(self, frame: AudioFrame | None) -> Iterator[Timed]:
        packets = self.stream.encode(frame)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # Packet[…]
        for packet in cast("list[Packet[Stream]]", packets):
            yield Timed(float((packet.dts or 0) * packet.time_base), packet)


class SubtitleTrack:
    """Cues as a track of text: `mov_text` in MP4, SubRip in Matroska; none of them after `end` seconds."""

    def __init__(self, file: OutputContainer, cues: Iterable[Cue], kind: Kind, end: float) -> None:
        codec: Literal["mov_text", "subrip"] = "mov_text" if kind == "mp4" else "subrip"
        self.stream: SubtitleStream = file.add_stream(codec)  # pyright: ignore[reportUnknownMemberType]  # **kwargs
        self.stream.codec_context.subtitle_header = _ASS_HEADER
        self.stream.time_base = _MILLISECONDS
        self._cues = list(_apart(cues, round(end * 1000)))
        self._counted = kind == "mp4"

    def __iter__(self) -> Iterator[Timed]:
        for start, end, text in self._cues:
            data = text.encode()
            # A sample of 3GPP timed text (TS 26.245, 5.17) says its length; SubRip in Matroska does not.
            packet: Packet[Stream] = Packet(struct.pack(">H", len(data)) + data if self._counted else data)
            packet.stream = self.stream
            packet.time_base = _MILLISECONDS
            packet.pts = packet.dts = start
            packet.duration = end - start
            packet.is_keyframe = True
            yield Timed(start / 1000, packet)


def copyable(sound: AudioStream, kind: Kind) -> bool:
    """Whether a file of this kind can hold the sound as it is, and players expect it there."""
    codec = cast("object | None", sound.codec_context)
    if codec is None:
        return False
    return sound.codec_context.codec.canonical_name in _SOUND_COPIED[kind]


def label(stream: Stream, language: str | None, what: str = "", *, default: bool = False) -> None:
    """Say the track's language and what it is, and whether players choose it by themselves."""
    title = f"{language_name(language)}{f' ({what})' if what else ''}"
    stream.metadata.update(language=container_language(language), title=title, handler_name=title)
    stream.disposition = Disposition.default if default else Disposition(0)


def _apart(cues: Iterable[Cue], end: int) -> Iterator[tuple[int, int, str]]:
    """The cues in milliseconds and in order, none overlapping the next: only one is shown at a time."""
    texts: dict[int, tuple[int, str]] = {}
    for cue in sorted(cues, key=lambda cue: cue.start):
        start, until = round(cue.start * 1000), min(round(cue.end * 1000), end)
        if start in texts:
            until, text = max(until, texts[start][0]), f"{texts[start][1]}\n{cue.text}"
        else:
            text = cue.text
        texts[start] = (until, text[:_LONGEST_TEXT])
    starts = list(texts)
    for start, following in zip(starts, [*starts[1:], end], strict=True):
        until, text = texts[start]
        if start < (until := min(until, following)):
            yield start, until, text
