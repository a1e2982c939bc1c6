"""The normalizer's engine: one loudness, one shape, the same time line, the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studio import blocks, hiss, read, rms_db, silence, talk, tone, write, write_picture_only

from batuta.errors import InvalidRequest, NoAudio, UnreadableMedia
from batuta.services.normalizer import loudness
from batuta.services.normalizer.contract import NormalizeResult, NormalizeTask
from batuta.services.normalizer.denoise import denoised
from batuta.services.normalizer.engine import normalize
from batuta.services.normalizer.filters import FilterChain
from batuta.services.normalizer.noise import NOISY_BELOW_DB, NoiseMeter

RATE = 48_000
CHILD = """
import sys
from pathlib import Path
from batuta.services.normalizer.engine import normalize
flags = dict(remove_noise=False, convert_to_mono=True, apply_highpass_filter=True, set_sample_rate_16k=True)
task = dict(input=sys.argv[1], output=sys.argv[2], display_name="it", isolate_vocals=False, **flags)
normalize(task, lambda percent: None)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def run(path: Path, seen: list[float] | None = None, **flags: bool) -> tuple[NormalizeResult, Path]:
    """Normalize with every flag off but those given."""
    output = path.with_name(path.stem + "-normalized.flac")
    task = NormalizeTask(
        input=str(path),
        output=str(output),
        display_name="talk.mp4",
        remove_noise=flags.get("remove_noise", False),
        convert_to_mono=flags.get("convert_to_mono", False),
        apply_highpass_filter=flags.get("apply_highpass_filter", False),
        set_sample_rate_16k=flags.get("set_sample_rate_16k", False),
        isolate_vocals=flags.get("isolate_vocals", False),
    )
    return normalize(task, [].append if seen is None else seen.append), output


def test_the_flags_decide_the_shape(tmp_path: Path) -> None:
    """Without them rate and channels stay; with them they are 16 kHz and one."""
    path = write(tmp_path / "a.mp4", tone(2, 44_100, channels=2), 44_100)
    plain, _ = run(path)
    assert (plain["sample_rate"], plain["channels"]) == (44_100, 2)
    for_speech, output = run(path, convert_to_mono=True, set_sample_rate_16k=True)
    sound, rate = read(output)
    assert (for_speech["sample_rate"], for_speech["channels"]) == (rate, sound.shape[0]) == (16_000, 1)
    assert for_speech["duration"] == pytest.approx(sound.shape[1] / rate) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("db", [-34, -20, -1])
def test_whatever_the_level_it_comes_out_at_the_target(tmp_path: Path, db: float) -> None:
    """Quiet or loud: -16 LUFS within half a unit, measured in the file, and no sample above the limit."""
    result, output = run(write(tmp_path / "a.wav", talk(8, db=db), codec="pcm_s16le"))
    assert result["loudness_out"] == pytest.approx(loudness.TARGET_LUFS, abs=loudness.TOLERANCE_LU)
    assert measured(*read(output)) == pytest.approx(result["loudness_out"], abs=0.1)
    assert np.abs(read(output)[0]).max() <= 10 ** (loudness.PEAK_DB / 20) + 1e-3


def test_the_meter_agrees_with_the_standard() -> None:
    """A 1 kHz sine at -20 dB in two channels is -20 LUFS (EBU Tech 3341, case 1, at another level)."""
    sine = tone(5, hertz=1000, db=-20, channels=2)
    assert measured(sine, RATE) == pytest.approx(-20.0, abs=0.1)
    assert measured(sine[:1], RATE) == pytest.approx(-23.0, abs=0.1)


def test_silence_stays_silence(tmp_path: Path) -> None:
    """No gain for nothing: not for digital silence, nor for what is too quiet to be meant."""
    for sound in (silence(3), hiss(3, db=-85)):
        result, output = run(write(tmp_path / "a.wav", sound, codec="pcm_s16le"), remove_noise=True)
        assert (result["gain_db"], result["loudness_in"], result["loudness_out"]) == (0.0, None, None)
        assert rms_db(read(output)[0]) < -80


def test_the_gain_is_bounded(tmp_path: Path) -> None:
    """At most 30 dB: what is quieter comes out quieter."""
    result, _ = run(write(tmp_path / "a.wav", talk(4, db=-50), codec="pcm_s24le"))
    assert result["gain_db"] == loudness.MAX_GAIN_DB


