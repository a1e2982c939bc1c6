"""Shaping costs time in proportion to the words, and little of it."""

from __future__ import annotations

import time

from speaking import ENGLISH, spoken

from batuta.media import Profile, Transcription, check, cues_from_words

SENTENCES = (
    "When I first came to this country, I did not speak a word of English. My brother told me that the best "
    "way to learn was to listen to the radio, because people there speak clearly. He was right! "
)
WORDS = len(SENTENCES.split())


def seconds(transcription: Transcription, profile: Profile) -> float:
    began = time.process_time()
    cues_from_words(transcription, profile)
    return time.process_time() - began


def test_two_hours_of_speech_are_shaped_in_a_moment() -> None:
    """18,000 words take about half a second here; the bound leaves room for a busy machine."""
    talk = spoken(SENTENCES * (18_000 // WORDS))
    began = time.process_time()
    subtitles = cues_from_words(talk, ENGLISH)
    assert time.process_time() - began < 2.0
    assert check(subtitles, ENGLISH).hard_violations == 0


def test_time_grows_with_the_words_and_no_faster() -> None:
    """Eight times the words take about eight times the time, far from a quadratic sixty-four."""
    short, long = spoken(SENTENCES * 20), spoken(SENTENCES * 160)
    once = min(seconds(short, ENGLISH) for _ in range(3))
    assert min(seconds(long, ENGLISH) for _ in range(3)) < 24 * once
