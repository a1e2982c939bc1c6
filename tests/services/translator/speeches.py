"""Transcriptions for the translator: plain and hostile, and backends that answer in every way."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from batuta.media import Segment, Transcription, Word
from batuta.services.translator.lines import Line
from batuta.services.translator.ways import Route

EN_PT = Route.through("en", "pt")

Answering = Callable[[list[Line]], Sequence[Line]]


def shouted(lines: Sequence[Line]) -> list[Line]:
    """What a backend that works well answers."""
    return [Line(line.id, f"<{line.text.upper()}>") for line in lines]


class Scripted:
    """A backend that answers as the test says, and remembers what it was asked."""

    identity = "scripted"
    at_once = 1

    def __init__(self, answer: Answering = shouted, batch_lines: int = 8, batch_characters: int = 10_000):
        self.batch_lines = batch_lines
        self.batch_characters = batch_characters
        self.asked: list[list[int]] = []
        self._answer = answer

    async def translate(self, lines: Sequence[Line], route: Route) -> Sequence[Line]:
        self.asked.append([line.id for line in lines])
        return self._answer(list(lines))

    async def aclose(self) -> None:
        """Nothing to stop."""


def lines(*texts: str) -> list[Line]:
    return [Line(number, text) for number, text in enumerate(texts)]


def spoken(text: str, language: str = "en", *, start: float = 1.0, rate: float = 14.0) -> Transcription:
    """The text word by word at `rate` characters a second; `~2` is a pause of so many seconds."""
    words: list[Word] = []
    clock = start
    for token in text.split():
        if token.startswith("~"):
            clock += float(token[1:])
            continue
        seconds = (len(token) + 1) / rate
        words.append(Word(token, round(clock, 3), round(clock + seconds, 3)))
        clock += seconds
    return Transcription(language, 1.0, clock, (Segment(start, clock, text, tuple(words)),), "test")


def document(transcription: Transcription, **changes: Any) -> bytes:
    """The transcription as the transcriber writes it."""
    segments = [
        {
            "id": number,
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "words": [
                {"word": word.text, "start": word.start, "end": word.end, "probability": word.probability}
                for word in segment.words
            ],
            "avg_logprob": -0.2,
        }
        for number, segment in enumerate(transcription.segments)
    ]
    body = {
        "full_text": transcription.text,
        "language_detected": transcription.language,
        "language_probability": transcription.language_probability,
        "duration": transcription.duration,
        "segments": segments,
        "engine": transcription.engine,
    }
    return json.dumps({**body, **changes}).encode()


def unspaced(text: str) -> str:
    return "".join(text.split())


def heard(transcription: Transcription) -> str:
    """Every visible character of it, in order."""
    texts: list[str] = []
    for segment in transcription.segments:
        words = [word.text for word in segment.words]
        texts += words if any(text.strip() for text in words) else [segment.text]
    return unspaced("".join(texts))


LANGUAGES = st.sampled_from(["en", "pt", "de", "ja", "zh", "th", "ar", "ko"])
_COMMON = st.sampled_from(
    ["the", "and", "I", "not", "house.", "yes!", "Dr.", "well,", "Smith", "350", "no", "...", "¿Qué?", "."]
)
_ODD = st.sampled_from(
    [
        *("", " ", "\u00a0", "\u2028", "\ufeff", "\u200b", "\x00", "\x1b[0m", "\u202eabc\u202c"),
        *("-->", "<b>x</b>", "&amp;", "🎵", "😀😀", "日本語です。", "สวัสดี", "مرحبا"),
        *("e\u0301" * 9, "x" * 999, "字" * 500),
    ]
)
_TEXTS = st.one_of(_COMMON, _COMMON, _ODD, st.text(max_size=12))
_SANE = st.floats(0, 60)
_WILD = st.floats(allow_nan=True, allow_infinity=True)


def _segments(seconds: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[Segment, ...]]:
    words = st.lists(st.builds(Word, _TEXTS, seconds, seconds), max_size=30).map(tuple)
    wordless = st.builds(Segment, seconds, seconds, st.text(max_size=700), st.just(()))
    worded = st.builds(Segment, seconds, seconds, st.just(""), words)
    return st.lists(st.one_of(worded, worded, wordless), max_size=4).map(tuple)


HOSTILE = st.builds(
    Transcription,
    LANGUAGES,
    st.floats(0, 1),
    st.just(0.0),
    st.one_of(*map(_segments, (_SANE, _WILD, st.just(5.0), st.one_of(_SANE, _WILD)))),
)
"""Words that overlap, run backwards, last nothing, fall on one instant, or have no usable time."""
