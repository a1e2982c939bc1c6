"""Speech for the tests: sane, spoken word by word at a steady rate, and hostile, with any times at all."""

from __future__ import annotations

from hypothesis import strategies as st

from batuta.media import Cue, Segment, Subtitles, Transcription, Word, profile_named

ENGLISH = profile_named("default").for_language("en")


def spoken(text: str, language: str = "en", rate: float = 14.0, start: float = 1.0) -> Transcription:
    """The text at `rate` characters a second from `start` seconds; `~0.6` is a pause of 0.6 s more."""
    words: list[Word] = []
    clock = start
    for token in text.split():
        if token.startswith("~"):
            clock += float(token[1:])
            continue
        seconds = (len(token) + 1) / rate
        words.append(Word(token, clock, clock + 0.9 * seconds))
        clock += seconds
    return Transcription(language, 1.0, clock, (Segment(start, clock, "", tuple(words)),), "test")


def unspaced(texts: list[str]) -> str:
    """All the characters in order, without anything blank."""
    return "".join("".join(texts).split())


def heard(transcription: Transcription) -> str:
    texts: list[str] = []
    for segment in transcription.segments:
        words = [word.text for word in segment.words]
        texts += words if any(text.strip() for text in words) else [segment.text]
    return unspaced(texts)


def shown(subtitles: Subtitles) -> str:
    return unspaced([line for cue in subtitles.cues for line in cue.lines])


def times(cue: Cue) -> tuple[int, int]:
    """In and out time in whole milliseconds; asserts that they are whole."""
    found = round(cue.start * 1000), round(cue.end * 1000)
    assert (found[0] / 1000, found[1] / 1000) == (cue.start, cue.end)
    return found


LANGUAGES = st.sampled_from(["en", "pt", "de", "fr", "ja", "zh", "th", "ko", "ar", "km", "xx", "", "zh-Hant"])

_COMMON = st.sampled_from(
    [
        "the",
        "a",
        "and",
        "of",
        "to",
        "I",
        "is",
        "not",
        "house.",
        "yes!",
        "Dr.",
        "well,",
        "Anna",
        "Smith",
        "350",
    ]
)
_ODD = st.sampled_from(
    [
        "",
        " ",
        "-->",
        "1",
        "über\u00adraschend",
        "한국어",
        "日本語です。",
        "สวัสดี",
        "e\u0301" * 9,
        "\u200b",
        "🎵",
        "x" * 99,
        "字" * 50,
    ]
)
_TEXTS = st.one_of(_COMMON, _COMMON, _ODD, st.text(max_size=12))

_SANE = st.floats(0, 60)
_WILD = st.floats(allow_nan=True, allow_infinity=True)
_INSTANT = st.just(5.0)


def _words(seconds: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[Word, ...]]:
    return st.lists(st.builds(Word, _TEXTS, seconds, seconds), max_size=40).map(tuple)


def _segments(seconds: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[Segment, ...]]:
    wordless = st.builds(Segment, seconds, seconds, st.text(max_size=200), st.just(()))
    worded = st.builds(Segment, seconds, seconds, st.just(""), _words(seconds))
    return st.lists(st.one_of(worded, worded, wordless), max_size=4).map(tuple)


HOSTILE = st.one_of(*map(_segments, (_SANE, _WILD, _INSTANT, st.one_of(_SANE, _WILD))))
"""Segments whose words overlap, run backwards, last nothing, fall on one instant, or have no usable time."""

TRANSCRIPTIONS = st.builds(Transcription, LANGUAGES, st.floats(0, 1), st.just(0.0), HOSTILE)
