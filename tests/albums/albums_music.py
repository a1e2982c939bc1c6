"""Real music files, made with PyAV and tagged with mutagen; what their sound is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import mutagen
import numpy as np
from mutagen.asf import ASF
from mutagen.id3 import COMM, ID3, TALB, TORY, TPE1, TPE2, TSOP, TYER
from mutagen.wave import WAVE

CODECS = {
    "mp3": "libmp3lame",
    "flac": "flac",
    "m4a": "aac",
    "ogg": "vorbis",
    "opus": "libopus",
    "wma": "wmav2",
    "wav": "pcm_s16le",
}
RATE = 48_000


def music(path: Path) -> Path:
    """A third of a second of noise, without tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(7).uniform(-0.5, 0.5, (2, RATE // 3)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(CODECS[path.suffix[1:]], rate=RATE, layout="stereo")
        codec = stream.codec_context
        codec.options = {"strict": "experimental"}  # FFmpeg's own Vorbis
        codec.bit_rate = 128_000
        codec.open()
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            format=stream.format.name, layout="stereo", rate=RATE, frame_size=codec.frame_size
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def tag(
    path: Path, artist: str, album: str, date: str = "", album_artist: str = "", title: str = "A"
) -> Path:
    """Give the file these tags."""
    names = {"artist": artist, "album": album, "date": date, "albumartist": album_artist, "title": title}
    given = {name: text for name, text in names.items() if text}
    file = mutagen.File(path, easy=True)
    if isinstance(file, WAVE):
        file.add_tags()
        file.tags.add(TPE1(3, artist))
        file.tags.add(TALB(3, album))
        file.tags.setall("TPE2", [TPE2(3, album_artist)] if album_artist else [])
        file.tags.setall("TDRC", [mutagen.id3.TDRC(3, date)] if date else [])
    elif isinstance(file, ASF):
        asf = {"artist": "Author", "album": "WM/AlbumTitle", "date": "WM/Year", "title": "Title"}
        file.update({asf[name]: [text] for name, text in given.items() if name in asf})
    else:
        if file.tags is None:
            file.add_tags()
        file.update({name: [text] for name, text in given.items()})
    file.save()
    return path


def old_mp3_tags(path: Path, artist: str, album: str, year: str) -> Path:
    """Tags as many programs still write them: ID3v2.3, with a frame that v2.3 does not know, and ID3v1."""
    tags = ID3()
    for frame in (
        TPE1(1, artist),
        TALB(1, album),
        TYER(0, year),
        TORY(0, "1990"),
        TSOP(1, "Sorted, Under"),
        COMM(1, "eng", "", "ripped"),
    ):
        tags.add(frame)
    tags.save(path, v1=2, v2_version=3, v23_sep=None)
    data = path.read_bytes()
    path.write_bytes(data[:-31] + b"a comment of its own".ljust(30, b"\0") + data[-1:])
    return path


def album(folder: Path, artist: str, title: str, *dates: str) -> list[Path]:
    """A folder with a flac file for each date."""
    return [
        tag(music(folder / f"{number}.flac"), artist, title, date, title=str(number))
        for number, date in enumerate(dates)
    ]


def sound(path: Path) -> str:
    """A digest of the packets, which tags have no part in."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            digest.update(bytes(packet))
    return digest.hexdigest()


def print_of(path: Path) -> tuple[int, int, int]:
    """What changes when the file does; reading it changes the time of access only."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def date_of(path: Path) -> str:
    """The date as a player finds it; mutagen's own easy names, not ours."""
    file = mutagen.File(path, easy=True)
    if isinstance(file, WAVE):
        return str(file.tags.get("TDRC", ""))
    return str(file.get("WM/Year" if isinstance(file, ASF) else "date", [""])[0])