@pytest.mark.parametrize(("gain", "reached", "better"), [
    (10.0, -16.4, None), (10.0, -18.0, 12.0), (29.0, -20.0, 30.0), (30.0, -20.0, None), (0.0, None, None),
])  # fmt: skip
def test_what_the_limiter_takes_is_given_back(
    gain: float, reached: float | None, better: float | None
) -> None:
    """Within the tolerance, at the most gain and for silence there is nothing to give."""
    assert loudness.better_gain(gain, reached) == better


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """No dates, no versions, no chance: results are kept by the hash of their content."""
    path = write(tmp_path / "a.mp4", talk(5) + hiss(5), picture=True)
    flags = {"remove_noise": True, "convert_to_mono": True, "set_sample_rate_16k": True}
    first = run(path, **flags)[1].read_bytes()
    assert first == run(path, **flags)[1].read_bytes()
    assert b"Lavf" + b"6" not in first


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("for_speech", [False, True])
def test_the_time_line_does_not_move(tmp_path: Path, noisy: bool, for_speech: bool) -> None:  # noqa: FBT001
    """Sound at four seconds stays at four seconds, through resampler, limiter and noise removal alike."""
    sound = np.concatenate([silence(1.5), tone(2, hertz=600, db=-6)], axis=1)
    sound += hiss(3.5, db=-23) if noisy else 0
    path = write(tmp_path / "a.mkv", sound, codec="pcm_s16le", start=2.5, picture=True)
    flags = {
        "convert_to_mono": for_speech,
        "set_sample_rate_16k": for_speech,
        "apply_highpass_filter": for_speech,
    }
    result, output = run(path, remove_noise=noisy, **flags)
    assert result["noise_removed"] == noisy
    assert rise(*read(output)) == pytest.approx(4.0, abs=0.01)
    assert result["duration"] == pytest.approx(6.0, abs=0.01)


def test_the_high_pass_takes_rumble_away(tmp_path: Path) -> None:
    """25 Hz is gone, 440 Hz is not; without the flag both stay."""
    path = write(
        tmp_path / "a.wav", tone(4, hertz=25, db=-10) + tone(4, hertz=440, db=-20), codec="pcm_s16le"
    )
    rumble_with, rumble_without = (
        level_at(*read(run(path, apply_highpass_filter=flag)[1]), hertz=25)
        - level_at(*read(run(path, apply_highpass_filter=flag)[1]), hertz=440)
        for flag in (True, False)
    )
    assert rumble_without - rumble_with == pytest.approx(20, abs=3)


def test_noise_is_removed_where_there_is_noise(tmp_path: Path) -> None:
    """The pauses of noisy speech become quieter, those of clean speech are left alone."""
    clean = write(tmp_path / "clean.wav", talk(12, db=-14), codec="pcm_s16le")
    noisy = write(tmp_path / "noisy.wav", talk(12, db=-14) + hiss(12, db=-26), codec="pcm_s16le")
    untouched, _ = run(clean, remove_noise=True)
    assert not untouched["noise_removed"]
    removed, with_removal = run(noisy, remove_noise=True)
    assert removed["noise_removed"]
    assert removed["snr_db"] < NOISY_BELOW_DB < untouched["snr_db"]
    quieter = contrast(read(with_removal)[0]) - contrast(read(noisy)[0])
    assert quieter > 3.5


def test_nobody_measures_noise_who_was_not_asked_to(tmp_path: Path) -> None:
    """Without the flag noisy sound stays as it is, and the ratio is not told."""
    result, _ = run(write(tmp_path / "a.wav", hiss(4), codec="pcm_s16le"))
    assert (result["noise_removed"], result["snr_db"]) == (False, None)


def test_the_noise_meter_follows_the_noise() -> None:
    """Ten decibels more noise are ten decibels less ratio, in blocks of any size."""
    ratios = []
    for noise_db, size in ((-45, 7_777), (-35, 480)):
        meter = NoiseMeter(RATE, 1)
        for block in blocks(talk(30) + hiss(30, db=noise_db), size):
            meter.hear(block)
        ratios.append(meter.snr_db)
    assert ratios[0] - ratios[1] == pytest.approx(10, abs=1)


