"""What is spoken as one clip: sentences, neither too short nor too long, and every character once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import TRANSCRIPTIONS, heard, spoken, unspaced

from batuta.media import Segment, Transcription, Word
from batuta.media.dub_units import LONGEST_COLUMNS, DubUnit, dub_units
from batuta.media.scripts import columns, join

FISH = (
    "and then we went to the market, where my mother used to buy the fish, and she told the man that his "
    "fish was too old to be sold to anybody who knew anything about it, because she had grown up on an "
    "island, so of course he laughed and gave her another one, which was not any better than the first one."
)
TOKENS = ["I", "the", "we", "house.", "well,", "Anna", "Yes!", "Why?", "~0.3", "~0.7", "~2.0"]
DICKENS = (
    "it was the best of times, ~0.68 it was the worst of times, ~0.68 it was the age of wisdom, ~0.68 it was "
    "the age of foolishness,"
)
ALL_OF_IT = "We read it out to them without any need at all, and to everybody who would want to hear it."
JAPANESE = "英語は一言も話せませんでした。兄はラジオを聞くことだと言いました。彼は正しかった!"


def texts(units: tuple[DubUnit, ...]) -> list[str]:
    return [unit.text for unit in units]


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        pytest.param(
            "I did not speak one single word of English. My brother told me to listen to the radio.",
            ["I did not speak one single word of English.", "My brother told me to listen to the radio."],
            id="a sentence is a clip",
        ),
        pytest.param(
            "I did not ever speak one single word of ~0.7 English or anything that would have been useful.",
            ["I did not ever speak one single word of", "English or anything that would have been useful."],
            id="a pause parts a sentence",
        ),
        pytest.param(
            "I did not speak a word of ~0.7 English or anything that would have been useful.",
            ["I did not speak a word of English or anything that would have been useful."],
            id="but not from its short beginning",
        ),
        pytest.param(
            "I did not speak a word of ~1.0 English or anything that would have been useful.",
            ["I did not speak a word of", "English or anything that would have been useful."],
            id="a second parts anything",
        ),
        pytest.param(
            DICKENS,
            [
                "it was the best of times, it was the worst of times,",
                "it was the age of wisdom, it was the age of foolishness,",
            ],
            id="short ones are one clip across pauses, until they are long enough",
        ),
        pytest.param(
            f"{ALL_OF_IT} Why did we? ~0.7 I think that this was never needed.",
            [f"{ALL_OF_IT} Why did we?", "I think that this was never needed."],
            id="rather to a neighbour without a pause than across one",
        ),
        pytest.param(
            "I did not speak a word of ~0.4 English or anything that would have been useful.",
            ["I did not speak a word of English or anything that would have been useful."],
            id="a breath does not",
        ),
        pytest.param(
            "Yes. No. Well, I do. Why? Is it your business to know that?",
            ["Yes. No. Well, I do. Why? Is it your business to know that?"],
            id="short sentences are one clip, up to five",
        ),
        pytest.param(
            "Yes. No. Yes. No. Yes. No. Yes. No.",
            ["Yes. No. Yes. No.", "Yes. No. Yes. No."],
            id="not more than five, though still short, and evenly",
        ),
        pytest.param(
            "Yes. No. Yes. No. Yes. No.", ["Yes. No. Yes.", "No. Yes. No."], id="six are more than five"
        ),
        pytest.param("Yes. ~0.8 No.", ["Yes. No."], id="a pause does not keep short ones apart"),
        pytest.param("Yes. ~1.1 No.", ["Yes.", "No."], id="one of more than a second does"),
        pytest.param(
            "Really? I think that this was never meant to be read aloud. We read it out to everybody anyway.",
            [
                "Really? I think that this was never meant to be read aloud.",
                "We read it out to everybody anyway.",
            ],
            id="no more is merged than need be",
        ),
        pytest.param(
            "I spoke to Dr. Smith in the afternoon.", ["I spoke to Dr. Smith in the afternoon."], id="a title"
        ),
        pytest.param("Et alors ~1.0 ?", ["Et alors ?"], id="a mark stays with its word"),
    ],
)
def test_talk_becomes_clips(talk: str, expected: list[str]) -> None:
    """Sentences and pauses part clips; what would be shorter than 2.5 s joins a neighbour."""
    assert texts(dub_units(spoken(talk))) == expected


def test_long_sentence_takes_no_short_one_in() -> None:
    """Nothing is joined to more than 12 s: a short clip is better than an endless one."""
    words = (
        Word("So,", 0.0, 5.0),
        Word("well.", 5.0, 11.3),
        Word("Yes!", 11.4, 12.1),
        Word("So.", 12.2, 20.0),
    )
    units = dub_units(Transcription("en", 1.0, 20.0, (Segment(0.0, 20.0, "", words),)))
    assert texts(units) == ["So, well.", "Yes! So."]
    units = dub_units(Transcription("en", 1.0, 20.0, (Segment(0.0, 20.0, "", words[:3]),)))
    assert texts(units) == ["So, well.", "Yes!"]


def test_unit_has_the_times_of_its_words() -> None:
    """A unit begins with its first word and ends with its last, in seconds."""
    words = (
        Word("Hello", 1.25, 1.5),
        Word("there.", 1.5, 4.125),
        Word("You", 5.0, 5.5),
        Word("are.", 6, 8.0),
    )
    units = dub_units(Transcription("en", 1.0, 9.0, (Segment(1.0, 9.0, "", words),)))
    assert units == (DubUnit(1.25, 4.125, "Hello there."), DubUnit(5.0, 8.0, "You are."))


def test_long_sentence_is_parted_at_the_best_comma() -> None:
    """A sentence of 21 s is two clips of similar length, the second begins a clause."""
    first, second = dub_units(spoken(FISH))
    assert first.text.endswith("about it,")
    assert second.text.startswith("because she")
    assert all(7 < unit.end - unit.start <= 15 for unit in (first, second))


def test_long_sentence_is_parted_at_a_pause_when_it_has_no_comma() -> None:
    """A pause of half a second is worth as much as a comma, in unpunctuated speech."""
    before, after = FISH.replace(",", "").replace(".", "").split(" sold to anybody ")
    assert texts(dub_units(spoken(f"{before} ~0.5 {after}"))) == [before, after]


def test_speech_without_any_punctuation_is_parted_all_the_same() -> None:
    """Two minutes without a mark or a pause are clips of at most 15 s, none of them short."""
    units = dub_units(spoken(" ".join(["word and another thing"] * 80), rate=15))
    assert len(units) > 8
    assert all(5 < unit.end - unit.start <= 15 for unit in units)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "ja",
            JAPANESE,
            ["英語は一言も話せませんでした。", "兄はラジオを聞くことだと言いました。彼は正しかった!"],
        ),
        ("zh", "我不会说英语。我哥哥让我听广播。", ["我不会说英语。", "我哥哥让我听广播。"]),
        ("en", "I did not speak a word. He told me.", ["I did not speak a word.", "He told me."]),
    ],
)
def test_segment_without_words_is_parted_by_its_text(language: str, text: str, expected: list[str]) -> None:
    """An engine that times segments only gives sentences too, with shares of the segment's time."""
    units = dub_units(Transcription(language, 1.0, 20.0, (Segment(2.0, 14.0, text),)))
    assert texts(units) == expected
    assert (units[0].start, units[-1].end) == (2.0, 14.0)
    assert units[0].end == units[1].start


