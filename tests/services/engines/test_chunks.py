"""Where speech is, and where to cut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st
from studio import blocks, hiss, talk

from batuta.services.transcriber import chunks
from batuta.services.transcriber.chunks import Chunk, best_cut, cut, speech_in
from batuta.services.transcriber.vad import SAMPLE_RATE, WINDOW, Samples, VoiceActivity

WINDOWS_A_SECOND = SAMPLE_RATE / WINDOW


def windows(*stretches: tuple[float, float]) -> Samples:
    """Probabilities from (seconds, probability)."""
    parts = [np.full(round(seconds * WINDOWS_A_SECOND), p, np.float32) for seconds, p in stretches]
    return np.concatenate(parts)


def seconds(window: int) -> float:
    return window / WINDOWS_A_SECOND


def test_voice_activity_in_pieces_is_that_of_the_whole() -> None:
    """Bit for bit what faster-whisper computes over the file in memory, whatever the size of the pieces."""
    sound = (talk(7, SAMPLE_RATE) + hiss(7, SAMPLE_RATE, db=-40))[0]
    sound = sound[: len(sound) // WINDOW * WINDOW]
    whole = get_vad_model()(sound).reshape(-1)
    for size in (WINDOW, 16 * WINDOW, 100 * WINDOW):
        activity = VoiceActivity()
        pieces = [activity.probabilities(piece[0]) for piece in blocks(sound[None], size)]
        assert np.array_equal(np.concatenate(pieces), whole)


def test_the_longest_late_pause_is_cut_in_its_middle() -> None:
    """Not the first, not the last, and none before fifteen seconds."""
    speech = windows((5, 0.9), (3, 0), (9, 0.9), (0.4, 0), (4, 0.9), (1, 0), (5, 0.9), (0.3, 0), (2.3, 0.9))
    assert seconds(best_cut(speech)) == pytest.approx(21.9, abs=0.1)


def test_a_pause_that_reaches_past_fifteen_seconds_is_cut_there() -> None:
    """Its middle would be too early."""
    assert seconds(best_cut(windows((4, 0.9), (12, 0), (14, 0.9)))) == pytest.approx(15, abs=0.1)


def test_the_later_of_two_equal_pauses_is_cut() -> None:
    """A longer chunk gives the recogniser more to go by."""
    speech = windows((16, 0.9), (0.5, 0), (5, 0.9), (0.5, 0), (8, 0.9))
    assert seconds(best_cut(speech)) == pytest.approx(21.7, abs=0.1)


def test_without_a_pause_the_least_probable_moment_is_cut() -> None:
    """Somebody who does not breathe is interrupted where it is least likely to be a word."""
    assert seconds(best_cut(windows((20, 0.95), (0.05, 0.6), (9.95, 0.95)))) == pytest.approx(20, abs=0.1)


@given(st.lists(st.sampled_from([0.0, 0.3, 0.4, 0.6, 1.0]), min_size=937, max_size=937))
@settings(max_examples=50)
def test_every_cut_is_between_fifteen_and_thirty_seconds(probabilities: list[float]) -> None:
    """Whatever the sound."""
    assert 468 <= best_cut(np.array(probabilities, np.float32)) <= 937


def test_speech_begins_and_ends_at_different_thresholds() -> None:
    """Doubt alone is no speech; doubt within speech is."""
    assert speech_in(windows((1, 0), (1, 0.4), (1, 0))) == []
    ((start, end),) = speech_in(windows((1, 0), (1, 0.9), (1, 0.4), (1, 0)))
    assert (seconds(start), seconds(end)) == (pytest.approx(1, abs=0.1), pytest.approx(3, abs=0.1))


def test_short_gaps_are_part_of_speech_and_clicks_are_none() -> None:
    """Between the words of a sentence there is no silence."""
    assert len(speech_in(windows((1, 0.9), (0.2, 0), (1, 0.9)))) == 1
    assert len(speech_in(windows((1, 0.9), (0.5, 0), (1, 0.9)))) == 2
    assert speech_in(windows((1, 0), (0.06, 0.9), (1, 0))) == []


class Told:
    """A voice activity model that was told the answer."""

    def __init__(self, probabilities: Samples) -> None:
        self._rest = probabilities

    def probabilities(self, samples: Samples) -> Samples:
        count = -(-len(samples) // WINDOW)
        found, self._rest = self._rest[:count], self._rest[count:]
        return found


@pytest.fixture
def chunked(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Cut a sound that counts its samples, whose speech is where we say."""

    def run(probabilities: Samples, missing: int = 0, size: int = 7_000) -> list[Chunk]:
        monkeypatch.setattr(chunks, "VoiceActivity", lambda: Told(probabilities))
        sound = np.arange(len(probabilities) * WINDOW - missing, dtype=np.float32)
        return list(cut(sound[first : first + size] for first in range(0, len(sound), size)))

    return run


def test_chunks_cover_the_time_line_without_gaps(chunked: object) -> None:
    """To the last sample, and none is longer than half a minute."""
    speech = windows(*[(4, 0.9), (0.5, 0.0)] * 20)
    found = chunked(speech, missing=100)
    edges = [0.0, *(chunk.stretch.end for chunk in found)]
    assert [chunk.stretch.start for chunk in found] == edges[:-1]
    assert edges[-1] == pytest.approx((len(speech) * WINDOW - 100) / SAMPLE_RATE)
    assert all(chunk.stretch.end - chunk.stretch.start <= 30 for chunk in found)


def test_silence_at_the_edges_of_a_chunk_is_not_listened_to(chunked: object) -> None:
    """Half a second of it stays; the sound knows when it starts."""
    (chunk,) = chunked(windows((5, 0), (4, 0.9), (6, 0)))
    assert chunk.sound_start == pytest.approx(4.5, abs=0.05)
    assert len(chunk.sound) / SAMPLE_RATE == pytest.approx(5, abs=0.1)
    assert chunk.sound[0] == round(chunk.sound_start * SAMPLE_RATE)
    (span,) = chunk.speech
    assert (span.start, span.end) == (pytest.approx(5, abs=0.05), pytest.approx(9, abs=0.05))


def test_a_chunk_in_which_nobody_speaks_holds_no_sound(chunked: object) -> None:
    """Two hours of silence take no memory and are never listened to."""
    found = chunked(windows((100, 0)))
    assert [len(chunk.sound) for chunk in found] == [0] * len(found)
    assert not any(chunk.speech for chunk in found)


def test_no_sound_makes_no_chunks(chunked: object) -> None:
    """Nothing to cut."""
    assert chunked(np.zeros(0, np.float32)) == []
