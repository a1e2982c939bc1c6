"""What OpenAI's clients read: text, subtitles, JSON with and without times, and the events of a stream.

Shapes: openai-python, `types/audio/transcription*.py` and `translation*.py`. Pure.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from typing import Final, Literal, NotRequired, TypedDict

from batuta.captions.document import CaptionsDocument
from batuta.captions.doors.openai.errors import ErrorBody
from batuta.captions.doors.openai.request import AudioRequest, Task
from batuta.media import Segment, Transcription
from batuta.media.scripts import joiner
from batuta.services.transcriber.languages import LANGUAGES

FRAMES_A_SECOND: Final = 100
"""Whisper counts `seek` in frames of its spectrogram."""
_LEAST_PROBABILITY: Final = 1e-10


class UsageDict(TypedDict):
    """How much sound there was."""

    type: Literal["duration"]
    seconds: float


class CodeDict(TypedDict):
    """A language that was heard."""

    code: str


class PlainDict(TypedDict):
    """`response_format=json`."""

    text: str
    languages: NotRequired[list[CodeDict]]
    usage: NotRequired[UsageDict]


class SegmentDict(TypedDict):
    """A segment as Whisper describes it."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class WordDict(TypedDict):
    """A word with its seconds."""

    word: str
    start: float
    end: float


class VerboseDict(TypedDict):
    """`response_format=verbose_json`."""

    task: Task
    language: str
    duration: float
    text: str
    segments: NotRequired[list[SegmentDict]]
    words: NotRequired[list[WordDict]]
    usage: UsageDict


def written(document: CaptionsDocument, asked: AudioRequest) -> str:
    """The body of the answer in the format that was asked for."""
    match asked.response_format:
        case "json":
            return _json(plain(document.transcription, asked.task))
        case "verbose_json":
            return _json(verbose(document.transcription, asked))
        case "text":
            return document.transcription.text + "\n"
        case "srt" | "vtt":
            return document.write(asked.response_format)


def plain(transcription: Transcription, task: Task) -> PlainDict:
    """The text; for a transcription also the language and the seconds of sound."""
    if task == "translate":
        return {"text": transcription.text}
    return {
        "text": transcription.text,
        "languages": _languages(transcription),
        "usage": _usage(transcription),
    }


def verbose(transcription: Transcription, asked: AudioRequest) -> VerboseDict:
    """The text with its times: segments, words or both, as was asked."""
    found: VerboseDict = {
        "task": asked.task,
        "language": "english" if asked.task == "translate" else language_name(transcription.language),
        "duration": round(transcription.duration, 3),
        "text": transcription.text,
        "usage": _usage(transcription),
    }
    if "segment" in asked.granularities:
        found["segments"] = [_segment(*numbered) for numbered in enumerate(transcription.segments)]
    if "word" in asked.granularities:
        found["words"] = [
            {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}
            for segment in transcription.segments
            for word in segment.words
        ]
    return found


def stream_of(transcription: Transcription, task: Task) -> Iterator[str]:
    """Server-sent events: the text in pieces that make up the whole, then the whole."""
    before = ""
    for segment in transcription.segments:
        text = segment.text.strip()
        if not text:
            continue
        blank = joiner(before, text, transcription.language) if before else ""
        yield _event({"type": "transcript.text.delta", "delta": blank + text})
        before = text
    done: dict[str, object] = {"type": "transcript.text.done", "text": transcription.text}
    if task == "transcribe":
        done["languages"] = _languages(transcription)
    yield _event(done)


def error_event(body: ErrorBody) -> str:
    """The event at which the SDK raises its APIError: the status has been sent long ago."""
    return "event: error\n" + _event({"error": body})


def language_name(code: str) -> str:
    """`english` for `en`: OpenAI writes the name in full; `unknown` where nobody spoke."""
    return LANGUAGES.get(code, "unknown").lower()


def _languages(transcription: Transcription) -> list[CodeDict]:
    """An empty list says that no language could be told."""
    return [{"code": transcription.language}] if transcription.language in LANGUAGES else []


def _usage(transcription: Transcription) -> UsageDict:
    return {"type": "duration", "seconds": round(transcription.duration, 3)}


def _segment(number: int, segment: Segment) -> SegmentDict:
    """The segment; what our recogniser does not hand on has the value that alarms nobody, said beside it."""
    text = segment.text.strip()
    raw = text.encode()
    return {
        "id": number,
        "seek": round(segment.start * FRAMES_A_SECOND),  # the segment's own start: windows are not kept
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": text,
        "tokens": [],  # not kept
        "temperature": 0.0,  # as it is: recognition never samples
        "avg_logprob": round(_avg_logprob(segment), 4),
        # Whisper's own formula (openai/whisper, `utils.py`)
        "compression_ratio": round(len(raw) / len(zlib.compress(raw)), 4) if raw else 0.0,
        "no_speech_prob": round(segment.no_speech_prob or 0.0, 4),
    }


def _avg_logprob(segment: Segment) -> float:
    """The recogniser's own; else the mean over words, near it; 0 (certain) where words have no times."""
    if segment.avg_logprob is not None:
        return segment.avg_logprob
    if not segment.words:
        return 0.0
    probabilities = [max(word.probability, _LEAST_PROBABILITY) for word in segment.words]
    return sum(map(math.log, probabilities)) / len(probabilities)


def _json(body: PlainDict | VerboseDict) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _event(data: dict[str, object]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
