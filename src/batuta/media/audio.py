"""The sound of a media file as plain arrays: local bytes only, an honest time line, constant memory.

Sample `n` of what `AudioReader` gives was heard `n / sample_rate` seconds after the start of the medium.
Sound that starts late has silence before it, a gap in the time stamps is silence, and encoder delay is gone,
so that every time measured here is right for whoever plays the original file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition

from batuta.errors import NoAudio, PayloadTooLarge, UnreadableMedia

Block: TypeAlias = npt.NDArray[np.float32]
"""Sound of shape (channels, samples); full scale is -1.0 to 1.0."""

MAX_DURATION_SECONDS: Final = 24 * 3600
MAX_SAMPLE_RATE: Final = 384_000
MIN_SAMPLE_RATE: Final = 4_000

LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""The channel layouts we give; other numbers of channels are mixed to stereo."""

_FORMATS: Final = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mpc,mpc8,"
    "mpeg,mpegts,mxf,nut,ogg,rm,tak,tta,voc,w64,wav,webm,wtv,wv"
)
"""Demuxers that read one file and nothing else: no playlists, no concatenation lists, no network sessions."""
_OPTIONS: Final = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
_READ_BYTES: Final = 256 * 1024
_MICROSECONDS: Final = 1_000_000

_COUNTS_FROM_ZERO: Final = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""Containers whose clock starts with the medium; that of others (MPEG-TS, FLV) starts anywhere."""
_JITTER_SECONDS: Final = 0.04
"""Time stamps this far off are rounding; following them would put clicks into the sound."""
_LONGEST_GAP_SECONDS: Final = 3600
_LONGEST_OVERLAP_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 1.0
_BLOCK_SECONDS: Final = 0.5
_EARLY_END_SECONDS: Final = 1.0
_EARLY_END_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file says about itself, `None` where it does not; the audio is the stream that would be read."""

    container: str
    duration: float | None
    start_time: float
    has_audio: bool
    has_video: bool
    audio_codec: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    audio_end: float | None = None
    """When the audio ends, on the clock of the container (as `start_time` is)."""

    @property
    def origin(self) -> float:
        """Where on the container's clock the time line of the medium begins."""
        return 0.0 if self.container in _COUNTS_FROM_ZERO else self.start_time


def probe(path: Path, name: str | None = None) -> MediaInfo:
    """What is in the file; raises `UnreadableMedia`, whose message calls the file `name`."""
    name = name or path.name
    with opened(path, name) as container:
        sound = sound_of(container)
        duration = container.duration / _MICROSECONDS if container.duration else None
        info = MediaInfo(
            container=container.format.name,
            duration=duration if duration and 0 < duration <= MAX_DURATION_SECONDS else None,
            start_time=(container.start_time or 0) / _MICROSECONDS,
            has_audio=sound is not None,
            has_video=any(
                not stream.disposition & Disposition.attached_pic for stream in container.streams.video
            ),
        )
        return info if sound is None else _with_sound(info, sound, name)


