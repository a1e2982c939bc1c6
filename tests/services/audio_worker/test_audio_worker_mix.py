"""Mixing: clips at their times and no other, equally loud, over a background that steps back."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filmset import (
    RATE,
    Sound,
    blocks,
    db,
    ebur128,
    film,
    flac,
    mixed,
    noise,
    onset,
    pitch,
    read,
    tone,
    total,
    voice,
)

from batuta.errors import InvalidRequest, MediaError
from batuta.services.audio_worker.ducking import Ducking
from batuta.services.audio_worker.placing import Placing, exactly
from batuta.services.audio_worker.profiles import PROFILES
from batuta.services.audio_worker.voices import Clip, Voice, at_tempo, clip_at, spoken

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from filmset import mixed
mixed(Path(sys.argv[2]), [(Path(sys.argv[3]), 3.0 * n, 1.1) for n in range(int(sys.argv[4]) // 3)],
      background=sys.argv[5], voice_loudness=None, duration=float(sys.argv[4]))
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of voice, as engines give it: 24 kHz."""
    return flac(tmp_path_factory.mktemp("clips") / "a.flac", voice(1.0, rate=24_000), 24_000)


def test_clips_are_where_they_were_planned(clip: Path, tmp_path: Path) -> None:
    """To the sample in what is told and in what is heard, in any order, overlapping or not."""
    plan = [(clip, 3.25, 1.0), (clip, 0.5, 1.0), (clip, 1.2, 1.25)]
    made = mixed(tmp_path, plan)
    assert made["actual_starts"] == [3.25, 0.5, 1.2]
    assert made["clip_seconds"] == [1.0, 1.0, 0.8]
    sound = read(tmp_path / "dub.flac")
    assert sound.shape == (2, 5 * RATE)
    assert made["samples"] == 5 * RATE
    assert onset(sound, 0.01) == pytest.approx(0.5, abs=0.01)
    assert onset(sound[:, int(2.5 * RATE) :], 0.01) + 2.5 == pytest.approx(3.25, abs=0.01)
    assert db(sound[:, int(2.1 * RATE) : int(3.2 * RATE)]) < -100