def test_japanese_without_punctuation_is_parted() -> None:
    """40 s of Japanese without a mark become clips of similar length, without blanks in between."""
    text = "私が初めてこの国に来たとき英語は一言も話せませんでした兄は学ぶ方法を教えてくれました"
    units = dub_units(Transcription("ja", 1.0, 40.0, (Segment(0.0, 40.0, text),)))
    assert "".join(texts(units)) == text
    assert all(10 < unit.end - unit.start <= 15 for unit in units)


def test_sentence_goes_on_over_segments() -> None:
    """Whisper's segments end in the middle of sentences; clips do not."""
    segments = (
        Segment(0, 4, "Hello there, my dear"),
        Segment(4, 8, "friends. How are you"),
        Segment(8, 9, "?"),
    )
    units = dub_units(Transcription("en", 1.0, 9.0, segments))
    assert texts(units) == ["Hello there, my dear friends.", "How are you ?"]


def test_silence_is_no_clip() -> None:
    """Without text there is nothing to speak."""
    assert dub_units(Transcription("en", 1.0, 9.0, (Segment(0, 9, "  "),))) == ()


def test_stretched_last_word_is_left_alone() -> None:
    """A single word that lasts half a minute, as engines say of the last one, is one clip."""
    words = (Word("Goodbye!", 5.0, 35.0),)
    assert dub_units(Transcription("en", 1.0, 40.0, (Segment(5, 35, "", words),))) == (
        DubUnit(5.0, 35.0, "Goodbye!"),
    )


@settings(deadline=None, max_examples=150)
@given(TRANSCRIPTIONS)
def test_no_text_is_lost_or_doubled(transcription: Transcription) -> None:
    """The clips say every character once and in order, for any words, times and languages."""
    units = dub_units(transcription)
    assert unspaced(texts(units)) == heard(transcription)
    assert all(unit.text.strip() == unit.text != "" for unit in units)


