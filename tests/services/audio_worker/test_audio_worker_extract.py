"""Extracting: any video in, speech on its time line out, and where to cut it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from filmset import B_FRAMES, RATE, Sound, film, flac, onset, read, tone, turned, voice

from batuta.errors import InvalidRequest, NoAudio, UnreadableMedia
from batuta.media.video import look
from batuta.services.audio_worker.engine import work


def extracted(video: Path, seen: list[float] | None = None) -> tuple[dict[str, Any], Path]:
    output = video.with_name("speech.flac")
    task = {"task": "extract", "video": str(video), "output": str(output), "name": "talk.mp4"}
    return dict(work(task, [].append if seen is None else seen.append)), output


def shape(path: Path) -> tuple[str, int, int]:
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        return stream.codec_context.name, stream.rate, stream.channels


FILMS: dict[str, dict[str, Any]] = {
    "a.mp4": {"options": B_FRAMES},
    "a.mkv": {"options": B_FRAMES, "audio": "flac"},
    "a.mov": {"audio": "pcm_s16le"},
    "a.ts": {"options": B_FRAMES},
    "a.avi": {"video": "mpeg4", "audio": "mp3"},
    "a.webm": {"video": "libvpx", "audio": "libopus"},
    "b.mp4": {"trembling": True},
    "c.mp4": {"fps": 60},
}


@pytest.mark.parametrize("name", FILMS)
def test_speech_is_on_the_time_line_of_the_video(name: str, tmp_path: Path) -> None:
    """16 kHz, one channel, what is heard 0.8 s into the video is there; as long as the video."""
    sound = np.tile(np.pad(tone(1.2), ((0, 0), (RATE * 8 // 10, 0))), (2, 1))
    made, speech = extracted(film(tmp_path / name, sound, **FILMS[name]))
    heard = read(speech)
    assert shape(speech) == ("flac", 16_000, 1)
    assert onset(heard) == pytest.approx(0.8, abs=0.03)
    assert heard.shape[1] / RATE >= made["duration"] - 0.001
    assert made["duration"] == pytest.approx(2.0, abs=0.08)
    video = made["video"]
    assert (video["width"], video["height"]) == (64, 48)
    assert video["fps"] == pytest.approx(60 if name == "c.mp4" else 25, rel=0.03)
    assert video["frame_seconds"] == pytest.approx(1 / video["fps"], rel=0.01)
    assert made["audio"]["channels"] == 2


def test_sound_that_starts_late_has_silence_before_it(tmp_path: Path) -> None:
    """Half a second of nothing, so that every time is the video's."""
    _, speech = extracted(film(tmp_path / "a.mp4", tone(1), sound_starts=0.5))
    assert onset(read(speech)) == pytest.approx(0.5, abs=0.03)


def test_speech_is_as_long_as_a_video_that_outlasts_its_sound(tmp_path: Path) -> None:
    """Silence at the end; the chunks reach there too."""
    made, speech = extracted(film(tmp_path / "a.mp4", tone(1), seconds=3))
    assert read(speech).shape[1] == 3 * RATE
    assert made["duration"] == pytest.approx(3.0, abs=0.001)


def test_chunks_cover_the_whole_and_are_cut_in_pauses(tmp_path: Path, two_cities: Path) -> None:
    """Real speech: from 0 to the end without gaps, at most 30 s each, some of it spoken."""
    sound: Sound = read(two_cities)
    made, _ = extracted(film(tmp_path / "a.mkv", sound, seconds=44, audio="flac", fps=1))
    chunks = made["chunks"]
    assert chunks[0][0] == 0.0
    assert [end for _, end in chunks[:-1]] == [start for start, _ in chunks[1:]]
    assert chunks[-1][1] >= made["duration"] - 0.001
    assert all(0 < end - start <= 30.001 for start, end in chunks)
    assert len(chunks) >= 2
    assert 25 < made["speech_seconds"] < 44
    for _, end in chunks[:-1]:
        assert np.abs(sound[:, int((end - 0.02) * RATE) : int((end + 0.02) * RATE)]).max() < 0.05


def test_a_video_without_speech_has_no_chunks(tmp_path: Path) -> None:
    """That is no error here: whoever ordered it decides. A second is enough to look at."""
    made, _ = extracted(film(tmp_path / "a.mp4", tone(1), seconds=1))
    assert (made["chunks"], made["speech_seconds"]) == ([], 0)


def with_cover(path: Path) -> Path:
    """A song with a picture on its cover."""
    with av.open(str(path), "w") as file:
        sound = file.add_stream("mp3", rate=RATE)
        sound.layout = "mono"
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
        file.mux(cover.encode(picture.reformat(format="yuvj420p")))
        file.mux(cover.encode(None))
        for part in np.split(tone(1), 50, axis=1):
            frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
            frame.sample_rate = RATE
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


def test_what_is_no_film_is_refused_by_name(tmp_path: Path) -> None:
    """Sound alone, a song with its cover, silence, no media, half a head."""
    with pytest.raises(InvalidRequest, match=r"talk\.mp4 has no video"):
        extracted(flac(tmp_path / "a.flac", tone(1)))
    with pytest.raises(InvalidRequest, match="has no video"):
        extracted(with_cover(tmp_path / "song.mp3"))
    with pytest.raises(NoAudio, match=r"talk\.mp4 has no audio"):
        extracted(film(tmp_path / "silent.mp4"))
    (tmp_path / "text.mp4").write_text("no media at all")
    with pytest.raises(UnreadableMedia):
        extracted(tmp_path / "text.mp4")
    (tmp_path / "cut.mp4").write_bytes(film(tmp_path / "b.mp4", tone(2)).read_bytes()[:3000])
    with pytest.raises(UnreadableMedia):
        extracted(tmp_path / "cut.mp4")
    assert not list(tmp_path.glob("speech*"))


def test_a_file_cut_short_is_extracted_with_a_warning(tmp_path: Path) -> None:
    """What is there is used; the length is what can be seen, not what the head claims."""
    whole = film(tmp_path / "whole.mkv", np.tile(voice(20), (2, 1)), seconds=20, audio="flac").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    made, _ = extracted(tmp_path / "cut.mkv")
    assert 5 < made["duration"] < 15
    assert any("before the file's header says" in warning for warning in made["warnings"])


def test_a_film_on_its_side_says_its_own_size(tmp_path: Path) -> None:
    """Width and height are the pictures' as they are stored."""
    seen = look(turned(film(tmp_path / "a.mp4", tone(2))))
    assert (seen.width, seen.height, seen.frames) == (64, 48, 50)


def test_progress_of_extracting_grows(tmp_path: Path) -> None:
    """To the end."""
    seen: list[float] = []
    extracted(film(tmp_path / "a.mp4", voice(5), seconds=5), seen)
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert len(seen) > 8