@pytest.mark.parametrize("tempo", [0.8, 0.95, 1.15, 1.3])
@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_the_tempo_changes_and_the_pitch_stays(tempo: float, rate: int) -> None:
    """As long as planned to the sample; a tone of 440 Hz remains one."""
    stretched = at_tempo(tone(2, 440, rate=rate), rate, tempo)
    assert stretched.shape[1] == round(2 * RATE / tempo)
    assert pitch(stretched[:, RATE // 4 : -RATE // 4]) == pytest.approx(440, abs=3)
    assert db(stretched[:, -RATE // 10 :]) > -25  # no hole at the end


def test_voices_are_equally_loud(tmp_path: Path) -> None:
    """A fallback engine that speaks 20 dB softer is not heard to."""
    loud, soft = (flac(tmp_path / f"{level}.flac", voice(1, level)) for level in (-14, -34))
    mixed(tmp_path, [(loud, 0, 1), (soft, 2, 1)])
    sound = read(tmp_path / "dub.flac")
    assert db(sound[:, :RATE]) == pytest.approx(db(sound[:, 2 * RATE : 3 * RATE]), abs=0.5)


def test_a_clip_that_outlasts_the_medium_fades(clip: Path, tmp_path: Path) -> None:
    """It is cut at the end, without a click; one that would begin later is told of."""
    made = mixed(tmp_path, [(clip, 4.5, 1.0), (clip, 5.0, 1.0), (clip, 7.0, 1.0)])
    assert made["actual_starts"] == [4.5, None, None]
    assert made["clip_seconds"] == [0.5, 0.0, 0.0]
    assert made["warnings"] == ["2 clips would begin after the end at 5.00 s: clip_1, clip_2."]
    sound = read(tmp_path / "dub.flac")
    assert np.abs(sound[:, -20:]).max() < 0.02
    voice_before = spoken(clip_at(0, clip, 4.5, 1.0), -20, 5 * RATE)
    assert voice_before.end == 5 * RATE


@pytest.mark.parametrize(("clean", "step"), [(True, 6), (False, 15)])
def test_the_background_steps_back(tmp_path: Path, clean: bool, step: float) -> None:  # noqa: FBT001
    """Gently where it is clean, far where the original voice is in it; a silent clip shows how far."""
    bed = flac(tmp_path / "bed.flac", noise(5, -30))
    silent = flac(tmp_path / "silent.flac", np.zeros((1, 2 * RATE), np.float32))
    made = mixed(tmp_path, [(silent, 2.0, 1.0)], background=str(bed), background_is_clean=clean)
    sound = read(tmp_path / "dub.flac")
    before, under = sound[:, :RATE], sound[:, int(2.1 * RATE) : int(3.9 * RATE)]
    assert db(before) - db(under) == pytest.approx(step, abs=0.3)
    assert made["actual_starts"] == [2.0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("voice_loudness", [-20.0, None])
def test_the_mix_is_at_the_loudness_of_its_profile(
    tmp_path: Path, clip: Path, profile: str, voice_loudness: float | None
) -> None:
    """By FFmpeg's meter: within 0.6 LU, where somebody speaks if it says so; peaks below the limit."""
    wanted = PROFILES[profile]
    bed = flac(tmp_path / "bed.flac", noise(8, -38) + tone(8, 12_000, -30, channels=2))
    clips = [(clip, 1 + 2 * number, 1.0) for number in range(3)]
    made = mixed(
        tmp_path, clips, background=str(bed), profile=profile, duration=8.0, voice_loudness=voice_loudness
    )
    sound = read(tmp_path / "dub.flac")
    spoken_only = np.concatenate([sound[:, at * RATE : (at + 1) * RATE] for at in (1, 3, 5)], axis=1)
    loudness, peak = ebur128(spoken_only if wanted.of_dialogue else sound)
    assert loudness == pytest.approx(wanted.loudness, abs=0.6)
    assert peak <= wanted.true_peak
    assert made["loudness_out"] == pytest.approx(loudness, abs=0.2)
    assert made["true_peak_out"] == pytest.approx(ebur128(sound)[1], abs=0.1)


def test_peaks_between_samples_are_limited(tmp_path: Path) -> None:
    """A voice of clicks at a quarter of the sample rate, where samples say little about peaks."""
    harsh = voice(3, -22) + np.tile(
        np.concatenate([np.zeros(4000), 0.9 * np.sin(np.pi / 2 * np.arange(800) + np.pi / 4)]), 30
    ).astype(np.float32)
    made = mixed(tmp_path, [(flac(tmp_path / "harsh.flac", harsh), 0, 1.0)], duration=3.0)
    assert ebur128(read(tmp_path / "dub.flac"))[1] <= -1.5
    assert made["true_peak_out"] <= -1.5


def test_silence_stays_silent(tmp_path: Path) -> None:
    """No clip, no background: nothing to make louder, and a file of the right length."""
    made = mixed(tmp_path, duration=1.2345)
    assert (made["loudness_out"], made["true_peak_out"], made["gain_db"]) == (None, None, 0.0)
    assert read(tmp_path / "dub.flac").shape == (2, round(1.2345 * RATE))


def test_the_original_sound_can_be_the_background(clip: Path, tmp_path: Path) -> None:
    """As long as the video, and the voice as loud as what was said before."""
    source = film(tmp_path / "a.mp4", np.tile(voice(4, -26), (2, 1)), seconds=4)
    made = mixed(
        tmp_path,
        [(clip, 1.5, 1.0)],
        background=str(source),
        background_is_clean=False,
        voice_loudness=None,
        duration=None,
        video=str(source),
    )
    assert made["samples"] == pytest.approx(4 * RATE, abs=1)
    sound = read(tmp_path / "dub.flac")
    assert db(sound[:, int(1.5 * RATE) : int(2.5 * RATE)]) == pytest.approx(db(sound[:, :RATE]), abs=2)


def test_the_same_order_gives_the_same_bytes(clip: Path, tmp_path: Path) -> None:
    """Results are kept by what they were made from."""
    bed = flac(tmp_path / "bed.flac", noise(5, -30))
    found = []
    for _ in range(2):
        mixed(tmp_path, [(clip, 1, 1.1), (clip, 2, 1.0)], background=str(bed))
        found.append((tmp_path / "dub.flac").read_bytes())
    assert found[0] == found[1]


def test_bad_clips_are_named_and_nothing_is_left(tmp_path: Path) -> None:
    """By their number, before the mix is begun; no half-written file stays."""
    (tmp_path / "text.flac").write_text("no sound")
    long = flac(tmp_path / "long.flac", np.zeros((1, 301 * 8000), np.float32), 8000)
    with pytest.raises(MediaError, match="clip_0"):
        mixed(tmp_path, [(tmp_path / "text.flac", 0, 1)])
    with pytest.raises(InvalidRequest, match=r"clip_0 is 301 s long"):
        mixed(tmp_path, [(long, 0, 1)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.flac", "plan.json", "text.flac"]


def test_progress_grows_and_only_the_dub_is_left(clip: Path, tmp_path: Path) -> None:
    """Spools are gone when it is done."""
    bed = flac(tmp_path / "bed.flac", noise(5, -30))
    seen: list[float] = []
    mixed(tmp_path, [(clip, 1, 1)], seen, background=str(bed), voice_loudness=None)
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bed.flac", "dub.flac", "plan.json"]


class Touching:
    """A time line of silence that counts what it costs to place voices on it."""

    def __init__(self, seconds: int) -> None:
        self.samples = seconds * RATE

    def __iter__(self) -> Iterator[Sound]:
        return exactly((), self.samples, 2)


def cost(number: int, clip: Path) -> float:
    """Seconds of CPU to place so many clips on two minutes."""
    line = Touching(120)
    clips = [clip_at(each, clip, each * 118 / number, 1.0) for each in range(number)]
    sound = voice(0.25, -20)

    def load(clip: Clip) -> Voice:
        return Voice(clip.number, clip.start, sound)

    begun = time.process_time()
    placing = Placing(clips, load, line.samples)
    ducking = Ducking([(at / RATE, at / RATE + 0.25) for at in (clip.start for clip in clips)], -6, RATE)
    for _ in placing.over(line, ducking):
        pass
    assert None not in placing.actual_starts
    return time.process_time() - begun


def test_the_cost_does_not_grow_with_clips_times_length(clip: Path) -> None:
    """Four times the clips on the same time line: less than four times the work; a copy each would be 4.0."""
    cost(10, clip)
    few, many = (min(cost(number, clip) for _ in range(3)) for number in (100, 400))
    assert many < 3 * few


def test_placing_holds_only_what_is_heard() -> None:
    """A thousand clips of a second each come and go in the memory of a few."""
    sound = voice(1.0)
    reader = type("Reader", (), {})()
    clips = [Clip(number, reader, number * RATE, 1.0) for number in range(300)]
    placing = Placing(clips, lambda clip: Voice(clip.number, clip.start, sound.copy()), 300 * RATE)
    tracemalloc.start()
    for _ in placing.over(exactly((), 300 * RATE, 2), None):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * sound.nbytes


def test_memory_does_not_depend_on_the_length(clip: Path, tmp_path: Path) -> None:
    """Ten times the medium and its clips take at most 20 MB more."""
    peaks = []
    for seconds in (10, 100):
        bed = flac(tmp_path / f"{seconds}.flac", np.tile(noise(10, -35, rate=16_000), seconds // 10), 16_000)
        command = (sys.executable, "-c", CHILD, str(Path(__file__).parent), str(tmp_path), str(clip))
        done = subprocess.run((*command, str(seconds), str(bed)), check=True, capture_output=True)
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 20


@pytest.mark.parametrize("samples", [0, 1, 23_999, 100_000, 150_001])
def test_a_background_becomes_exactly_as_long_as_it_must(samples: int) -> None:
    """Cut, or filled up with silence."""
    sound = noise(2.5)
    found = total([np.zeros((2, 0), np.float32), *exactly(blocks(sound), samples, 2)])
    assert found.shape == (2, samples)
    np.testing.assert_array_equal(found[:, : sound.shape[1]], sound[:, :samples])
