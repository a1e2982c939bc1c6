"""Speech in, words with their times out as JSON: the same each time, the sound never whole in memory.

cut          the sound in its pauses, as it is decoded
language     from the first chunks with speech, once for the whole file
recognise    a few chunks at once, each on one core, with one model (CTranslate2 frees the interpreter)
place        the words on the time line of the file, in order
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Final

from batuta.errors import InvalidRequest
from batuta.media.audio import AudioReader
from batuta.services.transcriber.chunks import Chunk, cut
from batuta.services.transcriber.contract import (
    ENGINE_VERSION,
    Segment,
    TranscribeResult,
    TranscribeTask,
    Transcription,
    Word,
)
from batuta.services.transcriber.languages import LANGUAGES, spoken
from batuta.services.transcriber.placing import Placer
from batuta.services.transcriber.vad import SAMPLE_RATE
from batuta.services.transcriber.whisper import Recogniser, SpokenSegment, recogniser

__all__ = [
    "ENGINE_VERSION",
    "LANGUAGES",
    "Segment",
    "TranscribeResult",
    "TranscribeTask",
    "Transcription",
    "Word",
    "transcribe",
]

_MOST_THREADS: Final = 8
_SURE: Final = 0.5
"""A language this probable is believed."""
_MOST_LISTENING: Final = 3
"""Chunks with speech that are heard before the most probable language is taken all the same."""


def transcribe(task: TranscribeTask, report: Callable[[float], None]) -> TranscribeResult:
    """Do the task; raises `InvalidRequest`, `UnreadableMedia` or `NoAudio`, and then leaves no file."""
    language, to_english = spoken(task["language_in"]), _wants_english(task["language_out"])
    threads = max(1, min(task["threads"], _MOST_THREADS))
    reader = AudioReader(Path(task["input"]), sample_rate=SAMPLE_RATE, channels=1)
    model = recogniser(Path(task["model_folder"]), threads)
    chunks = cut(block[0] for block in reader)
    probability = None
    if language is None:
        language, probability, chunks = _detected(chunks, model)
    else:
        model.require(language)

    def recognise(chunk: Chunk) -> list[SpokenSegment]:
        if not chunk.speech or language is None:
            return []
        return model.recognise(chunk.sound, language, translate=to_english and language != "en")

    placer, segments = Placer(), list[Segment]()
    for chunk, heard in _in_order(chunks, recognise, threads):
        segments += placer.place(heard, chunk)
        report(100 * reader.fraction_read * chunk.stretch.end / reader.seconds_read)

    engine = f"{ENGINE_VERSION}:{task['model_name']}"
    document = Transcription(
        full_text=" ".join(segment["text"] for segment in segments),
        language_detected=language,
        language_probability=probability,
        duration=round(reader.seconds_read, 3),
        segments=segments,
        engine=engine,
    )
    _write(Path(task["output"]), document)
    report(100.0)
    return TranscribeResult(
        language_detected=language,
        language_probability=probability,
        duration=document["duration"],
        segments=len(segments),
        words=sum(len(segment["words"]) for segment in segments),
        warnings=reader.warnings,
        engine=engine,
    )


def _wants_english(language_out: str | None) -> bool:
    if language_out is None:
        return False
    if spoken(language_out) != "en":
        raise InvalidRequest(
            f"The recogniser translates into English ('en') only, not into {language_out!r}. "
            "Leave language_out away to get what is said, and translate that."
        )
    return True


def _detected(chunks: Iterator[Chunk], model: Recogniser) -> tuple[str | None, float | None, Iterator[Chunk]]:
    """The language of the first speech, how sure that is, and all the chunks again; `None` for silence."""
    if model.english_only:
        return "en", None, chunks
    held: list[Chunk] = []
    votes: Counter[str] = Counter()
    listened = 0
    for chunk in chunks:
        held.append(chunk)
        if chunk.speech:
            votes.update(model.language_probabilities(chunk.sound))
            listened += 1
            if max(votes.values()) / listened >= _SURE or listened == _MOST_LISTENING:
                break
    if not listened:
        return None, None, iter(held)
    (language, vote), *_ = votes.most_common(1)
    return language, round(vote / listened, 4), chain(held, chunks)


def _in_order(
    chunks: Iterable[Chunk], recognise: Callable[[Chunk], list[SpokenSegment]], threads: int
) -> Iterator[tuple[Chunk, list[SpokenSegment]]]:
    """Each chunk with what is heard in it; no more of them are cut than keep the threads busy."""
    waiting: deque[tuple[Chunk, Future[list[SpokenSegment]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(recognise, chunk)))
            if len(waiting) > threads:
                first, heard = waiting.popleft()
                yield first, heard.result()
        for chunk, heard in waiting:
            yield chunk, heard.result()


def _write(output: Path, document: Transcription) -> None:
    """The document whole, or no file."""
    part = output.with_name(output.name + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    part.replace(output)
