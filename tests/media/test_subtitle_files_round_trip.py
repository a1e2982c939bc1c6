"""What is written as a subtitle file is read back as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import ENGLISH, TRANSCRIPTIONS, spoken

from batuta.errors import InvalidRequest
from batuta.media import FORMATS, Cue, Subtitles, Transcription, cues_from_words, read, write

TALK = spoken(
    "I told you that the committee would never agree to it. ~0.8 But they did, and now we have to wait."
)
SHAPED = cues_from_words(TALK, ENGLISH)
TIMED = [name for name, found in FORMATS.items() if found.read]

LINES = st.text(max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
# SubRip has no way to write these as text.
PLAIN_LINES = LINES.filter(lambda text: not set(text) & set("<{") and "-->" not in text)


def _subtitles(lines: st.SearchStrategy[str], most_lines: int = 3) -> st.SearchStrategy[Subtitles]:
    milliseconds = st.integers(0, 400_000_000)
    cues = st.builds(
        lambda start, length, texts: Cue(start / 1000, (start + length) / 1000, tuple(texts)),
        milliseconds,
        st.integers(0, 10_000),
        st.lists(lines, min_size=1, max_size=most_lines),
    )
    return st.builds(Subtitles, st.just("und"), st.lists(cues, min_size=1, max_size=5).map(tuple))


@settings(deadline=None, max_examples=100)
@given(_subtitles(PLAIN_LINES))
def test_subrip_keeps_times_and_lines(subtitles: Subtitles) -> None:
    """Any cues come back from SubRip to the millisecond and line by line."""
    assert read(write(subtitles, "srt"), "srt") == subtitles


@settings(deadline=None, max_examples=100)
@given(_subtitles(LINES))
def test_webvtt_keeps_times_and_lines(subtitles: Subtitles) -> None:
    """Any cues come back from WebVTT, with `&`, `<`, `>`, `-->` and tags as the text they were."""
    assert read(write(subtitles, "vtt"), "vtt") == subtitles


@settings(deadline=None, max_examples=100)
@given(_subtitles(LINES))
def test_json_keeps_times_and_lines(subtitles: Subtitles) -> None:
    """Any cues come back from JSON, line breaks included."""
    assert read(write(subtitles, "json"), "json") == subtitles


@settings(deadline=None, max_examples=100)
@given(_subtitles(LINES, most_lines=1))
def test_table_keeps_times_and_text(subtitles: Subtitles) -> None:
    """Any cues of one line come back from tab-separated values."""
    assert read(write(subtitles, "tsv"), "tsv") == subtitles


@settings(deadline=None, max_examples=40)
@given(TRANSCRIPTIONS)
def test_shaped_cues_survive_every_format(transcription: Transcription) -> None:
    """Whatever the shaper makes of hostile words, each format keeps its times to the millisecond."""
    subtitles = cues_from_words(transcription, ENGLISH)
    for name in TIMED if subtitles.cues else ():
        try:
            again = read(write(subtitles, name, transcription), name)
        except InvalidRequest:
            assert name == "srt"  # a text of nothing but tags is nothing to SubRip
            continue
        kept = {(cue.start, cue.end) for cue in again.cues}
        assert kept <= {(cue.start, cue.end) for cue in subtitles.cues}
        assert name == "srt" or len(again.cues) == len(subtitles.cues)


@pytest.mark.parametrize("name", TIMED)
def test_format_is_recognised_by_its_content(name: str) -> None:
    """A file is read without anybody saying what it is."""
    text = write(SHAPED, name)
    assert read(text) == read(text, name)


def test_subrip_looks_as_players_expect() -> None:
    """Numbers from one, comma, hours always, blank line between cues."""
    subtitles = Subtitles("en", (Cue(0.0, 1.5, ("Hello,", "world.")), Cue(3661.001, 3662.0, ("Bye.",))))
    assert write(subtitles, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello,\nworld.\n\n2\n01:01:01,001 --> 01:01:02,000\nBye.\n"
    )


def test_webvtt_looks_as_browsers_expect() -> None:
    """Header, dot, and a text that could pass for markup or a timing line neutralised."""
    subtitles = Subtitles("en", (Cue(1.0, 2.0, ("a < b && c --> d", "")),))
    assert write(subtitles, "vtt") == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na &lt; b &amp;&amp; c --&gt; d\n"
    )


def test_arrow_in_subrip_text_is_no_timing_line() -> None:
    """A text that looks like a timing line stays text."""
    subtitles = Subtitles("und", (Cue(1.0, 2.0, ("00:00:05,000 --> 00:00:06,000",)),))
    assert read(write(subtitles, "srt"), "srt").cues == (Cue(1.0, 2.0, ("00:00:05,000 -> 00:00:06,000",)),)


def test_text_is_one_line_for_each_cue() -> None:
    """Plain text joins each cue's lines, with blanks only where the language has them."""
    assert write(Subtitles("en", (Cue(0, 1, ("Hello,", "world.")), Cue(2, 3, ("Bye.",)))), "txt") == (
        "Hello, world.\nBye.\n"
    )
    assert write(Subtitles("zh", (Cue(0, 1, ("你好", "世界。")),)), "txt") == "你好世界。\n"


