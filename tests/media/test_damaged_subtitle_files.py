"""Files as they are found in the wild, and files made to do harm."""
# ruff: noqa: E501 - files are quoted as they are

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.errors import InvalidRequest
from batuta.media import FORMATS, Cue, Subtitles, read

TIMED = [name for name, found in FORMATS.items() if found.read]
HELLO = (Cue(1.0, 2.5, ("Hello",)), Cue(3.0, 4.0, ("world",)))

FOUND = {
    "byte order mark": ("srt", "\ufeff1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nworld"),
    "windows line ends": ("srt", "1\r\n00:00:01,000 --> 00:00:02,500\r\nHello\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nworld\r\n"),
    "old Mac line ends": ("srt", "1\r00:00:01,000 --> 00:00:02,500\rHello\r\r2\r00:00:03,000 --> 00:00:04,000\rworld\r"),
    "no numbers": ("srt", "00:00:01,000 --> 00:00:02,500\nHello\n\n00:00:03,000 --> 00:00:04,000\nworld\n"),
    "no blank lines": ("srt", "1\n00:00:01,000 --> 00:00:02,500\nHello\n2\n00:00:03,000 --> 00:00:04,000\nworld"),
    "blank lines inside": ("srt", "1\n00:00:01,000 --> 00:00:02,500\n\nHello\n\n\n\n2\n00:00:03,000 --> 00:00:04,000\n\nworld\n\n"),
    "dots and short fractions": ("srt", "1\n0:00:01.0 --> 0:00:02.5\nHello\n\n2\n0:0:3 --> 00:00:04\nworld"),
    "styling": ("srt", '1\n00:00:01,000 --> 00:00:02,500\n{\\an8}<i>Hel</i><font color="red">lo</font>\n\n2\n00:00:03,000 --> 00:00:04,000\n<b>world</B>'),
    "positions": ("srt", "1\n00:00:01,000 --> 00:00:02,500  X1:40 X2:600\nHello\n\n2\n00:00:03,000 --> 00:00:04,000 \nworld"),
    "junk before": ("srt", "www.example.org\n\n1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nworld"),
    "no hours": ("vtt", "WEBVTT\n\n00:01.000 --> 00:02.500\nHello\n\n00:03.000 --> 00:04.000\nworld\n"),
    "identifiers and settings": ("vtt", "WEBVTT - title\n\nintro\n00:01.000 --> 00:02.500 align:start position:0%\nHello\n\n2\n00:03.000 --> 00:04.000 line:0\nworld\n"),
    "notes, styles, regions": ("vtt", "WEBVTT\n\nNOTE\nnothing here\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n00:01.000 --> 00:02.500\nHello\n\nNOTE end\n\n00:03.000 --> 00:04.000\nworld\n"),
    "voices, classes, karaoke": ("vtt", "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Bob><c.loud>Hel<00:01.500>lo</c></v>\n\n00:03.000 --> 00:04.000\n<lang en>world</lang>\n"),
    "no header": ("vtt", "00:01.000 --> 00:02.500\nHello\n\n00:03.000 --> 00:04.000\nworld\n"),
    "missing blank line": ("vtt", "WEBVTT\n00:01.000 --> 00:02.500\nHello\n00:03.000 --> 00:04.000\nworld"),
    "no table header": ("tsv", "1000\t2500\tHello\n3000\t4000\tworld"),
    "rows of another shape": ("tsv", "start\tend\ttext\n1000\t2500\tHello\nwhat?\n5\n3000\t4000\tworld\n"),
    "youtube-transcript-api": ("json", '[{"text": "Hello", "start": 1, "duration": 1.5}, {"text": "world", "start": 3, "duration": 1}]'),
    "unusable segments": ("json", '{"segments": [{"start": 1, "end": 2.5, "text": "Hello"}, 7, {"start": true, "end": 2, "text": "x"}, {"start": NaN, "end": 2, "text": "x"}, {"start": 1, "end": 1e999, "text": "x"}, {"start": 3, "end": 4, "text": " world"}, {"start": 5, "end": 6, "text": 5}, {"start": 5, "end": 6, "text": " "}]}'),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_file_as_found_is_read(name: str) -> None:
    """Each kind of damage leaves the two cues that are there."""
    format_name, text = FOUND[name]
    assert read(text, format_name).cues == HELLO


def test_overlapping_and_unsorted_cues_are_kept_as_they_are() -> None:
    """Reading does not judge: times that overlap, or run backwards, stay for the checker to find."""
    text = "1\n00:00:05,000 --> 00:00:09,000\nb\n\n2\n00:00:01,000 --> 00:00:06,000\na\n"
    assert [(cue.start, cue.end) for cue in read(text).cues] == [(5.0, 9.0), (1.0, 6.0)]


def test_out_time_before_the_in_time_becomes_the_in_time() -> None:
    """No cue has a negative duration."""
    [cue] = read("00:00:05,000 --> 00:00:01,000\ntext").cues
    assert (cue.start, cue.end) == (5.0, 5.0)


def test_number_that_is_text_stays() -> None:
    """A line of digits is an index only just before a timing line."""
    text = "1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n1984"
    assert [cue.text for cue in read(text).cues] == ["42", "1984"]


def test_less_than_sign_is_no_tag() -> None:
    """Only styling is removed from SubRip: `I <3 you` and `<unknown>` are text."""
    text = "1\n00:00:01,000 --> 00:00:02,000\nI <3 you <unknown>"
    assert read(text).cues[0].text == "I <3 you <unknown>"


def test_webvtt_language_is_read_from_its_header() -> None:
    """YouTube's `Language:` line is believed; without it the language is undetermined."""
    cue = "00:01.000 --> 00:02.000\ntext\n"
    assert read(f"WEBVTT\nKind: captions\nLanguage: pt-BR\n\n{cue}").language == "pt-BR"
    assert read(f"WEBVTT\n\n{cue}").language == "und"


def test_webvtt_entities_are_decoded_once() -> None:
    """`&amp;lt;` is the text `&lt;`, and an unknown entity is text."""
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n&lt;3 &amp;lt; &nbsp;&copy;"
    assert read(text).cues[0].text == "<3 &lt; \u00a0&copy;"


@pytest.mark.parametrize(
    ("format_name", "text", "line", "expected"),
    [
        ("srt", "", 1, "found an empty file"),
        ("srt", "\n\n  hello\n", 3, "00:00:01,000 --> 00:00:02,500.*'hello'"),
        ("srt", "1\n00:00:01,000 --> 00:00:02,000\n\n", 1, "with text below it"),
        ("vtt", "WEBVTT\n\nNOTE nothing\n", 1, "00:01.000 --> 00:02.500"),
        ("tsv", "start\tend\ttext\n", 1, "milliseconds"),
        ("json", '{"segments": []}', 1, "no segment"),
        ("json", '{\n"segments": [}', 2, "JSON"),
        ("json", "3", 1, "no segment"),
        (None, "\nJust some text.", 2, "srt, vtt, tsv or json.*'Just some text.'"),
        (None, "x" * 500, 1, "xxx…"),
    ],
)
def test_file_without_cues_is_refused_with_line_and_expectation(
    format_name: str | None, text: str, line: int, expected: str
) -> None:
    """The error names the line that was looked at, and what was expected there."""
    with pytest.raises(InvalidRequest, match=f"line {line}: expected .*{expected}") as refused:
        read(text, format_name)
    assert len(str(refused.value)) < 300


_FRAGMENTS = st.sampled_from(
    ["1", "42", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000", "-->", "WEBVTT", "NOTE", "STYLE", "\ufeff",
     "start\tend\ttext", "1000\t2000\ttext", '{"segments": [', '{"start": 1, "end": 2, "text": "a"}', "]}", "[", "<i>",
     "<", "{\\an8}", "&amp;", "\n", "\n\n", "\r\n", "\u2028", "\x00", "99999:99:99,9 --> 1:1:1", "text"]
)  # fmt: skip
_ANYTHING = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(_FRAGMENTS, _FRAGMENTS, st.text(max_size=5)), max_size=20).map("\n".join),
    st.lists(_FRAGMENTS, max_size=20).map("".join),
)


