"""Merging: the pictures bit for bit at their times, the dub first, the original second, then subtitles."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from filmset import B_FRAMES, RATE, film, flac, merged, onset, read, tone, trimmed, turned

from batuta.errors import InvalidRequest
from batuta.media.packets import video_trail
from batuta.media.video import look
from batuta.services.audio_worker.languages import container_language, language_name

HEVC = {"x265-params": "bframes=2:log-level=none"}
SRT = """1
00:00:00,200 --> 00:00:00,900
{first}
two lines

2
00:00:00,800 --> 00:00:09,000
{{x}} <i>ção</i>
"""

FILMS: dict[str, dict[str, Any]] = {
    "plain.mp4": {"options": B_FRAMES},
    "matroska.mkv": {"options": B_FRAMES},
    "quicktime.mov": {"options": B_FRAMES, "audio": "pcm_s16le"},
    "flash.flv": {"options": B_FRAMES},
    "trembling.mp4": {"options": B_FRAMES, "trembling": True},
    "trembling.mkv": {"options": B_FRAMES, "trembling": True},
    "late.mp4": {"options": B_FRAMES, "sound_starts": 0.7},
    "late.mkv": {"options": B_FRAMES, "sound_starts": 0.7},
    "fast.mp4": {"options": B_FRAMES, "fps": 60},
    "divx.avi": {"video": "mpeg4", "audio": "mp3", "options": B_FRAMES},
    "hevc.mkv": {"video": "libx265", "options": HEVC, "audio": "flac"},
    "vp9.webm": {"video": "libvpx-vp9", "audio": "libopus"},
    "vp8.webm": {"video": "libvpx", "audio": "libopus"},
    "mpeg.ts": {"video": "mpeg2video", "audio": "mp2", "options": B_FRAMES},
}
MATROSKA = {"vp8.webm"}


@pytest.fixture(scope="module")
def dub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, heard from 1.0 to 1.2 s."""
    sound = np.zeros((2, 2 * RATE), np.float32)
    sound[:, RATE : RATE * 6 // 5] = tone(0.2, 1000, -6)
    return flac(tmp_path_factory.mktemp("dub") / "dub.flac", sound)


def first_picture(path: Path) -> float:
    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
        return float(frame.pts * frame.time_base)


def close(first: tuple[Fraction | None, ...], second: tuple[Fraction | None, ...]) -> bool:
    """The same times, but for what the clock of MPEG-TS leaves when its beginning is taken off: 20 µs."""
    return len(first) == len(second) and all(
        abs((one or 0) - (two or 0)) < Fraction(20, 1_000_000) for one, two in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("name", FILMS)
def test_pictures_are_copied_and_sound_stays_with_them(name: str, dub: Path, tmp_path: Path) -> None:
    """Bytes and times of every packet; the dub at its times, the original where it was beside them."""
    sound = np.tile(tone(2 - FILMS[name].get("sound_starts", 0.0), db=-6), (2, 1))
    sound[:, : RATE // 5] = 0
    source = film(tmp_path / name, sound, **FILMS[name])
    made = merged(source, dub)
    output = Path(made["output"])
    before, after = video_trail(source), video_trail(output)
    assert after.sha256 == before.sha256
    assert after.keys == before.keys
    assert close(after.shown, before.shown)
    assert made["video_packets"] == len(before.shown)
    seen = look(source)
    frame = max(seen.frame_seconds, 0.022 if name in MATROSKA else 0.0)
    assert look(output).duration == pytest.approx(seen.duration, abs=frame)
    assert onset(read(output)) == pytest.approx(1.0, abs=0.002)
    offset = onset(read(source)) - first_picture(source)
    assert onset(read(output, 1)) - first_picture(output) == pytest.approx(offset, abs=0.004)
    assert (made["container"], output.suffix) == (
        ("matroska", ".mkv") if name in MATROSKA else ("mp4", ".mp4")
    )
    assert made["warnings"] == (
        ["MP4 cannot hold vp8 video as it is; the result is a Matroska file."] if name in MATROSKA else []
    )


@pytest.mark.parametrize("name", ["old.flv", "old.avi"])
def test_old_codecs_go_into_matroska(name: str, dub: Path, tmp_path: Path) -> None:
    """What MP4 never had a name for is copied all the same: Sorenson's H.263, Motion JPEG."""
    codec = "flv" if name == "old.flv" else "mjpeg"
    sound = None if codec == "flv" else tone(2)
    source = (
        film(tmp_path / name, sound, video=codec, audio="mp3") if codec == "flv" else _jpeg(tmp_path / name)
    )
    made = merged(source, dub)
    assert made["container"] == "matroska"
    assert video_trail(Path(made["output"])).sha256 == video_trail(source).sha256


def _jpeg(path: Path) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(50):
            image = np.full((48, 64, 3), number * 5, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuvj420p")))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.ts", "a.avi"])
def test_streams_without_a_head_become_the_same_pictures(name: str, dub: Path, tmp_path: Path) -> None:
    """H.264 of MPEG-TS and AVI is framed anew for MP4; what is seen, and when, is the same."""
    source = film(tmp_path / name, tone(2), options=B_FRAMES, audio="mp3" if name == "a.avi" else "aac")
    output = Path(merged(source, dub)["output"])
    assert close(video_trail(output).shown, video_trail(source).shown)
    for one, two in zip(pictures(source), pictures(output), strict=True):
        np.testing.assert_array_equal(one, two)


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray() for frame in file.decode(video=0)]


def test_a_film_on_its_side_and_one_cut_on_the_phone_stay_so(dub: Path, tmp_path: Path) -> None:
    """The rotation is there; what an edit list hides is copied, and hidden still."""
    side = Path(merged(turned(film(tmp_path / "side.mp4", tone(2))), dub)["output"])
    with av.open(str(side)) as file:
        assert next(file.decode(video=0)).rotation == -90
    cut = trimmed(film(tmp_path / "whole.mp4", tone(2), options=B_FRAMES), Fraction(1, 2))
    output = Path(merged(cut, dub)["output"])
    assert video_trail(output) == video_trail(cut)
    for one, two in zip(pictures(cut), pictures(output), strict=True):
        np.testing.assert_array_equal(one, two)


def tracks(path: str | object) -> list[tuple[str, str, str | None, bool]]:
    with av.open(str(path)) as file:
        return [
            (
                stream.type,
                stream.codec_context.codec.canonical_name,
                stream.language,
                bool(stream.disposition & 1),
            )
            for stream in file.streams
        ]


def subtitles(path: str | object, track: int) -> list[tuple[float, float, str]]:
    """From when, for how long, what; without the length before the text and the empty samples of MP4."""
    head = 2 if str(path).endswith(".mp4") else 0
    with av.open(str(path)) as file:
        return [
            (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), text)
            for packet in file.demux(file.streams.subtitles[track])
            if packet.size and (text := bytes(packet)[head:].decode())
        ]


