"""Reading sound: what is in a file, where its sound lies in time, and what must never be opened."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from studio import blocks, hiss, onset, read, silence, talk, tone, write, write_picture_only

from batuta.errors import NoAudio, PayloadTooLarge, UnreadableMedia
from batuta.media import audio
from batuta.media.audio import AudioReader, Block, Timeline, probe

RATE = 48_000
CODECS = {"mp4": "aac", "mov": "aac", "mkv": "aac", "webm": "libopus", "ts": "aac", "flv": "aac"}
PRIMING_SECONDS = 0.025
"""Encoder delay that MPEG-TS, FLV and AVI have no way to declare."""


def heard(reader: AudioReader) -> Block:
    return np.concatenate(list(reader), axis=1)


def test_a_video_is_probed_for_its_kind_length_and_sound(tmp_path: Path) -> None:
    """Container, duration, codec, rate and channels are told."""
    info = probe(write(tmp_path / "a.mp4", tone(2, 44_100, channels=2), 44_100, picture=True))
    assert (info.container, info.audio_codec) == ("mov,mp4,m4a,3gp,3g2,mj2", "aac")
    assert (info.sample_rate, info.channels, info.has_audio, info.has_video) == (44_100, 2, True, True)
    assert info.duration == pytest.approx(2.0, abs=0.1)


def test_of_several_languages_the_default_is_heard(tmp_path: Path) -> None:
    """As a player would choose, wherever it stands in the file."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        streams = [file.add_stream("libmp3lame", rate=RATE, layout="mono") for _ in range(3)]
        for stream, default in zip(streams, (False, True, False), strict=True):
            stream.disposition = Disposition.default if default else Disposition.dub
        for stream, hertz in zip(streams, (300, 600, 900), strict=True):
            for packet in stream.encode(audio.frame_of(tone(2, hertz=hertz), RATE)) + stream.encode(None):
                file.mux(packet)
    reader = AudioReader(path)
    sound = heard(reader)[0]
    assert reader.info.audio_codec == "mp3"
    assert np.argmax(np.abs(np.fft.rfft(sound))) * RATE / len(sound) == pytest.approx(600, abs=2)


def test_a_picture_without_sound_is_media_but_cannot_be_heard(tmp_path: Path) -> None:
    """Probing tells; reading raises `NoAudio` with the name people know."""
    path = write_picture_only(tmp_path / "b.mp4")
    assert (probe(path).has_audio, probe(path).has_video) == (False, True)
    with pytest.raises(NoAudio, match=r"holiday\.mp4 has no audio track"):
        AudioReader(path, name="holiday.mp4")


@pytest.mark.parametrize("content", [b"", b"hello world\n" * 100, b"1\n00:00:01,000 --> 00:00:02,000\nHi\n"])
def test_a_file_that_only_calls_itself_a_video_is_unreadable(tmp_path: Path, content: bytes) -> None:
    """Empty, text, even subtitles: the message names the file and says what to do."""
    path = tmp_path / "talk.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia, match=r"talk\.mp4 cannot be read.*Check that it plays"):
        probe(path)


def test_an_mp4_cut_off_before_its_index_is_unreadable(tmp_path: Path) -> None:
    """FFmpeg writes the index last; without it there is nothing to read."""
    whole = write(tmp_path / "whole.mp4", tone(3)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableMedia):
        probe(tmp_path / "cut.mp4")


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UnreadableMedia, match="No such file"):
        probe(tmp_path / "absent.mp4")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"),
        ("list.txt", "ffconcat version 1.0\nfile '{}'\n"),
        ("list.mp4", "ffconcat version 1.0\nfile {}\n"),
        ("live.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4 RTP/AVP 0\n"),
        ("list.mpd", "<MPD><Period><AdaptationSet><BaseURL>{}</BaseURL></AdaptationSet></Period></MPD>"),
    ],
)
def test_no_file_leads_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    """Playlists and lists are no media here: whoever sends one would get our other files read to him."""
    write(tmp_path / "secret.wav", tone(1), codec="pcm_s16le")
    monkeypatch.chdir(tmp_path)
    for reference in ("secret.wav", f"file://{tmp_path}/secret.wav", str(tmp_path / "secret.wav")):
        (tmp_path / name).write_text(content.format(reference))
        with pytest.raises(UnreadableMedia):
            list(AudioReader(tmp_path / name))