class AudioReader:
    """The sound of a file as blocks of about half a second; each iteration starts from the beginning.

    `sample_rate` and `channels` default to the file's own. Damaged stretches become silence and are told in
    `warnings` once an iteration is over. Raises `UnreadableMedia`, `NoAudio`, and `PayloadTooLarge` when the
    sound is longer than a day.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
    ) -> None:
        self.name = name or path.name
        self.info = probe(path, self.name)
        if not self.info.has_audio:
            raise NoAudio(f"{self.name} has no audio track. Send a file with sound.")
        self.sample_rate = sample_rate or self.info.sample_rate or 0
        self.channels = channels or self.info.channels or 0
        self.channels = self.channels if self.channels in LAYOUTS else 2
        self.warnings: list[str] = []
        self.seconds_read = 0.0
        self._path = path
        self._damaged = 0
        self._share_read = 0.0

    @property
    def fraction_read(self) -> float:
        """How far this iteration is, 0 to 1: in time when the file says how long it is, else in bytes."""
        return min(self.seconds_read / self.info.duration, 1.0) if self.info.duration else self._share_read

    def __iter__(self) -> Iterator[Block]:
        self.warnings, self._damaged, self.seconds_read, self._share_read = [], 0, 0.0, 0.0
        timeline = Timeline(self.sample_rate, origin_seconds=self.info.origin)
        for block in _coalesced(self._placed(timeline), int(self.sample_rate * _BLOCK_SECONDS)):
            self.seconds_read += block.shape[1] / self.sample_rate
            if self.seconds_read > MAX_DURATION_SECONDS:
                raise PayloadTooLarge(
                    f"{self.name} is longer than {MAX_DURATION_SECONDS // 3600} hours; cut it."
                )
            yield np.nan_to_num(block, copy=False, posinf=1.0, neginf=-1.0)
        self._conclude(timeline)

    def _placed(self, timeline: Timeline) -> Iterator[Block]:
        with opened(self._path, self.name) as container:
            for frame in self._conformed(self._decoded(container)):
                yield from timeline.place(_samples(frame), frame.time)

    def _conformed(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """Frames of one sample format, rate and layout, whatever the stream changes to on its way."""
        resampler, shape = None, None
        for frame in frames:
            found = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or found != shape:
                if resampler is not None:
                    yield from filter(None, resampler.resample(None))
                resampler = AudioResampler("fltp", LAYOUTS[self.channels], self.sample_rate)
                shape = found
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from filter(None, resampler.resample(None))

    def _decoded(self, container: InputContainer) -> Iterator[AudioFrame]:
        """Every frame that can be decoded; what cannot be is counted."""
        sound = sound_of(container)
        if sound is None:
            return
        for stream in container.streams:
            stream.discard = Discard.default if stream is sound else Discard.all
        packets = container.demux(sound)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                self._damaged += 1
                return
            if packet is None:
                return
            self._share_read = max(self._share_read, (packet.pos or 0) / container.size)
            try:
                frames = packet.decode()
            except FFmpegError:
                self._damaged += 1
                continue
            yield from frames

    def _conclude(self, timeline: Timeline) -> None:
        if timeline.position == 0:
            if self._damaged:
                raise UnreadableMedia(f"{self.name} is damaged: none of its sound can be decoded.")
            raise NoAudio(f"{self.name} has an audio track, but no sound in it.")
        if self._damaged:
            self.warnings.append(f"{self._damaged} damaged pieces of the sound could not be decoded.")
        if timeline.breaks:
            self.warnings.append(
                f"The clock of the sound jumps {timeline.breaks} times; the jumps are left out."
            )
        claimed = (self.info.audio_end or 0.0) - self.info.origin or self.info.duration or 0.0
        if claimed - self.seconds_read > max(_EARLY_END_SECONDS, _EARLY_END_SHARE * claimed):
            self.warnings.append(
                f"The sound ends after {self.seconds_read:.1f} s of the {claimed:.1f} s the file claims: "
                "it may be truncated."
            )


class Timeline:
    """Puts blocks where their time stamps say they belong, and gives them back without holes or overlaps."""

    def __init__(self, sample_rate: int, origin_seconds: float = 0.0) -> None:
        self.position = 0
        """Samples given so far."""
        self.breaks = 0
        """Jumps of the clock too wide to be meant; there the sound goes on as if nothing had happened."""
        self._rate = sample_rate
        self._origin = origin_seconds

    def place(self, block: Block, seconds: float | None) -> Iterator[Block]:
        """The block, with silence before it or its start cut off; `None` means it follows the one before."""
        gap = 0 if seconds is None else round((seconds - self._origin) * self._rate) - self.position
        if self.position and abs(gap) <= _JITTER_SECONDS * self._rate:
            gap = 0
        if not -_LONGEST_OVERLAP_SECONDS * self._rate <= gap <= _LONGEST_GAP_SECONDS * self._rate:
            self.breaks += self.position > 0
            self._origin += gap / self._rate
            gap = 0
        for silence in self._silence(max(gap, 0), block.shape[0]):
            yield self._given(silence)
        yield self._given(block[:, max(-gap, 0) :])

    def _silence(self, samples: int, channels: int) -> Iterator[Block]:
        step = int(_SILENCE_SECONDS * self._rate)
        for start in range(0, samples, step):
            yield np.zeros((channels, min(step, samples - start)), np.float32)

    def _given(self, block: Block) -> Block:
        self.position += block.shape[1]
        return block


def frame_of(block: Block, sample_rate: int) -> AudioFrame:
    """The block as a frame that PyAV's filters and encoders take."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", LAYOUTS[block.shape[0]])
    frame.sample_rate = sample_rate
    return frame


def _samples(frame: AudioFrame) -> Block:
    return np.asarray(frame.to_ndarray(), np.float32)


def _coalesced(blocks: Iterable[Block], samples: int) -> Iterator[Block]:
    """The same sound in blocks of at least `samples`, but for the last."""
    held: list[Block] = []
    for block in blocks:
        held.append(block)
        if sum(part.shape[1] for part in held) >= samples:
            yield np.concatenate(held, axis=1)
            held.clear()
    if any(part.shape[1] for part in held):
        yield np.concatenate(held, axis=1)


@contextmanager
def opened(path: Path, name: str) -> Generator[InputContainer]:
    """The container, read through a file of our own: whatever it refers to stays closed."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableMedia(f"{name} cannot be opened: {error.strerror}.") from None
    with file:
        try:
            container = av.open(file, "r", options=_OPTIONS, buffer_size=_READ_BYTES, io_open=_refuse)
        except (FFmpegError, OSError):
            raise UnreadableMedia(
                f"{name} cannot be read as audio or video: it is of another kind, damaged or incomplete. "
                "Check that it plays, or convert it to MP4, WebM or WAV."
            ) from None
        with container:
            yield container


def _refuse(url: str, _flags: int, _options: dict[str, str]) -> NoReturn:
    raise PermissionError(url)


def sound_of(container: InputContainer) -> AudioStream | None:
    """The stream a player would choose: the default one, else the one with the most sound."""
    best = container.streams.best("audio")
    return best if isinstance(best, AudioStream) else None


def _with_sound(info: MediaInfo, sound: AudioStream, name: str) -> MediaInfo:
    """The info, completed with what the audio stream says; raises when that cannot be true or be decoded."""
    codec = cast("AudioCodecContext | None", sound.codec_context)
    if codec is None:  # whatever the stubs say
        raise UnreadableMedia(
            f"The sound of {name} is in a format there is no decoder for; convert it to AAC."
        )
    if not MIN_SAMPLE_RATE <= codec.sample_rate <= MAX_SAMPLE_RATE or codec.channels < 1:
        raise UnreadableMedia(
            f"The sound of {name} has {codec.sample_rate} samples a second in {codec.channels} channels; "
            f"{MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} in at least one can be read."
        )
    end = (sound.start_time or 0) + sound.duration if sound.duration else None
    return replace(
        info,
        audio_codec=codec.codec.canonical_name,
        sample_rate=codec.sample_rate,
        channels=codec.channels,
        audio_end=float(end * sound.time_base) if end and sound.time_base else None,
    )
