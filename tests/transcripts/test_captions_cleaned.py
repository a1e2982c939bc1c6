"""Automatic captions say each word once, without overlaps; people's captions keep theirs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.transcripts.cleaning import _TOKEN, clean, clean_text
from batuta.transcripts.models import Segment


def segments(*shown: tuple[float, float, str]) -> list[Segment]:
    """Of start, end and text."""
    return [Segment(text=text, start=start, duration=round(end - start, 3)) for start, end, text in shown]


def told(found: tuple[Segment, ...]) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.text) for each in found]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Tom &amp; Ann", "Tom & Ann"),
        ("it&#39;s &quot;so&quot;", 'it\'s "so"'),
        ("a &lt;i&gt;b&lt;/i&gt; c", "a b c"),
        ("<i>b</i> <font color='#fff'>c</font> <c.colorE5E5E5>d</c>", "b c d"),
        ("we<00:00:01.439><c> are</c>", "we are"),
        ("<v Anna>hello</v>", "hello"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("if x <y then", "if x <y then"),
        ("two\r\n\r\n lines ", "two\nlines"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("hard\u00a0blank\u200b", "hard blank"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("\u266a\u266a\u266a", "\u266a"),
        ("\u266a \u266a la la \u266a", "\u266a la la \u266a"),
        ("[Music]", "[Music]"),
        (" \n \u200b ", ""),
    ],
)
def test_texts_are_made_readable(text: str, cleaned: str) -> None:
    """Entities, tags, blanks; signs that only look like tags stay, and so do joiners."""
    assert clean_text(text) == cleaned


def test_overlapping_captions_end_where_the_next_begins() -> None:
    """As YouTube sends what its recogniser heard."""
    heard = segments((0.1, 4.2, "so this is"), (2.1, 6.0, "the first"), (4.3, 7.0, "of many"))
    assert told(clean(heard, automatic=True)) == [
        (0.1, 2.1, "so this is"),
        (2.1, 4.3, "the first"),
        (4.3, 7.0, "of many"),
    ]


def test_rolling_lines_are_said_once() -> None:
    """Each line is shown below, alone for a moment, and above the next one."""
    rolling = segments(
        (0.0, 2.0, "so this is"),
        (2.0, 2.01, "so this is"),
        (2.01, 4.0, "so this is\nthe first"),
        (4.0, 4.01, "the first"),
        (4.01, 6.0, "the first\nof many many"),
        (6.0, 6.01, "of many many"),
    )
    assert told(clean(rolling, automatic=True)) == [
        (0.0, 2.01, "so this is"),
        (2.01, 4.01, "the first"),
        (4.01, 6.01, "of many many"),
    ]


def test_growing_captions_are_said_once() -> None:
    """Live captions repeat what stands there already."""
    growing = segments(
        (0, 1, "hello"), (1, 2, "hello world"), (2, 3, "hello world how are"), (3, 4, "how are you")
    )
    assert [each.text for each in clean(growing, automatic=True)] == ["hello", "world", "how are", "you"]


def test_growing_captions_without_blanks_are_said_once() -> None:
    """Japanese has no blanks between its words."""
    growing = segments((0, 1, "今日は"), (1, 2, "今日はいい"), (2, 3, "今日はいい天気"))
    assert [each.text for each in clean(growing, automatic=True)] == ["今日は", "いい", "天気"]


def test_a_refrain_is_kept() -> None:
    """In a track that does not roll, what is said twice was heard twice."""
    song = [
        "we will",
        "we will rock you",
        "rock you",
        "buddy you're a boy",
        "make a big noise",
        "in the street",
    ]
    heard = segments(*((index, index + 1, text) for index, text in enumerate([*song, *song[3:], "no", "no"])))
    assert " ".join(each.text for each in clean(heard, automatic=True)).count("no no") == 1
    assert len(clean(heard, automatic=True)) == 11


def test_a_repetition_after_a_silence_is_kept() -> None:
    """What does not touch does not roll."""
    heard = segments((0, 1, "hello there"), (5, 6, "hello there"))
    assert len(clean(heard, automatic=True)) == 2


def test_captions_that_begin_together_become_one() -> None:
    """No word is lost, and no segment lasts nothing."""
    assert told(clean(segments((1, 2, "left"), (1, 3, "right")), automatic=True)) == [(1, 3, "left right")]


def test_a_missing_duration_lasts_until_the_next_caption() -> None:
    """Five seconds at most, the last one too."""
    for automatic in (True, False):
        found = clean(segments((0, 0, "a"), (2, 2, "b"), (60, 60, "c")), automatic=automatic)
        assert told(found) == [(0, 2, "a"), (2, 7, "b"), (60, 65, "c")]


def test_people_s_captions_keep_words_lines_and_times() -> None:
    """Two speakers may overlap, and may say the same."""
    written = segments((2, 4, "- yes\n- yes"), (0, 3, "<i>yes</i>"), (3, 5, "yes"), (5, 6, " "))
    assert told(clean(written, automatic=False)) == [(0, 3, "yes"), (2, 4, "- yes\n- yes"), (3, 5, "yes")]


def test_nothing_gives_nothing() -> None:
    """No segments, no error."""
    assert clean([], automatic=True) == clean([], automatic=False) == ()


WORDS = st.lists(st.integers(1, 6), min_size=1, max_size=30)
"""How many words each line has."""


def rolled(lengths: list[int], *, lines: int) -> tuple[list[str], list[Segment]]:
    """Words that are all different, in lines of these lengths, and as they roll over so many lines."""
    count = iter(range(1000))
    spoken = [" ".join(f"w{next(count)}" for _ in range(length)) for length in lengths]
    shown = [
        (index * 2.0, index * 2.0 + 2.0, "\n".join(spoken[max(0, index - lines + 1) : index + 1]))
        for index in range(len(spoken))
    ]
    return " ".join(spoken).split(), segments(*shown)


@given(WORDS, st.integers(1, 3))
def test_every_word_heard_once_is_said_once(lengths: list[int], lines: int) -> None:
    """However many lines the screen has, and in the order in which they were heard."""
    heard, shown = rolled(lengths, lines=lines)
    assert " ".join(each.text for each in clean(shown, automatic=True)).split() == heard


CAPTIONS = st.lists(
    st.tuples(
        st.floats(0, 1000, allow_nan=False),
        st.floats(0, 30, allow_nan=False),
        st.text(alphabet="abc \n♪今", max_size=12),
    ),
    max_size=25,
)


@given(CAPTIONS)
def test_times_never_overlap_nor_go_back(captions: list[tuple[float, float, str]]) -> None:
    """Whatever comes in; and no word that came in is missing altogether."""
    given_ = [Segment(text=text, start=start, duration=length) for start, length, text in captions]
    found = clean(given_, automatic=True)
    for before, after in pairwise(found):
        assert before.end <= after.start
        assert before.start < after.start
    assert all(each.duration >= 0 and each.text.strip() == each.text != "" for each in found)
    assert all("\n" not in each.text for each in found)
    came = {token for each in given_ for token in _TOKEN.findall(clean_text(each.text))}
    assert came == {token for each in found for token in _TOKEN.findall(each.text)}


@given(CAPTIONS)
def test_cleaning_again_changes_nothing_of_people_s_captions(
    captions: list[tuple[float, float, str]],
) -> None:
    """What is clean stays as it is."""
    once = clean(
        (Segment(text=text, start=start, duration=end) for start, end, text in captions), automatic=False
    )
    assert clean(once, automatic=False) == once