@pytest.mark.parametrize("kind", CODECS)
@pytest.mark.parametrize("start", [0.0, 4.0])
def test_sound_is_where_the_player_plays_it(tmp_path: Path, kind: str, start: float) -> None:
    """Sound that starts four seconds into the film is four seconds into what we read, to 25 ms."""
    path = write(tmp_path / f"a.{kind}", tone(1), codec=CODECS[kind], start=start, picture=kind != "webm")
    reader = AudioReader(path)
    assert onset(heard(reader), reader.sample_rate) == pytest.approx(start, abs=PRIMING_SECONDS)


@pytest.mark.parametrize(("kind", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("flac", "flac")])
def test_encoder_delay_is_gone(tmp_path: Path, kind: str, codec: str) -> None:
    """Where the file declares it, the sound begins with its first sample and is as long as it was."""
    reader = AudioReader(write(tmp_path / f"a.{kind}", tone(2), codec=codec))
    sound = heard(reader)
    assert onset(sound, RATE) < 0.005
    assert sound.shape[1] / RATE == pytest.approx(2.0, abs=0.005)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_gap_in_the_time_stamps_is_silence(tmp_path: Path, kind: str) -> None:
    """A recording that paused for a second and a half goes on a second and a half later."""
    reader = AudioReader(write(tmp_path / f"a.{kind}", tone(3), gap=(1.5, 1.5)))
    sound = heard(reader)
    quiet = np.flatnonzero(np.abs(sound[0]) > 0.02)
    longest = np.diff(quiet).max() / RATE
    assert longest == pytest.approx(1.5, abs=0.03)
    assert sound.shape[1] / RATE == pytest.approx(4.5, abs=0.06)


def test_a_change_of_format_on_the_way_goes_unnoticed(tmp_path: Path) -> None:
    """Two broadcasts in one file, one in stereo at 44.1 kHz, come out as one sound of one shape."""
    one = write(tmp_path / "1.ts", tone(1), container="mpegts").read_bytes()
    two = write(tmp_path / "2.ts", tone(1, 44_100, channels=2), 44_100, container="mpegts").read_bytes()
    (tmp_path / "both.ts").write_bytes(one + two)
    sound = heard(AudioReader(tmp_path / "both.ts"))
    assert sound.shape[0] == 1
    assert sound.shape[1] / RATE == pytest.approx(2.0, abs=0.1)


def test_a_file_cut_short_gives_what_is_there_and_a_warning(tmp_path: Path) -> None:
    """The sound that arrived is read; the warning says how much the file claims."""
    whole = write(tmp_path / "whole.mkv", hiss(10), codec="pcm_s16le").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    reader = AudioReader(tmp_path / "cut.mkv")
    assert heard(reader).shape[1] / RATE == pytest.approx(5.0, abs=0.2)
    assert any("of the 10.0 s the file claims" in warning for warning in reader.warnings)