@settings(deadline=None, max_examples=300)
@given(_ANYTHING, st.sampled_from([None, *TIMED]))
def test_any_text_is_read_or_refused(text: str, format_name: str | None) -> None:
    """Arbitrary text gives subtitles with at least one cue in usable times, or `InvalidRequest`."""
    try:
        subtitles = read(text, format_name)
    except InvalidRequest:
        return
    assert isinstance(subtitles, Subtitles)
    assert subtitles.cues
    assert all(0 <= cue.start <= cue.end and cue.text.strip() for cue in subtitles.cues)


_LONG = 200_000
HOSTILE = {
    "nested JSON": "[" * _LONG,
    "nested objects": '{"segments":' * _LONG,
    "endless number": '{"segments": [{"start": ' + "9" * _LONG + ', "end": 1, "text": "a"}]}',
    "opening brackets": "00:00:01,000 --> 00:00:02,000\n" + "<" * _LONG,
    "half tags": "00:00:01,000 --> 00:00:02,000\n" + "<i " * _LONG,
    "half overrides": "00:00:01,000 --> 00:00:02,000\n" + "{\\" * _LONG,
    "ampersands": "00:00:01,000 --> 00:00:02,000\n" + "&" * _LONG,
    "blanks before an arrow": " " * _LONG + "-->\n00:00:01" + " " * _LONG + "-->",
    "arrows": "-->" * _LONG,
    "timing lines": "00:00:01,000 --> 00:00:02,000\n" * (_LONG // 30),
    "endless hours": "9" * _LONG + ":00:00,000 --> 00:00:01,000\ntext",
    "tabs": "1\t2\t" + "\t" * _LONG,
    "digits": "1\n" * _LONG,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format_name", [None, *TIMED])
def test_hostile_text_is_read_or_refused_quickly(name: str, format_name: str | None) -> None:
    """Text made to blow up a parser costs no more than its length."""
    began = time.process_time()
    with suppress(InvalidRequest):
        read(HOSTILE[name], format_name)
    assert time.process_time() - began < 2.0
