"""Clips: where they begin and end, how loud they are, and that equal sounds are equal bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from talking import heard, silence_around, tone

from batuta.services.speech.clips import from_pcm, trimmed, write_clip, write_silence


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * 24_000), np.float32)


def test_silence_around_each_part_is_trimmed_and_pauses_are_exact(tmp_path: Path) -> None:
    """Half a second of silence on either side is gone; between the two is the pause that was asked for."""
    part = np.concatenate([quiet(0.5), tone(1.0), quiet(0.5)])
    seconds = write_clip(tmp_path / "a.flac", [(part, 0.3), (part, 9.0)], 24_000)
    sound = heard(tmp_path / "a.flac")
    assert sound.size / 24_000 == pytest.approx(seconds)
    assert seconds == pytest.approx(2 * (1.0 + 0.06) + 0.3, abs=0.01)
    assert max(silence_around(sound)) <= 0.05


def test_what_is_too_loud_is_made_softer_and_what_is_soft_stays(tmp_path: Path) -> None:
    """A full-scale sound, or one beyond, comes to -1 dB; a soft one is not touched."""
    for level, peak in ((3.0, 10 ** (-1 / 20)), (0.25, 0.25)):
        write_clip(tmp_path / "a.flac", [(tone(level=level), 0.0)], 24_000)
        assert np.abs(heard(tmp_path / "a.flac")).max() == pytest.approx(peak, abs=0.001)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
def test_other_rates_become_24_khz_and_the_same_bytes_each_time(tmp_path: Path, rate: int) -> None:
    """Length and pitch stay: a second of 440 Hz has 880 zero crossings."""
    written = []
    for name in ("a.flac", "b.flac"):
        assert write_clip(tmp_path / name, [(tone(1.0, rate=rate), 0.0)], rate) == pytest.approx(1, abs=0.02)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    sound = heard(tmp_path / "a.flac")
    assert np.count_nonzero(np.diff(sound[480:-480] > 0)) == pytest.approx(880 * 0.96, abs=5)


def test_nothing_heard_is_no_clip(tmp_path: Path) -> None:
    """Silence, noise far below hearing, no samples at all, and numbers that are none."""
    broken = np.full(100, np.nan, np.float32)
    parts = [(quiet(1), 0.1), (tone(level=0.0005), 0.1), (quiet(0), 0.1), (broken, 0.1)]
    assert write_clip(tmp_path / "a.flac", parts, 24_000) == 0.0
    assert not (tmp_path / "a.flac").exists()


def test_a_clip_of_silence_is_short_and_silent(tmp_path: Path) -> None:
    """For a text with nothing to say."""
    assert 0.1 <= write_silence(tmp_path / "a.flac") <= 0.3
    assert not heard(tmp_path / "a.flac").any()


def test_edges_do_not_click() -> None:
    """Sound that begins at full level is faded in and out, within 5 ms."""
    cut = trimmed(np.ones(24_000, np.float32))
    assert cut[0] == cut[-1] == 0
    assert cut[120:-120].min() == 1


def test_samples_of_16_bits_are_read() -> None:
    """Little-endian, full scale is one."""
    assert from_pcm(b"\x00\x80\x00\x00\x00\x40").tolist() == [-1.0, 0.0, 0.5]