def test_damage_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    """What cannot be decoded is silence of the same length, and is told."""
    data = bytearray(write(tmp_path / "a.flac", hiss(10), codec="flac").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = os.urandom(20_000)
    (tmp_path / "b.flac").write_bytes(data)
    reader = AudioReader(tmp_path / "b.flac")
    assert heard(reader).shape[1] / RATE == pytest.approx(10.0, abs=0.2)


def test_reading_can_start_over(tmp_path: Path) -> None:
    """Each iteration gives the same samples; progress begins anew and ends at the end."""
    reader = AudioReader(write(tmp_path / "a.mp4", talk(3)), sample_rate=16_000, channels=1)
    first, second = heard(reader), heard(reader)
    assert np.array_equal(first, second)
    assert reader.fraction_read == pytest.approx(1.0, abs=0.02)


def test_progress_without_a_known_length_is_told_in_bytes(tmp_path: Path) -> None:
    """Browsers record WebM without a duration; the bar moves all the same."""
    path = tmp_path / "a.webm"
    write(path, hiss(20), codec="libopus", container="webm")
    data = path.read_bytes().replace(b"\x44\x89", b"\xec\x84", 1)  # the duration becomes padding
    path.write_bytes(data)
    reader = AudioReader(path)
    assert reader.info.duration is None
    seen = [reader.fraction_read for _ in reader]
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.2
    assert seen[-1] > 0.9


def test_samples_that_are_no_numbers_do_no_harm(tmp_path: Path) -> None:
    """Float WAV may hold NaN and infinities; they become silence and full scale."""
    sound = tone(1)
    sound[0, 100], sound[0, 200] = np.nan, np.inf
    reader = AudioReader(write(tmp_path / "a.wav", sound, codec="pcm_f32le"))
    assert np.isfinite(heard(reader)).all()


def test_more_than_a_day_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stops there, whatever the header says."""
    monkeypatch.setattr(audio, "MAX_DURATION_SECONDS", 1)
    reader = AudioReader(write(tmp_path / "a.wav", tone(3), codec="pcm_s16le"))
    with pytest.raises(PayloadTooLarge, match="longer than"):
        list(reader)


class TestTimeline:
    """Blocks and their time stamps."""

    RATE = 1000

    def placed(self, *timed: tuple[float | None, int]) -> tuple[list[int], Timeline]:
        """Lengths of the blocks given for blocks of ones at these times; silence is negative."""
        timeline = Timeline(self.RATE)
        given = [
            out
            for seconds, samples in timed
            for out in timeline.place(np.ones((1, samples), np.float32), seconds)
        ]
        return [out.shape[1] if out.any() else -out.shape[1] for out in given], timeline

    def test_sound_in_its_place_is_given_as_it_is(self) -> None:
        """Time stamps a few milliseconds off are rounding, not silence."""
        assert self.placed((0.0, 100), (0.103, 100), (0.199, 100), (None, 50))[0] == [100, 100, 100, 50]

    def test_late_sound_has_silence_before_it(self) -> None:
        """In pieces of a second, so that an hour of silence takes no memory."""
        assert self.placed((2.5, 100))[0] == [-1000, -1000, -500, 100]

    def test_sound_before_the_start_is_cut_off(self) -> None:
        """Encoder delay has negative time stamps."""
        assert self.placed((-0.03, 100), (0.07, 100))[0] == [70, 100]

    def test_overlapping_sound_is_given_once(self) -> None:
        """The second version of what was given already is left out."""
        assert self.placed((0.0, 500), (0.4, 500))[0] == [500, 400]

    @pytest.mark.parametrize("broken", [-3.0, 9e9])
    def test_a_broken_clock_is_not_followed(self, broken: float) -> None:
        """A clock that starts over, or jumps for years, loses no sound and adds no silence."""
        lengths, timeline = self.placed((0.0, 5000), (broken, 100), (broken + 0.1, 100))
        assert lengths == [5000, 100, 100]
        assert timeline.breaks == 1


def test_the_studio_hears_what_it_wrote(tmp_path: Path) -> None:
    """The tests' own tools agree with each other."""
    sound = np.concatenate([silence(0.5), tone(0.5)], axis=1)
    found, rate = read(write(tmp_path / "a.flac", sound, codec="flac"))
    assert rate == RATE
    assert onset(found, rate) == pytest.approx(0.5, abs=0.001)
    assert [part.shape[1] for part in blocks(sound, 20_000)] == [20_000, 20_000, 8_000]
