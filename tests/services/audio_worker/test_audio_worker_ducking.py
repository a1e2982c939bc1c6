"""The background under voices: down in time, up again, never a click."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.services.audio_worker.ducking import (
    ATTACK_SECONDS,
    HOLD_SECONDS,
    RELEASE_SECONDS,
    Ducking,
    joined,
)

RATE = 1000
SECONDS = 12
STEEPEST_DB = 15 / (ATTACK_SECONDS * RATE)

spans = st.lists(
    st.tuples(st.floats(0, 10), st.floats(0.05, 3)).map(lambda span: (span[0], span[0] + span[1])), max_size=8
)


def gains(voices: list[tuple[float, float]], depth: float, size: int) -> np.ndarray:
    """The gain in dB at every sample, found with blocks of this size."""
    ducking = Ducking(voices, depth, RATE)
    parts = []
    for first in range(0, SECONDS * RATE, size):
        block = np.ones((2, min(size, SECONDS * RATE - first)), np.float32)
        ducking.apply(block, first)
        parts.append(block)
    whole = np.concatenate(parts, axis=1)
    np.testing.assert_array_equal(whole[0], whole[1])
    return 20 * np.log10(whole[0])


@settings(deadline=None, max_examples=60)
@given(voices=spans, depth=st.floats(-20, -1), size=st.integers(7, 5000))
def test_the_gain_is_down_while_somebody_speaks_and_never_jumps(
    voices: list[tuple[float, float]], depth: float, size: int
) -> None:
    """At full depth under every voice, at most so steep, untouched far from any, the same in any blocks."""
    found = gains(voices, depth, size)
    time = np.arange(SECONDS * RATE) / RATE
    near = np.zeros(len(time), bool)
    for start, end in voices:
        under = (time >= start + 1 / RATE) & (time <= end - 1 / RATE)
        np.testing.assert_allclose(found[under], depth, atol=0.01)
        near |= (time > start - ATTACK_SECONDS - 2 / RATE) & (
            time < end + RELEASE_SECONDS + HOLD_SECONDS + 0.2
        )
    np.testing.assert_array_equal(found[~near], 0.0)
    assert found.max(initial=0) <= 0
    assert found.min(initial=0) >= depth - 0.01
    assert np.abs(np.diff(found)).max() <= STEEPEST_DB * (-depth / 15) + 0.02
    np.testing.assert_allclose(found, gains(voices, depth, SECONDS * RATE), atol=1e-4)


def test_close_voices_are_one() -> None:
    """A pause that is hardly longer than the ramps does not pump."""
    assert joined([(3, 4), (0, 1), (1.9, 2.5), (0.2, 0.4)]) == [(0, 4)]
    assert joined([(0, 1), (3, 4)]) == [(0, 1), (3, 4)]
