"""Words are where a player plays them: through normalizer and transcriber, whenever the sound starts."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest
from studio import FRAME, Sound, hiss, read

from batuta.media.audio import frame_of
from batuta.services.normalizer.contract import NormalizeTask
from batuta.services.normalizer.engine import normalize
from batuta.services.transcriber.engine import transcribe
from batuta.services.transcriber.heard import bare

pytestmark = pytest.mark.weights

Weights = Callable[[str], Path]
Timed = list[tuple[str, float, float]]

RATE = 48_000
SECONDS = 5.0
NOISY_SECONDS = 7.5
LATE = 4.0
TOLERANCE_SECONDS = 0.05
KINDS = {
    "mp4": ("mp4", "aac", "libx264"),
    "mov": ("mov", "pcm_s16le", "mpeg4"),
    "mkv": ("matroska", "aac", "libx264"),
    "ts": ("mpegts", "aac", "libx264"),
    "webm": ("webm", "libopus", "libvpx-vp9"),
}


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> Sound:
    """The first phrase, at 48 kHz: the best of times, the worst of times."""
    sound, rate = read(two_cities)
    assert rate == RATE
    return sound[:1, : int(SECONDS * RATE)]


@pytest.fixture(scope="module")
def phrases(two_cities: Path) -> Sound:
    """The first two: in noise one alone is misheard."""
    sound, _ = read(two_cities)
    return sound[:1, : int(NOISY_SECONDS * RATE)]


def film(
    path: Path,
    kind: str,
    sound: Sound,
    *,
    start: float = 0.0,
    picture: bool = True,
    sound_first: bool = False,
) -> Path:
    """A file whose picture starts at 0 s and whose sound at `start`, interleaved as players expect."""
    container, codec, picture_codec = KINDS[kind]
    with av.open(str(path), "w", format=container) as file:
        packets = []
        steps = [lambda: _pictures(file, picture_codec, SECONDS + start)] if picture else []
        steps.insert(0 if sound_first else len(steps), lambda: _sounds(file, codec, sound, start))
        for step in steps:
            packets += step()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return path


def _sounds(file: av.container.OutputContainer, codec: str, sound: Sound, start: float) -> list[av.Packet]:
    stream = file.add_stream(codec, rate=RATE, layout="mono")
    size = stream.codec_context.frame_size or FRAME
    packets = []
    for first in range(0, sound.shape[1], size):
        frame = frame_of(sound[:, first : first + size], RATE)
        frame.time_base = Fraction(1, RATE)
        frame.pts = first + round(start * RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _pictures(file: av.container.OutputContainer, codec: str, seconds: float) -> list[av.Packet]:
    stream = file.add_stream(codec, rate=5, width=64, height=64, pix_fmt="yuv420p")
    packets = []
    for number in range(int(seconds * 5)):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), "rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 5)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


@pytest.fixture(scope="module")
def words(weights: Weights) -> Callable[..., Timed]:
    """The words of a file with their times, after the seed's default normalization."""
    folder = weights("whisper-tiny.en")

    def words(path: Path) -> Timed:
        clean, output = path.with_suffix(".flac"), path.with_suffix(".json")
        flags = {"remove_noise": True, "convert_to_mono": True, "set_sample_rate_16k": True}
        rest = {"apply_highpass_filter": False, "isolate_vocals": False, "display_name": path.name}
        normalize(NormalizeTask(input=str(path), output=str(clean), **flags, **rest), [].append)
        transcribe(
            {
                "input": str(clean),
                "output": str(output),
                "model_folder": str(folder),
                "model_name": folder.name,
                "language_in": "en",
                "language_out": None,
                "threads": 1,
                "only_language": False,
            },
            [].append,
        )
        document = json.loads(output.read_text())
        return [
            (word["word"], word["start"], word["end"])
            for segment in document["segments"]
            for word in segment["words"]
        ]

    return words


@pytest.fixture(scope="module")
def from_zero(
    words: Callable[..., Timed], speech: Sound, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Timed]:
    """The words of each kind of file when its sound starts with its picture."""
    folder = tmp_path_factory.mktemp("zero")
    return lru_cache(lambda kind: words(film(folder / f"zero.{kind}", kind, speech)))