def test_two_seconds_are_too_few_to_tell_noise(tmp_path: Path) -> None:
    """A short sound has no pauses; it is left as it is."""
    result, _ = run(write(tmp_path / "a.wav", hiss(1.5), codec="pcm_s16le"), remove_noise=True)
    assert (result["noise_removed"], result["snr_db"]) == (False, None)


@pytest.mark.parametrize("size", [100, 480, 24_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_denoiser_keeps_time_and_length(size: int, channels: int) -> None:
    """Its delay is taken off for every size of block: correlation with the input is best at no shift."""
    sound = np.tile(talk(1.0), (channels, 1))
    cleaned = np.concatenate(list(denoised(blocks(sound, size), channels)), axis=1)
    assert cleaned.shape == sound.shape
    shifts = range(-960, 961, 60)
    middle = slice(2_000, -2_000)
    scores = [float(np.dot(sound[0][middle], np.roll(cleaned[0], shift)[middle])) for shift in shifts]
    assert shifts[int(np.argmax(scores))] == 0


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    """Over all passes, noise removal and second rounds included."""
    seen: list[float] = []
    run(write(tmp_path / "a.wav", hiss(10, db=-20), codec="pcm_s16le"), seen, remove_noise=True)
    assert seen == sorted(seen)
    assert seen[0] < 5
    assert seen[-1] == 100.0
    assert len(seen) > 20


def test_a_file_cut_short_is_normalized_with_a_warning(tmp_path: Path) -> None:
    """What is there is used."""
    whole = write(tmp_path / "whole.mkv", talk(10), codec="pcm_s16le").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    result, _ = run(tmp_path / "cut.mkv", remove_noise=True, convert_to_mono=True)
    assert result["duration"] == pytest.approx(5.0, abs=0.2)
    assert "may be truncated" in result["warnings"][0]


def test_failures_are_named_and_leave_nothing_behind(tmp_path: Path) -> None:
    """Not media, no sound, and what this version cannot do."""
    (tmp_path / "text.mp4").write_text("no media")
    with pytest.raises(UnreadableMedia, match=r"talk\.mp4"):
        run(tmp_path / "text.mp4")
    with pytest.raises(NoAudio, match=r"talk\.mp4"):
        run(write_picture_only(tmp_path / "silent.mp4"))
    with pytest.raises(InvalidRequest, match="isolation is not available"):
        run(write(tmp_path / "a.wav", tone(1), codec="pcm_s16le"), isolate_vocals=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "silent.mp4", "text.mp4"]


def test_only_the_result_is_left(tmp_path: Path) -> None:
    """Spool and half-written files are gone when it is done."""
    run(write(tmp_path / "a.wav", hiss(4), codec="pcm_s16le"), remove_noise=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-normalized.flac", "a.wav"]


def test_memory_does_not_depend_on_the_length(tmp_path: Path) -> None:
    """Twenty times the sound takes at most 15 MB more."""
    peaks = []
    for minutes in (0.5, 10):
        path = write(
            tmp_path / f"{minutes}.flac", np.tile(talk(30, 16_000), int(minutes * 2)), 16_000, codec="flac"
        )
        command = (sys.executable, "-c", CHILD, str(path), str(tmp_path / "out.flac"))
        peaks.append(int(subprocess.run(command, check=True, capture_output=True).stdout) / 1024)
    assert peaks[1] - peaks[0] < 15


def measured(sound: np.ndarray, rate: int) -> float | None:
    chain = FilterChain(rate, sound.shape[0], loudness.METER)
    for _ in chain.run(blocks(sound, rate)):
        pass
    return loudness.reading(chain.notes)


def rise(sound: np.ndarray, rate: int) -> float:
    """When five milliseconds are first half as loud as the loudest, in seconds."""
    frames = sound[0][: sound.shape[1] // (rate // 200) * (rate // 200)].reshape(-1, rate // 200)
    power = np.square(frames).mean(axis=1)
    return int(np.flatnonzero(power > power.max() / 4)[0]) / 200


def level_at(sound: np.ndarray, rate: int, hertz: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
    return 20 * np.log10(spectrum[round(hertz * sound.shape[1] / rate)])


def contrast(sound: np.ndarray) -> float:
    """Between the loud moments and the pauses, in dB."""
    frames = sound[0][: sound.shape[1] // 960 * 960].reshape(-1, 960)
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    return float(np.percentile(levels, 95) - np.percentile(levels, 10))
