"""Whatever the words and their times, cues keep the profile's hard rules exactly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import ENGLISH, TRANSCRIPTIONS, heard, shown, spoken, times

from batuta.media import Profile, Segment, Transcription, Word, check, cues_from_words, profile_named

NOISE = 1e-3
"""Milliseconds: the microsecond to which a limit is taken."""

PROFILES = st.one_of(
    st.sampled_from([profile_named("default"), profile_named("children")]),
    st.builds(
        Profile,
        st.just("own"),
        max_line_width=st.integers(2, 60),
        max_lines=st.integers(1, 3),
        max_cps=st.floats(1, 40),
        min_duration=st.floats(0.01, 2),
        max_duration=st.floats(2.5, 9),
        min_gap=st.floats(0, 0.5),
    ),
)


@settings(deadline=None, max_examples=4000)
@given(TRANSCRIPTIONS, PROFILES)
def test_hard_rules_hold_for_any_words(transcription: Transcription, profile: Profile) -> None:
    """Width, lines, durations, gaps and order hold to the millisecond for hostile words and any profile."""
    profile = profile.for_language(transcription.language)
    cues = cues_from_words(transcription, profile).cues
    shortest, longest, gap = (
        1000 * limit for limit in (profile.min_duration, profile.max_duration, profile.min_gap)
    )
    for cue in cues:
        start, end = times(cue)
        assert start >= 0
        assert shortest - NOISE <= end - start <= longest + NOISE
        assert 1 <= len(cue.lines) <= profile.max_lines
        assert all(line == line.strip() != "" for line in cue.lines)
        assert all(profile.measure(line) <= profile.max_line_width for line in cue.lines)
    for before, after in pairwise(cues):
        assert times(after)[0] - times(before)[1] >= gap - NOISE


@settings(deadline=None, max_examples=4000)
@given(TRANSCRIPTIONS, PROFILES)
def test_no_character_is_lost(transcription: Transcription, profile: Profile) -> None:
    """Every character of every word appears once and in order, blanks aside."""
    subtitles = cues_from_words(transcription, profile.for_language(transcription.language))
    assert shown(subtitles) == heard(transcription)


@settings(deadline=None, max_examples=4000)
@given(TRANSCRIPTIONS)
def test_checker_finds_nothing_hard_in_what_the_shaper_made(transcription: Transcription) -> None:
    """The independent checker agrees that no hard rule is broken, and that no cue is empty."""
    profile = profile_named("default").for_language(transcription.language)
    found = check(cues_from_words(transcription, profile), profile)
    assert found.hard_violations == 0
    assert found.of("empty") == []


@settings(deadline=None, max_examples=4000)
@given(TRANSCRIPTIONS)
def test_shaping_is_a_function(transcription: Transcription) -> None:
    """The same words give the same cues."""
    assert cues_from_words(transcription, ENGLISH) == cues_from_words(transcription, ENGLISH)


def test_words_all_at_one_instant_are_shown_one_cue_after_another() -> None:
    """A hundred words at one instant take the time their cues need, instead of overlapping."""
    words = tuple(Word("word", 5.0, 5.0) for _ in range(100))
    subtitles = cues_from_words(Transcription("en", 1.0, 0.0, (Segment(5.0, 5.0, "", words),)), ENGLISH)
    assert check(subtitles, ENGLISH).hard_violations == 0
    assert subtitles.cues[0].start == 5.0
    assert shown(subtitles) == "word" * 100


def test_word_longer_than_a_line_is_parted_without_loss() -> None:
    """A word of 100 characters fills lines of 42 and keeps every character."""
    word = "".join(chr(ord("a") + index % 26) for index in range(100))
    subtitles = cues_from_words(spoken(f"before {word} after"), ENGLISH)
    assert shown(subtitles) == f"before{word}after"
    assert all(len(line) <= 42 for cue in subtitles.cues for line in cue.lines)


def test_silence_gives_no_cues() -> None:
    """A transcription without segments is valid and gives subtitles without cues."""
    subtitles = cues_from_words(Transcription("en", 0.0, 60.0, ()), ENGLISH)
    assert subtitles.cues == ()
    assert check(subtitles, ENGLISH).cps_percent == 100.0


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_blank_segment_gives_no_cues(text: str) -> None:
    """A segment without visible text shows nothing."""
    blank = Transcription("en", 1.0, 9.0, (Segment(1.0, 9.0, text, (Word(text, 1.0, 9.0),)),))
    assert cues_from_words(blank, ENGLISH).cues == ()
