"""Separating: the sound minus its voices, on the same samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filmset import Sound, blocks, db, film, noise, read, tone, total

from batuta.services.audio_worker.engine import work
from batuta.services.audio_worker.loudness import LoudnessMeter, loudness_of
from batuta.services.audio_worker.separate import without_voices
from batuta.services.normalizer.spleeter.separation import SAMPLE_RATE, Magnitudes


class Share:
    """A model that takes everything for voice to this share."""

    def __init__(self, share: float) -> None:
        self._share = np.float32(share)

    def share(self, magnitudes: Magnitudes) -> Magnitudes:
        return np.full_like(magnitudes, self._share)


def bed_of(sound: Sound, share: float, size: int = 22_050) -> tuple[Sound, float | None]:
    meter = LoudnessMeter(SAMPLE_RATE, 2)
    bed = total(without_voices(blocks(sound, size), Share(share), meter))
    return bed, meter.finish()


@pytest.mark.parametrize("seconds", [0.5, 14.3])
@pytest.mark.parametrize("size", [3000, 22_050])
def test_the_bed_is_aligned_to_the_sample(seconds: float, size: int) -> None:
    """No voices: the very sound. All voices: what the model cannot hear. As long as it was in any case."""
    sound = noise(seconds, -20, rate=SAMPLE_RATE)
    untouched, voices = bed_of(sound, 0.0, size)
    np.testing.assert_array_equal(untouched, sound)
    assert voices is None
    low = np.tile(tone(seconds, 440, rate=SAMPLE_RATE), (2, 1))
    gone, voices = bed_of(low, 1.0, size)
    assert gone.shape == low.shape
    assert db(gone) < db(low) - 25
    assert voices is not None


@pytest.mark.weights
def test_a_film_gives_a_bed_without_its_voice(
    weights: Callable[[str], Path], two_cities: Path, tmp_path: Path
) -> None:
    """With the real weights: speech goes by 12 dB at least, a hiss in the right channel stays."""
    speech = read(two_cities)[:, : 8 * 48_000] * 3
    speech[1] += noise(8, -40, channels=1)[0]
    source = film(tmp_path / "a.mkv", speech, seconds=8, audio="flac", fps=1)
    output = tmp_path / "bed.flac"
    seen: list[float] = []
    task = {
        "task": "separate",
        "source": str(source),
        "output": str(output),
        "name": "a.mkv",
        "weights": str(weights("spleeter-2stems")),
        "threads": 2,
    }
    made = work(task, seen.append)
    bed = read(output)
    assert bed.shape[1] == speech.shape[1]
    assert made["duration"] == pytest.approx(8.0, abs=0.001)
    assert db(bed[:1]) < db(speech[:1]) - 12
    assert db(bed[1:]) == pytest.approx(-40, abs=2)
    assert made["voice_loudness"] == pytest.approx(loudness_of(speech, 48_000), abs=3)
    assert seen == sorted(seen)
