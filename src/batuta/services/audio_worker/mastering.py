"""The whole at the loudness of a profile, its true peaks below the limit.

One gain for all of it and a limiter for the peaks (facts: media engines, decision 6), written and measured;
what the limiter took away is given back, and its ceiling lowered where a peak between samples is too high, in
further rounds. One or two are usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batuta.media.audio import Block
from batuta.services.audio_worker.ahead import ahead
from batuta.services.audio_worker.loudness import LoudnessMeter, Span
from batuta.services.audio_worker.peaks import PeakMeter
from batuta.services.audio_worker.profiles import LoudnessProfile
from batuta.services.normalizer.filters import FilterChain
from batuta.services.normalizer.flac import write_flac
from batuta.services.normalizer.loudness import MAX_GAIN_DB
from batuta.services.normalizer.passes import Progress, Sound

TOLERANCE_LU: Final = 0.5
MARGIN_DB: Final = 0.7
"""Kept below the limit: AAC at 192 kbit/s puts peaks up to 0.3 dB higher (measured on speech)."""
_STEP_DB: Final = 0.1
_SHARE_BY_ROUND: Final = (0.6, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Of the bar, at which each round ends; there are no more rounds than these."""


@dataclass(frozen=True, slots=True)
class Mastered:
    """What was written: its gain, loudness (LUFS) and true peak in dB, `None` for silence; its length."""

    gain: float
    ceiling: float
    loudness: float | None
    true_peak: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class Master:
    """How to write a sound: at which loudness, measured where."""

    profile: LoudnessProfile
    spans: Sequence[Span] | None
    """Where somebody speaks; None for profiles that measure the whole."""

    def meter(self, sound: Sound) -> LoudnessMeter:
        """A meter for the sound."""
        return LoudnessMeter(sound.sample_rate, sound.channels, self.spans)

    def write(self, sound: Sound, loudness: float | None, path: Path, progress: Progress) -> Mastered:
        """Write the sound, of which this loudness was measured, to FLAC."""
        peak = self.profile.true_peak - MARGIN_DB
        gain = 0.0 if loudness is None else min(self.profile.loudness - loudness, MAX_GAIN_DB)
        done = self._write(sound, gain, peak, path, progress, _SHARE_BY_ROUND[0])
        for share in _SHARE_BY_ROUND[1:]:
            better = self._better(done)
            if better is None:
                break
            done = self._write(sound, *better, path, progress, share)
        return done

    def _better(self, done: Mastered) -> tuple[float, float] | None:
        """A gain and a ceiling that come nearer; None when it is near enough."""
        if done.loudness is None or done.true_peak is None:
            return None
        gain, ceiling = done.gain, done.ceiling
        if abs(self.profile.loudness - done.loudness) > TOLERANCE_LU:
            gain = min(gain + self.profile.loudness - done.loudness, MAX_GAIN_DB)
        excess = done.true_peak - (self.profile.true_peak - MARGIN_DB)
        if excess > 0:
            ceiling -= excess + _STEP_DB
        return None if (gain, ceiling) == (done.gain, done.ceiling) else (gain, ceiling)

    def _write(
        self, sound: Sound, gain: float, ceiling: float, path: Path, progress: Progress, until: float
    ) -> Mastered:
        chain = FilterChain(
            sound.sample_rate, sound.channels, ("volume", f"{gain:.4f}dB"), ("alimiter", _limit(ceiling))
        )
        loudness, peak = self.meter(sound), PeakMeter(sound.channels)
        heard = _heard(chain.run(progress.over(sound, until * 100)), loudness.hear, peak.hear)
        samples = write_flac(path, ahead(heard), sound.sample_rate, sound.channels)
        return Mastered(gain, ceiling, loudness.finish(), peak.finish(), samples)


def _limit(ceiling: float) -> str:
    """No automatic level; with its own delay taken back, so that the time line stays."""
    return f"limit={10 ** (ceiling / 20):.6f}:attack=5:release=50:level=0:latency=1"


def _heard(blocks: Iterator[Block], *meters: Callable[[Block], None]) -> Iterator[Block]:
    for block in blocks:
        for hear in meters:
            hear(block)
        yield block
