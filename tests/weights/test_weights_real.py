"""The real thing, once: the demo recording, into the user's own cache."""

from __future__ import annotations

import wave

import pytest

from batuta.settings import Settings
from batuta.weights import Weights

pytestmark = [pytest.mark.anyio, pytest.mark.weights]


async def test_the_demo_recording_is_found_and_is_speech_of_44_seconds() -> None:
    """Through whatever sources this machine can reach; left there for the other tests."""
    weights = Weights.from_settings(Settings())
    folder = await weights.ensure("speech-two-cities")
    assert await weights.verify("speech-two-cities") == []
    with wave.open(str(folder / "two_cities.wav")) as recording:
        assert recording.getframerate() == 48_000
        assert recording.getnframes() / 48_000 == pytest.approx(44.4, abs=0.1)