def test_table_has_whispers_header_and_whole_milliseconds() -> None:
    """Tab-separated values begin with `start end text`; a tab in a text becomes a blank."""
    subtitles = Subtitles("en", (Cue(0.0, 1.5, ("Hello,\tworld", "again.")),))
    assert write(subtitles, "tsv") == "start\tend\ttext\n0\t1500\tHello, world again.\n"


def test_json_has_whispers_shape_with_each_cues_words() -> None:
    """With a transcription, each segment holds the words its cue shows, all of them once."""
    document = json.loads(write(SHAPED, "json", TALK))
    assert sorted(document) == ["language", "segments", "text"]
    assert sorted(document["segments"][0]) == ["end", "id", "start", "text", "words"]
    assert sorted(document["segments"][0]["words"][0]) == ["end", "probability", "start", "word"]
    for segment in document["segments"]:
        assert " ".join(word["word"] for word in segment["words"]) == segment["text"].replace("\n", " ")
    assert "words" not in json.loads(write(SHAPED, "json"))["segments"][0]


def test_words_of_a_translation_go_by_time() -> None:
    """When cues say something else than the words, a word goes to the cue that is shown when it is spoken."""
    translated = Subtitles("es", (Cue(1.0, 5.0, ("Os dije",)), Cue(5.5, 9.0, ("que no",))))
    segments = json.loads(write(translated, "json", TALK))["segments"]
    counts = [len(segment["words"]) for segment in segments]
    assert sum(counts) == len(TALK.segments[0].words)
    assert min(counts) > 0


@pytest.mark.parametrize("name", list(FORMATS))
def test_subtitles_without_cues_can_be_written(name: str) -> None:
    """Silence is a valid result in every format, also with the words nobody shows."""
    assert isinstance(write(Subtitles("en", ()), name, TALK), str)


@pytest.mark.parametrize("name", TIMED)
def test_cue_that_shows_nothing_is_left_out(name: str) -> None:
    """An empty cue is no cue in a file."""
    subtitles = Subtitles("en", (Cue(0.0, 1.0, ("", " ")), Cue(2.0, 3.0, ("text",))))
    assert len(read(write(subtitles, name), name).cues) == 1


def test_formats_say_what_they_are() -> None:
    """Media types and extensions as registered, or as players know them."""
    assert {name: (found.media_type, found.extension) for name, found in FORMATS.items()} == {
        "srt": ("application/x-subrip", ".srt"),
        "vtt": ("text/vtt", ".vtt"),
        "txt": ("text/plain", ".txt"),
        "tsv": ("text/tab-separated-values", ".tsv"),
        "json": ("application/json", ".json"),
    }


def test_unknown_format_lists_the_known_ones() -> None:
    """The error for a wrong name says which names there are."""
    with pytest.raises(InvalidRequest, match=r"'ass'.*srt, vtt, txt, tsv, json"):
        write(SHAPED, "ass")


def test_plain_text_has_no_times_to_read() -> None:
    """Reading plain text is refused, with what to send instead."""
    with pytest.raises(InvalidRequest, match=r"txt has no times.*srt, vtt, tsv, json"):
        read("Hello.", "txt")
