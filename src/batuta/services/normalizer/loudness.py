"""Loudness: how loud it is (EBU R 128), which gain brings it to the target, and a limiter for the peaks.

One gain for the whole file, found by measuring first. FFmpeg's dynamic `loudnorm` was rejected: it rides the
level and takes five times as long (facts: media engines, section 6).
"""

from __future__ import annotations

from typing import Final

TARGET_LUFS: Final = -16.0
"""Where streaming services put speech and stereo music."""
TOLERANCE_LU: Final = 0.5
"""EBU R 128 allows this deviation where the level can be measured beforehand."""
MAX_GAIN_DB: Final = 30.0
QUIETEST_LUFS: Final = -60.0
"""Below this there is nothing but noise to make louder; digital silence measures as -70."""
PEAK_DB: Final = -1.5
"""Highest sample; half a decibel is left for what lies between samples (R 128 allows -1 dB true peak)."""

METER: Final = ("ebur128", "metadata=1:framelog=quiet")
"""The measuring filter; it leaves its reading in the chain's notes."""
LIMITER: Final = ("alimiter", f"limit={10 ** (PEAK_DB / 20):.6f}:attack=5:release=50:level=0:latency=1")
"""No automatic level; with its own delay taken back, so that the time line stays."""


def reading(notes: dict[str, str]) -> float | None:
    """Integrated loudness in LUFS, of everything the meter has heard; `None` for silence."""
    lufs = float(notes.get("lavfi.r128.I", QUIETEST_LUFS))
    return lufs if lufs > QUIETEST_LUFS else None


def first_gain(loudness: float | None) -> float:
    """The gain in dB that brings this loudness to the target; none for silence."""
    return 0.0 if loudness is None else min(TARGET_LUFS - loudness, MAX_GAIN_DB)


def better_gain(gain: float, reached: float | None) -> float | None:
    """A gain that comes nearer than `gain`, with which `reached` was measured behind the limiter.

    `None` when it is near enough or cannot be raised: a limiter takes loudness away with the peaks.
    """
    if reached is None or abs(TARGET_LUFS - reached) <= TOLERANCE_LU:
        return None
    better = min(gain + TARGET_LUFS - reached, MAX_GAIN_DB)
    return better if better != gain else None
