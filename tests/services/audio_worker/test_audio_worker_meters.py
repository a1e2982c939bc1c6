"""Our meters agree with FFmpeg's."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from filmset import RATE, Sound, blocks, ebur128, noise, tone, voice

from batuta.services.audio_worker.ahead import BLOCKS, ahead
from batuta.services.audio_worker.loudness import LoudnessMeter, loudness_of
from batuta.services.audio_worker.peaks import PeakMeter

QUIET_AND_LOUD = np.concatenate([noise(4, -60, 1), voice(3), noise(4, -45, 1)], axis=1)
SOUNDS = {
    "a tone": tone(3, 1000),
    "a bass": tone(3, 50),
    "a voice with long pauses": QUIET_AND_LOUD,
    "noise on both sides": noise(3),
    "one side only": np.concatenate([voice(3), np.zeros((1, 3 * RATE), np.float32)]),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("size", [777, 24_000])
def test_loudness_is_what_ebur128_says(name: str, size: int) -> None:
    """Within 0.2 LU, in blocks of any size, gates included."""
    sound = SOUNDS[name]
    meter = LoudnessMeter(RATE, sound.shape[0])
    for block in blocks(sound, size):
        meter.hear(block)
    assert meter.finish() == pytest.approx(ebur128(sound)[0], abs=0.2)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100])
def test_loudness_does_not_depend_on_the_rate(rate: int) -> None:
    """A tone is as loud at any rate."""
    assert loudness_of(tone(2, 1000, rate=rate), rate) == pytest.approx(ebur128(tone(2, 1000))[0], abs=0.2)


def test_a_word_is_measured_as_if_it_went_on() -> None:
    """Shorter than a gating block, even than a step of it."""
    whole = loudness_of(tone(2), RATE)
    assert loudness_of(tone(0.25), RATE) == pytest.approx(whole, abs=0.5)
    assert loudness_of(tone(0.05), RATE) == pytest.approx(whole, abs=0.5)


def test_silence_has_no_loudness() -> None:
    """Nor has nothing at all."""
    assert loudness_of(np.zeros((2, RATE), np.float32), RATE) is None
    assert LoudnessMeter(RATE, 2).finish() is None
    assert PeakMeter(2).finish() is None


def test_only_the_spans_are_measured() -> None:
    """What lies beside them may be as loud as it likes."""
    sound = np.concatenate([tone(2, db=-3), tone(2, db=-23), tone(2, db=-3)], axis=1)
    meter = LoudnessMeter(RATE, 1, [(round(2.1 * RATE), 3 * RATE), (3 * RATE + 50, round(3.9 * RATE))])
    for block in blocks(sound, 10_007):
        meter.hear(block)
    assert meter.finish() == pytest.approx(loudness_of(tone(2, db=-23), RATE), abs=0.1)


def faded(sound: Sound) -> Sound:
    """Without the steps at its ends, of which every interpolation makes something else."""
    ramp = np.minimum(1, np.arange(sound.shape[1]) / 4_000).astype(np.float32)
    return sound * ramp * ramp[::-1]


def between_samples() -> Sound:
    """A quarter of the sample rate, 45° off: samples at 0.707 of what lies between them."""
    return np.asarray(0.5 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4), np.float32)[None]


@pytest.mark.parametrize("sound", [between_samples(), noise(2, -20), QUIET_AND_LOUD, tone(1, 11_000)])
def test_the_true_peak_is_what_ebur128_says(sound: Sound) -> None:
    """Within 0.1 dB, also where no sample is as high, and the same in blocks of any size."""
    found = []
    for size in (7, 499, 24_000):
        meter = PeakMeter(sound.shape[0])
        for block in blocks(faded(sound), size):
            meter.hear(block)
        found.append(meter.finish())
    assert found == pytest.approx([found[0]] * 3, abs=1e-3)
    assert found[0] == pytest.approx(ebur128(faded(sound))[1], abs=0.1)


def test_what_lies_between_samples_is_seen() -> None:
    """The samples are at -9 dB, what is heard at -6."""
    meter = PeakMeter(1)
    meter.hear(faded(between_samples()))
    assert meter.finish() == pytest.approx(20 * math.log10(0.5), abs=0.05)


def test_blocks_made_ahead_are_the_same() -> None:
    """In their order, to the last."""
    sound = noise(3)
    np.testing.assert_array_equal(np.concatenate(list(ahead(blocks(sound, 999))), axis=1), sound)


def test_an_error_ahead_is_raised_where_it_is_waited_for() -> None:
    """After the blocks before it."""

    def broken():
        yield from blocks(noise(1))
        raise ValueError("torn")

    found = []
    with pytest.raises(ValueError, match="torn"):
        found.extend(ahead(broken()))
    assert len(found) == 2


def test_whoever_leaves_stops_the_thread() -> None:
    """Nothing goes on making what nobody takes."""
    made, before = [], threading.active_count()

    def endless():
        while True:
            made.append(1)
            yield noise(0.01)

    blocks_ahead = ahead(endless())
    next(blocks_ahead)
    blocks_ahead.close()
    assert len(made) <= BLOCKS + 2
    assert threading.active_count() == before