@pytest.mark.parametrize(
    ("name", "text"), [("a.mp4", "mov_text"), ("a.webm", "subrip")], ids=["mp4", "matroska"]
)
def test_tracks_say_what_they_are(name: str, text: str, dub: Path, tmp_path: Path) -> None:
    """Default dub, original, two languages of subtitles that nobody has to see; times and words are right."""
    for which, first in (("target", "Olá"), ("source", "Hello")):
        (tmp_path / f"{which}.srt").write_text(SRT.format(first=first))
    kind = {"video": "libvpx", "audio": "libopus"} if name == "a.webm" else {}
    made = merged(
        film(tmp_path / name, tone(2), **kind),
        dub,
        subtitles_source=str(tmp_path / "source.srt"),
        subtitles_target=str(tmp_path / "target.srt"),
    )
    found = tracks(made["output"])
    assert [(kind, language, default) for kind, _, language, default in found[1:]] == [
        ("audio", "por", True),
        ("audio", "eng", False),
        ("subtitle", "por", False),
        ("subtitle", "eng", False),
    ]
    assert (found[0][0], found[1][1], found[3][1]) == ("video", "aac", text)
    assert made["subtitles"] == ["pt-BR", "en"]
    for track, first in enumerate(("Olá", "Hello")):
        cues = subtitles(made["output"], track)
        assert [(start, round(start + long, 2)) for start, long, _ in cues] == [(0.2, 0.8), (0.8, 2.0)]
        assert cues[0][2] == f"{first}\ntwo lines"
        assert cues[1][2].startswith("{x} ")
        assert "ção" in cues[1][2]
    with av.open(str(made["output"])) as file:
        titles = [
            stream.metadata.get("handler_name") or stream.metadata.get("title") for stream in file.streams
        ]
    assert titles[1:] == ["Portuguese (dubbed)", "English (original)", "Portuguese", "English"]


