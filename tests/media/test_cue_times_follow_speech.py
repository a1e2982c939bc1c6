"""In sane input, cues stay on their speech and use the silence around it for reading."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import ENGLISH, spoken

from batuta.media import Segment, Transcription, Word, check, cues_from_words, profile_named
from batuta.media.limits import Limits
from batuta.media.timing import Spoken, cue_times
from batuta.media.units import units_of

LIMITS = Limits.of(ENGLISH)
TALK = (
    "When I first came to this country, I did not speak a word of English. ~0.5 My brother told me that the "
    "best way to learn was to listen to the radio. ~0.9 He was right. ~2.5 After six months of listening to "
    "the news, something changed, and I started to hear the words."
)


def single_words(*starts_and_ends: tuple[float, float]) -> Transcription:
    words = tuple(Word(f"w{index}", start, end) for index, (start, end) in enumerate(starts_and_ends))
    return Transcription("en", 1.0, 0.0, (Segment(0.0, 0.0, "", words),))


@settings(deadline=None, max_examples=40)
@given(st.floats(8, 19), st.floats(0, 100))
def test_cue_comes_in_with_its_first_word(rate: float, start: float) -> None:
    """At any normal rate of speech a cue comes in with its first word, never early, at most 50 ms late."""
    transcription = spoken(TALK, rate=rate, start=start)
    begins: dict[str, list[float]] = {}
    for word in transcription.segments[0].words:
        begins.setdefault(word.text, []).append(word.start)
    for cue in cues_from_words(transcription, ENGLISH).cues:
        late = min(abs(cue.start - begin) for begin in begins[cue.plain.split()[0]])
        assert late <= 0.05


@settings(deadline=None, max_examples=40)
@given(st.floats(8, 30))
def test_cue_goes_out_soon_after_its_speech(rate: float) -> None:
    """A cue stays no longer than half a second to be read, and less than another half to close a gap."""
    transcription = spoken(TALK, rate=rate)
    ends = [word.end for word in transcription.segments[0].words]
    for cue in cues_from_words(transcription, ENGLISH).cues:
        last = max((end for end in ends if end <= cue.end + 0.1), default=0.0)
        assert cue.end - last < 1.0


def test_short_word_stays_for_the_shortest_duration() -> None:
    """`Yes.` of 0.2 s stays for 20 frames."""
    [cue] = cues_from_words(spoken("Yes.", rate=25), ENGLISH).cues
    assert (cue.start, cue.end) == (1.0, 1.834)


def test_fast_speech_lingers_half_a_second_for_its_reader() -> None:
    """Speech at 25 characters a second is shown 0.5 s longer than it lasts, when silence follows."""
    transcription = spoken("I never thought that it would be possible to say this so fast.", rate=25)
    [cue] = cues_from_words(transcription, ENGLISH).cues
    spoken_until = transcription.segments[0].words[-1].end
    assert cue.end == pytest.approx(spoken_until + 0.5, abs=0.002)


def test_slow_speech_does_not_linger() -> None:
    """A cue that was readable while it was spoken goes out with its speech."""
    transcription = spoken("There is plenty of time to read this.", rate=10)
    [cue] = cues_from_words(transcription, ENGLISH).cues
    assert cue.end == pytest.approx(transcription.segments[0].words[-1].end, abs=0.001)


def test_no_cue_reaches_across_a_long_silence() -> None:
    """Words two seconds apart are never in one cue."""
    subtitles = cues_from_words(spoken("One two. ~2.0 Three four."), ENGLISH)
    assert [cue.plain for cue in subtitles.cues] == ["One two.", "Three four."]


def test_no_gap_is_left_that_flickers() -> None:
    """Between two cues there are two frames, or half a second and more (Netflix's timing guidelines)."""
    cues = cues_from_words(spoken(f"{TALK} ~1.1 {TALK} ~0.3 {TALK}", rate=15), ENGLISH).cues
    gaps = [round((after.start - before.end) * 1000) for before, after in pairwise(cues)]
    assert any(gap == 84 for gap in gaps)
    assert [gap for gap in gaps if gap != 84 and gap < 500] == []


@pytest.mark.parametrize(
    ("following", "out"),
    [
        (3000, 2916),  # contiguous speech: the cue leaves two frames early
        (3100, 3016),  # a gap of 100 ms is closed
        (3499, 3415),  # and so is one just under half a second
        (3500, 3000),  # half a second is a pause
        (9000, 3000),
    ],
)
def test_gap_to_the_next_cue(following: int, out: int) -> None:
    """A gap of less than half a second is closed to two frames; a longer one stays."""
    cues = [Spoken(1000, 3000, 500), Spoken(following, following + 2000, 500)]
    assert cue_times(cues, LIMITS)[0] == (1000, out)


def test_late_cue_catches_up() -> None:
    """A cue pushed by the one before is shorter where it may be, so that the delay does not grow."""
    cues = [Spoken(0, 100, 500), Spoken(100, 200, 500), Spoken(200, 3000, 500), Spoken(5000, 6000, 500)]
    starts = [start for start, _ in cue_times(cues, LIMITS)]
    assert starts == [0, 918, 1836, 5000]


def test_speech_without_pause_is_cut_at_the_longest_duration() -> None:
    """A word that an engine stretched over half a minute is shown for seven seconds."""
    [cue] = cues_from_words(single_words((2.0, 30.0)), ENGLISH).cues
    assert (cue.start, cue.end) == (2.0, 9.0)


def test_one_wild_time_moves_one_word() -> None:
    """A single start far in the future, or the past, leaves the words before and after where they are."""
    sane = [(float(second), second + 0.5) for second in range(10, 20)]
    for wild in ((5000.0, 5000.5), (0.0, 0.5), (float("nan"), float("inf"))):
        damaged = [*sane[:5], wild, *sane[6:]]
        starts = [unit.start for unit in units_of(single_words(*damaged), 42)]
        assert [start for index, start in enumerate(starts) if index != 5] == [
            round(start * 1000) for index, (start, _) in enumerate(sane) if index != 5
        ]
        assert starts[4] <= starts[5] <= starts[6]


def test_wild_first_word_starts_with_the_second() -> None:
    """A first word far in the future does not drag its cue to the beginning of the media."""
    units = units_of(single_words((5000.0, 5001.0), (30.0, 30.4), (31.0, 31.4)), 42)
    assert [unit.start for unit in units] == [30_000, 30_000, 31_000]


def test_segment_without_words_shares_its_time_by_characters() -> None:
    """Words nobody timed begin where their share of the characters begins."""
    segment = Segment(10.0, 16.0, "aa bbbb cccccc")
    units = units_of(Transcription("en", 1.0, 20.0, (segment,)), 42)
    assert [(unit.text, unit.start, unit.end) for unit in units] == [
        ("aa", 10_000, 11_000),
        ("bbbb", 11_000, 13_000),
        ("cccccc", 13_000, 16_000),
    ]


@pytest.mark.parametrize(("rate", "least"), [(14, 100.0), (18, 100.0), (19, 100.0)])
def test_reading_speed_is_met_where_speech_allows(rate: float, least: float) -> None:
    """Up to a fast speaker's rate nearly all cues can be read at 20 characters a second."""
    found = check(cues_from_words(spoken(" ~0.7 ".join([TALK] * 5), rate=rate), ENGLISH), ENGLISH)
    assert found.cps_percent >= least


def test_children_get_more_time() -> None:
    """The children's profile keeps a fast cue longer than the adults'."""
    transcription = spoken("Could you please put all of your toys back in the box?", rate=18)
    durations = [
        cues_from_words(transcription, profile_named(name).for_language("en")).cues[-1].end
        for name in ("default", "children")
    ]
    assert durations[0] < durations[1]