@settings(deadline=None, max_examples=100)
@given(TRANSCRIPTIONS)
def test_clips_never_overlap_and_are_never_endless(transcription: Transcription) -> None:
    """Times never run backwards, and no clip has more text than can be said in its longest time."""
    units = dub_units(transcription)
    assert all(0 <= unit.start <= unit.end for unit in units)
    assert all(before.end <= after.start for before, after in pairwise(units))
    assert all(columns(unit.text) <= LONGEST_COLUMNS for unit in units)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(TOKENS), max_size=150),
    st.floats(8, 20),
)
def test_sane_speech_keeps_its_words_and_the_limits(tokens: list[str], rate: float) -> None:
    """Joined, the clips are the talk; none is over 15 s, or needlessly short, or holds a needless pause."""
    talk = spoken(" ".join(tokens), rate=rate)
    units = dub_units(talk)
    words = talk.segments[0].words
    assert join(texts(units), "en") == join((word.text for word in words), "en")
    assert all(unit.end - unit.start <= 15 for unit in units)
    for left, right in pairwise(words):
        pause = right.start - left.end
        for unit in units if pause >= 0.601 else ():
            if unit.start < left.end < right.start < unit.end:
                assert pause < 1.001
                assert min(left.end - unit.start, unit.end - right.start) < 2.501
    for one, two in pairwise(units):
        if len(one.text.split()) + len(two.text.split()) <= 5 and two.start - one.end < 0.999:
            assert min(one.end - one.start, two.end - two.start) >= 2.5 or two.end - one.start > 12


Said = tuple[int, int]
"""When a sentence begins and ends, in milliseconds."""


def cost(groups: Sequence[Sequence[Said]]) -> tuple[int, int, int]:
    """What is to be least: short groups, then pauses inside groups, then the squares of their lengths."""
    lasts = [group[-1][1] - group[0][0] for group in groups]
    pauses = [right[0] - left[1] for group in groups for left, right in pairwise(group)]
    return sum(each < 2500 for each in lasts), sum(each >= 600 for each in pauses), sum(e * e for e in lasts)


def may_be_one(group: Sequence[Said]) -> bool:
    """At most five in 12 s, no pause of a second, and none of 0.6 s between two sides of 2.5 s."""
    return len(group) == 1 or (
        len(group) <= 5
        and group[-1][1] - group[0][0] <= 12_000
        and all(
            right[0] - left[1]
            < (600 if min(left[1] - group[0][0], group[-1][1] - right[0]) >= 2500 else 1000)
            for left, right in pairwise(group)
        )
    )


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([300, 900, 1600, 2499, 2500, 4000, 6000, 9000]),
            st.sampled_from([0, 50, 599, 600, 680, 999, 1000]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_sentences_are_joined_in_the_best_of_all_ways(said: list[tuple[int, int]]) -> None:
    """The way taken keeps the rules, and of all ways to join whole sentences that do, none is cheaper."""
    clock = 0
    sentences: list[Said] = []
    for lasts, pause in said:
        sentences.append((clock, clock + lasts))
        clock += lasts + pause
    ways = [
        [sentences[begin:end] for begin, end in pairwise([0, *cuts, len(sentences)])]
        for count in range(len(sentences))
        for cuts in combinations(range(1, len(sentences)), count)
    ]
    words = tuple(Word("Yes!", begin / 1000, end / 1000) for begin, end in sentences)
    units = dub_units(Transcription("en", 1.0, clock / 1000, (Segment(0.0, clock / 1000, "", words),)))
    found = [
        [each for each in sentences if unit.start <= each[0] / 1000 and each[1] / 1000 <= unit.end]
        for unit in units
    ]
    assert all(map(may_be_one, found))
    assert cost(found) == min(cost(way) for way in ways if all(map(may_be_one, way)))


def test_long_talks_are_parted_in_a_moment() -> None:
    """100,000 words take about a second here, most of it for making units of them."""
    talk = spoken("Yes. It is so, and it was never any different from what it is now. " * 6_700)
    began = time.process_time()
    units = dub_units(talk)
    assert time.process_time() - began < 6.0
    assert len(units) > 6_000


@pytest.mark.parametrize("text", ["ー", "x", "\u200b ", "な"])
def test_text_that_cannot_be_parted_costs_no_more(text: str) -> None:
    """20,000 characters that cling together, at one instant, are cut to size in linear time."""
    began = time.process_time()
    units = dub_units(Transcription("ja", 1.0, 0.0, (Segment(0.0, 0.0, text * 20_000),)))
    assert time.process_time() - began < 4.0
    assert unspaced(texts(units)) == unspaced([text * 20_000])
    assert len(units) > 60
