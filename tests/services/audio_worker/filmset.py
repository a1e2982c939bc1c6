"""Films and sounds made for the tests, and a second opinion (FFmpeg's own meters) on what comes out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from batuta.services.audio_worker.engine import work
from batuta.services.normalizer.filters import FilterChain
from batuta.services.normalizer.flac import write_flac

Sound = npt.NDArray[np.float32]
"""Shape (channels, samples)."""

RATE = 48_000
B_FRAMES = {"bf": "2"}
TREMBLING = (33, 47, 20, 60)
"""Milliseconds from picture to picture of a film without a steady rate."""
ROTATED = b"".join(
    number.to_bytes(4, "big", signed=True) for number in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
)
"""The matrix of a film taken with the telephone on its side."""


def tone(seconds: float, hertz: float = 440, db: float = -12, rate: int = RATE, channels: int = 1) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    return np.tile((10 ** (db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32), (channels, 1))


def voice(seconds: float, db: float = -20, rate: int = RATE, hertz: float = 140) -> Sound:
    """Syllables: what a voice looks like to a meter and to the ear of a tempo filter."""
    time = np.arange(round(seconds * rate)) / rate
    sound = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 12))
    return np.asarray(10 ** (db / 20) * sound * (0.1 + np.sin(2 * np.pi * 3 * time).clip(0)), np.float32)[
        None
    ]


def noise(seconds: float, db: float = -30, channels: int = 2, rate: int = RATE) -> Sound:
    random = np.random.default_rng(7)
    return np.asarray(random.standard_normal((channels, round(seconds * rate))) * 10 ** (db / 20), np.float32)


def flac(path: Path, sound: Sound, rate: int = RATE) -> Path:
    write_flac(path, blocks(sound), rate, sound.shape[0])
    return path


def blocks(sound: Sound, size: int = 24_000) -> Iterator[Sound]:
    for first in range(0, sound.shape[1], size):
        yield sound[:, first : first + size].copy()


def film(  # noqa: PLR0913  # a film has many sides
    path: Path,
    sound: Sound | None = None,
    *,
    seconds: float = 2.0,
    video: str = "libx264",
    audio: str = "aac",
    options: dict[str, str] | None = None,
    fps: int = 25,
    sound_starts: float = 0.0,
    trembling: bool = False,
) -> Path:
    """A small film with moving pictures; without a sound nothing is heard."""
    with av.open(str(path), "w") as file:
        pictures = file.add_stream(video, rate=fps, options=options or {})
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        base = Fraction(1, 1000) if trembling else Fraction(1, fps)
        pictures.time_base = pictures.codec_context.time_base = base
        track = None if sound is None else file.add_stream(audio, rate=RATE)
        if track is not None:
            track.layout = "stereo" if sound.shape[0] == 2 else "mono"
        packets = list(_pictures(pictures, round(seconds * fps), base, trembling=trembling))
        if track is not None:
            packets += _sounds(track, sound, sound_starts)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return path


def _pictures(stream: av.VideoStream, count: int, base: Fraction, *, trembling: bool) -> Iterator[av.Packet]:
    random = np.random.default_rng(1)
    at = 0
    for number in range(count):
        image = np.zeros((48, 64, 3), np.uint8)
        image[:, number % 56 : number % 56 + 8] = 255
        image[::4] = random.integers(0, 255, image[::4].shape)
        frame = av.VideoFrame.from_ndarray(image, "rgb24")
        frame.pts, frame.time_base = at, base
        at += TREMBLING[number % len(TREMBLING)] if trembling else 1
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sounds(stream: av.AudioStream, sound: Sound, start: float) -> Iterator[av.Packet]:
    size = stream.codec_context.frame_size or 1024
    for first in range(0, sound.shape[1], size):
        part = np.ascontiguousarray(sound[:, first : first + size])
        frame = av.AudioFrame.from_ndarray(part, "fltp", stream.layout.name)
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = first + round(start * RATE)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def turned(path: Path) -> Path:
    """The film, taken on its side: its matrix says how to show it."""
    data = path.read_bytes()
    matrix = data.index(b"tkhd") + 4 + 40
    path.write_bytes(data[:matrix] + ROTATED + data[matrix + len(ROTATED) :])
    return path


def trimmed(path: Path, seconds: Fraction) -> Path:
    """The film without its beginning, as phones cut it: an edit list, the packets all there."""
    cut = path.with_name(f"trimmed-{path.name}")
    with av.open(str(path)) as source, av.open(str(cut), "w") as file:
        copies = {
            stream.index: file.add_stream_from_template(stream, opaque=True) for stream in source.streams
        }
        for packet in source.demux():
            if packet.size:
                shift = round(seconds / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = copies[packet.stream_index]
                file.mux(packet)
    return cut


def read(path: Path, track: int = 0) -> Sound:
    """A track of sound as a player hears it, from the start of the medium, 48 kHz stereo."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[track]
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        parts: list[Sound] = []
        for frame in file.decode(stream):
            if not parts:
                parts.append(np.zeros((2, round(float(frame.pts * frame.time_base) * RATE)), np.float32))
            parts += [out.to_ndarray() for out in resampler.resample(frame)]
        parts += [out.to_ndarray() for out in resampler.resample(None) if out is not None]
        return np.concatenate(parts, axis=1)