@pytest.mark.parametrize(
    ("audio", "container", "original", "stored"),
    [
        ("aac", "mp4", "copied", "aac"),
        ("ac3", "mp4", "copied", "ac3"),
        ("flac", "mkv", "encoded", "aac"),
        ("pcm_s16le", "mov", "encoded", "aac"),
    ],
)
def test_the_original_sound_is_kept(
    audio: str, container: str, original: str, stored: str, dub: Path, tmp_path: Path
) -> None:
    """As it was where MP4 can hold it, else as AAC."""
    made = merged(film(tmp_path / f"a.{container}", tone(2), audio=audio), dub)
    assert made["original_audio"] == original
    assert tracks(made["output"])[2][1] == stored


def test_a_silent_film_gets_its_dub(dub: Path, tmp_path: Path) -> None:
    """Nothing is made up beside it, also of empty subtitles; unknown languages are said to be so."""
    (tmp_path / "empty.srt").write_text("\n")
    languages = {"source_language": None, "target_language": None}
    made = merged(film(tmp_path / "a.mp4"), dub, subtitles_target=str(tmp_path / "empty.srt"), **languages)
    assert [kind for kind, *_ in tracks(made["output"])] == ["video", "audio"]
    assert tracks(made["output"])[1][2] == "und"


def test_players_can_begin_at_once_and_the_bytes_are_the_same_again(dub: Path, tmp_path: Path) -> None:
    """The head of an MP4 is before its media; no dates, no random numbers, also not in Matroska."""
    folder = tmp_path / "it's |[odd]"
    folder.mkdir()
    for name, kind in (("a.mp4", {}), ("a.webm", {"video": "libvpx", "audio": "libopus"})):
        source = film(folder / name, tone(2), **kind)
        first, second = (Path(str(merged(source, dub)["output"])).read_bytes() for _ in range(2))
        assert first == second
        if name == "a.mp4":
            assert first.index(b"moov") < first.index(b"mdat")


def test_hevc_is_named_as_apple_wants(dub: Path, tmp_path: Path) -> None:
    """`hvc1`, whatever it was called before."""
    made = merged(film(tmp_path / "a.mkv", tone(2), video="libx265", options=HEVC), dub)
    with av.open(str(made["output"])) as file:
        assert file.streams.video[0].codec_context.codec_tag == "hvc1"


def test_a_damaged_film_is_copied_as_far_as_it_goes(dub: Path, tmp_path: Path) -> None:
    """Half a Matroska file: half its packets, the same ones."""
    whole = film(tmp_path / "whole.mkv", tone(2), options=B_FRAMES)
    (tmp_path / "half.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    made = merged(tmp_path / "half.mkv", dub)
    assert 5 < made["video_packets"] < 50
    assert video_trail(Path(str(made["output"]))).sha256 == video_trail(tmp_path / "half.mkv").sha256


def test_sound_alone_cannot_be_merged(dub: Path) -> None:
    """There is nothing to see; nothing is left behind."""
    with pytest.raises(InvalidRequest, match="has no video"):
        merged(dub, dub)
    assert sorted(path.name for path in dub.parent.iterdir()) == ["dub.flac"]


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("pt-BR", "por", "Portuguese"),
        ("en", "eng", "English"),
        ("zh_TW", "zho", "Chinese"),
        ("yue", "yue", "Cantonese"),
        ("fil", "fil", "fil"),
        (None, "und", "Unknown"),
        ("xx", "und", "xx"),
    ],
)
def test_languages_have_three_letters_in_containers(language: str | None, code: str, name: str) -> None:
    """ISO 639-2, whatever the region."""
    assert (container_language(language), language_name(language)) == (code, name)
