"""Whisper's JSON: `{text, language, segments: [{id, start, end, text, words: [{word, start, end, …}]}]}`."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NotRequired, TypedDict, cast

from batuta.errors import InvalidRequest
from batuta.media.formats.lines import clean_lines, one_line, visible_lines
from batuta.media.scripts import join
from batuta.media.subtitles import Cue, Subtitles
from batuta.media.words import Transcription, Word


class _Word(TypedDict):
    word: str
    start: float
    end: float
    probability: float


class _Segment(TypedDict):
    id: int
    start: float
    end: float
    text: str
    words: NotRequired[list[_Word]]


_EXPECTED: Final = 'JSON such as {"segments": [{"start": 1.0, "end": 2.5, "text": "..."}]}'
_LATEST: Final = 1e9
"""Seconds, some thirty years: nothing longer was ever subtitled."""


def write(subtitles: Subtitles, transcription: Transcription | None = None) -> str:
    """The cues as segments, line breaks kept; with a transcription, each with the words it shows."""
    cues = [cue for cue in subtitles.cues if visible_lines(cue)]
    segments = [_segment(index, cue) for index, cue in enumerate(cues)]
    if transcription is not None:
        for segment, words in zip(segments, _words_by_cue(cues, transcription), strict=True):
            segment["words"] = [_word(word) for word in words]
    whole = join((one_line(cue, subtitles.language) for cue in cues), subtitles.language)
    document = {"text": whole, "language": subtitles.language, "segments": segments}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _segment(index: int, cue: Cue) -> _Segment:
    text = "\n".join(visible_lines(cue))
    return {"id": index, "start": round(cue.start, 3), "end": round(cue.end, 3), "text": text}


def _word(word: Word) -> _Word:
    return {
        "word": word.text,
        "start": round(word.start, 3),
        "end": round(word.end, 3),
        "probability": round(word.probability, 4),
    }


def _words_by_cue(cues: Sequence[Cue], transcription: Transcription) -> list[list[Word]]:
    """Each cue's words: by their place in the text when words and cues say the same, otherwise by time."""
    words = [word for segment in transcription.segments for word in segment.words]
    heard = [_letters(word.text) for word in words]
    shown = [_letters(cue.text) for cue in cues]
    if "".join(heard) == "".join(shown):
        begins = list(accumulate(map(len, shown[:-1]), initial=0))
        places = accumulate(map(len, heard[:-1]), initial=0)
    else:
        begins = [cue.start for cue in cues]
        places = ((word.start + word.end) / 2 for word in words)
    found: list[list[Word]] = [[] for _ in cues]
    for word, place in zip(words, places, strict=False):
        if found:
            found[max(0, bisect_right(begins, place) - 1)].append(word)
    return found


def _letters(text: str) -> str:
    return "".join(text.split())


def read(text: str) -> Subtitles:
    """The segments as cues; raises `InvalidRequest` when there is none.

    A bare list is taken for the segments, and `duration` for the end, as in youtube-transcript-api's output.
    Segments without a usable start, end or text are passed over.
    """
    try:
        document: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"line {error.lineno}: expected {_EXPECTED}, but: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets nested as deep
        raise InvalidRequest(
            f"line 1: expected {_EXPECTED}, found JSON too deep or too long to read"
        ) from error
    language: object = None
    segments = document
    if isinstance(document, dict):
        fields = cast("dict[str, object]", document)
        segments, language = fields.get("segments"), fields.get("language")
    cues = tuple(_cues(segments))
    if not cues:
        raise InvalidRequest(f"line 1: expected {_EXPECTED}, found no segment with start, end and text")
    return Subtitles(language if isinstance(language, str) and language else "und", cues)


def _cues(segments: object) -> Iterator[Cue]:
    for segment in cast("list[object]", segments) if isinstance(segments, list) else ():
        if isinstance(segment, dict) and (cue := _cue(cast("dict[str, object]", segment))):
            yield cue


def _cue(segment: dict[str, object]) -> Cue | None:
    start, end, text = _seconds(segment.get("start")), _seconds(segment.get("end")), segment.get("text")
    duration = _seconds(segment.get("duration"))
    if end is None and start is not None and duration is not None:
        end = start + duration
    if start is None or end is None or not isinstance(text, str):
        return None
    lines = clean_lines([text])
    return Cue(start, max(start, end), lines) if lines else None


def _seconds(value: object) -> float | None:
    """The value as a time; None when it is no number, or none that could be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _LATEST else None