def onset(sound: Sound, level: float = 0.05) -> float:
    """When the sound first reaches this level, in seconds."""
    return int(np.flatnonzero(np.abs(sound).max(axis=0) > level)[0]) / RATE


def db(sound: Sound) -> float:
    """Its RMS level."""
    return 10 * float(np.log10(float(np.square(sound).mean()) + 1e-12))


def pitch(sound: Sound, rate: int = RATE) -> float:
    """The strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
    return float(np.argmax(spectrum)) * rate / sound.shape[1]


def ebur128(sound: Sound) -> tuple[float, float]:
    """Loudness in LUFS and true peak in dB, as FFmpeg's own meter has it."""
    meter = ("ebur128", "metadata=1:framelog=quiet:peak=true:dualmono=1")
    chain = FilterChain(RATE, sound.shape[0], meter)
    for _ in chain.run(blocks(sound)):
        pass
    peak = float(chain.notes["lavfi.r128.true_peak"])
    return float(chain.notes["lavfi.r128.I"]), 20 * float(np.log10(max(peak, 1e-9)))


def mixed(
    folder: Path,
    clips: Sequence[tuple[Path, float, float]] = (),
    seen: list[float] | None = None,
    **changes: object,
) -> dict[str, object]:
    """What the engine answers to a mix of these clips (file, start, tempo) to `dub.flac`."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps([{"file": str(f), "start": at, "tempo": tempo} for f, at, tempo in clips]))
    task = {
        "task": "mix",
        "plan": str(plan),
        "output": str(folder / "dub.flac"),
        "name": "talk.mp4",
        "profile": "web",
        "background": None,
        "background_is_clean": True,
        "voice_loudness": -20.0,
        "duration": 5.0,
        "video": None,
    }
    return dict(work({**task, **changes}, [].append if seen is None else seen.append))


def merged(film: Path, dub: Path, **changes: object) -> dict[str, object]:
    """What the engine answers to a merge of the two, beside the film."""
    task = {
        "task": "merge",
        "video": str(film),
        "audio": str(dub),
        "stem": str(film.with_name(f"dubbed-{film.stem}")),
        "name": film.name,
        "source_language": "en",
        "target_language": "pt-BR",
        "subtitles_source": None,
        "subtitles_target": None,
    }
    return dict(work({**task, **changes}, [].append))


def total(sounds: Iterable[Sound]) -> Sound:
    return np.concatenate(list(sounds), axis=1)