def assert_later(late: Timed, usual: Timed, seconds: float) -> None:
    assert len(usual) > 10
    assert [bare(word) for word, *_ in late] == [bare(word) for word, *_ in usual]
    for (word, start, end), (_, usual_start, usual_end) in zip(late, usual, strict=True):
        assert start == pytest.approx(usual_start + seconds, abs=TOLERANCE_SECONDS), word
        assert end == pytest.approx(usual_end + seconds, abs=TOLERANCE_SECONDS), word


@pytest.mark.parametrize("sound_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_sound_that_starts_late_has_its_words_late(
    tmp_path: Path,
    words: Callable[..., Timed],
    from_zero: Callable[[str], Timed],
    speech: Sound,
    kind: str,
    sound_first: bool,  # noqa: FBT001  # a table
) -> None:
    """By four seconds, to 50 ms, whichever stream is the first in the file."""
    path = film(tmp_path / f"late.{kind}", kind, speech, start=LATE, sound_first=sound_first)
    # In MPEG-TS the encoder's 21 ms of lead come before the picture, and move the start of the clock.
    assert_later(words(path), from_zero("mkv" if kind == "ts" else kind), LATE)


@pytest.mark.parametrize(("kind", "moves"), [("mp4", LATE), ("mkv", LATE), ("webm", LATE), ("ts", 0.0)])
def test_sound_alone_follows_the_clock_of_its_container(
    tmp_path: Path,
    words: Callable[..., Timed],
    from_zero: Callable[[str], Timed],
    speech: Sound,
    kind: str,
    moves: float,
) -> None:
    """MP4 and Matroska count from the start of the medium; the clock of MPEG-TS starts anywhere."""
    path = film(tmp_path / f"alone.{kind}", kind, speech, start=LATE, picture=False)
    assert_later(words(path), from_zero(kind), moves)


def test_an_edit_list_that_cuts_the_beginning_moves_the_words_forward(
    tmp_path: Path, words: Callable[..., Timed], from_zero: Callable[[str], Timed], speech: Sound
) -> None:
    """What an editor cut away is not played: two seconds of lead before the speech are gone again."""
    lead = hiss(2, RATE, db=-70)
    path = film(tmp_path / "cut.mov", "mov", np.concatenate([lead, speech], axis=1), picture=False)
    first = from_zero("mov")[0][1]
    assert words(path)[0][1] == pytest.approx(first + 2, abs=TOLERANCE_SECONDS)
    data = bytearray(path.read_bytes())
    at = data.index(
        b"elst"
    )  # version and flags, count, then duration, media time, rate (ISO 14496-12, 8.6.6)
    count, duration, media_time = struct.unpack_from(">IIi", data, at + 8)
    assert (count, data[at + 4]) == (1, 0)
    struct.pack_into(">Ii", data, at + 12, duration - 2000, media_time + 2 * RATE)
    path.write_bytes(data)
    assert_later(words(path), from_zero("mov"), 0.0)


def test_noise_removal_moves_no_word(
    tmp_path: Path, words: Callable[..., Timed], from_zero: Callable[[str], Timed], phrases: Sound
) -> None:
    """The slowest path of the normalizer, which works at another rate and with a delay of its own."""
    noise = hiss(NOISY_SECONDS, RATE, db=-29)
    usual = film(tmp_path / "usual.mkv", "mkv", phrases + noise)
    late = film(tmp_path / "late.mkv", "mkv", phrases + noise, start=LATE)
    heard, heard_late = words(usual), words(late)
    assert [bare(word) for word, *_ in heard_late] == [bare(word) for word, *_ in heard]
    starts, late_starts = (np.array([start for _, start, _ in found]) for found in (heard, heard_late))
    # In noise single words are placed to a tenth of a second only.
    assert float(np.median(late_starts - starts)) == pytest.approx(LATE, abs=0.02)
    assert heard[0][1] == pytest.approx(from_zero("mkv")[0][1], abs=0.1)
