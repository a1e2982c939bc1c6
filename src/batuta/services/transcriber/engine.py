"""Speech in, words with their times out as JSON: the same each time, the sound never whole in memory.

cut          the sound in its pauses, as it is decoded
language     from the first chunks with speech, once for the whole file
listen       to a few chunks at once, each on one core, with one model (CTranslate2 frees the interpreter)
place        the words on the time line of the file, in order
"""

from __future__ import annotations

import json
from collections import deque
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
from batuta.services.transcriber.detection import Detected, beginning, detect
from batuta.services.transcriber.languages import LANGUAGES, spoken
from batuta.services.transcriber.listening import Listened, Listener
from batuta.services.transcriber.placing import Placer
from batuta.services.transcriber.vad import SAMPLE_RATE
from batuta.services.transcriber.whisper import Recogniser, recogniser

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


def transcribe(task: TranscribeTask, report: Callable[[float], None]) -> TranscribeResult:
    """Do the task; raises `InvalidRequest`, `UnreadableMedia` or `NoAudio`, and then leaves no file."""
    language, to_english = spoken(task["language_in"]), _wants_english(task["language_out"])
    report = _growing(report)
    threads = max(1, min(task["threads"], _MOST_THREADS))
    reader = AudioReader(Path(task["input"]), sample_rate=SAMPLE_RATE, channels=1)
    model = recogniser(Path(task["model_folder"]), threads)
    if task["only_language"]:
        found = detect(cut(beginning(block[0] for block in reader)), model)
        return _written(task, reader, Detected(found.language, found.probability, ()), [], 0, report)

    chunks = cut(block[0] for block in reader)
    if language is None:
        found = detect(_told(chunks, reader, report), model)
        chunks = chain(found.chunks, chunks)
    else:
        model.require(language)
        found = Detected(language, None, ())

    placer, segments, again = Placer(), list[Segment](), 0
    listen = _listening(model, found.language, translate=to_english)
    for chunk, listened in _in_order(chunks, listen, threads):
        segments += placer.place(listened.segments, chunk)
        again += listened.stretches_heard_again
        report(_percent(reader, chunk))
    return _written(task, reader, found, segments, again, report)


def _listening(model: Recogniser, language: str | None, *, translate: bool) -> Callable[[Chunk], Listened]:
    if language is None:
        return lambda _chunk: Listened()
    listener = Listener(model, language, translate=translate and language != "en")
    return lambda chunk: listener.listen(chunk) if chunk.speech else Listened()


def _told(chunks: Iterator[Chunk], reader: AudioReader, report: Callable[[float], None]) -> Iterator[Chunk]:
    """The chunks; silence before the first speech is work done."""
    silent = True
    for chunk in chunks:
        silent = silent and not chunk.speech
        if silent:
            report(_percent(reader, chunk))
        yield chunk


def _growing(report: Callable[[float], None]) -> Callable[[float], None]:
    """Silence may be told twice, and bytes read are no even measure of seconds; a bar never goes back."""
    told = 0.0

    def tell(percent: float) -> None:
        nonlocal told
        if percent > told:
            told = percent
            report(percent)

    return tell


def _percent(reader: AudioReader, chunk: Chunk) -> float:
    return 100 * reader.fraction_read * chunk.stretch.end / reader.seconds_read


def _written(
    task: TranscribeTask,
    reader: AudioReader,
    found: Detected,
    segments: list[Segment],
    again: int,
    report: Callable[[float], None],
) -> TranscribeResult:
    """The document on disk, and what is to be said of it."""
    length = reader.info.duration if task["only_language"] else None
    document = Transcription(
        full_text=" ".join(segment["text"] for segment in segments),
        language_detected=found.language,
        language_probability=found.probability,
        duration=round(length or reader.seconds_read, 3),
        segments=segments,
        stretches_heard_again=again,
        engine=f"{ENGINE_VERSION}:{task['model_name']}",
    )
    _write(Path(task["output"]), document)
    report(100.0)
    return TranscribeResult(
        language_detected=found.language,
        language_probability=found.probability,
        duration=document["duration"],
        segments=len(segments),
        words=sum(len(segment["words"]) for segment in segments),
        stretches_heard_again=again,
        warnings=reader.warnings,
        engine=document["engine"],
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


def _in_order(
    chunks: Iterable[Chunk], listen: Callable[[Chunk], Listened], threads: int
) -> Iterator[tuple[Chunk, Listened]]:
    """Each chunk with what is heard in it; no more of them are cut than keep the threads busy."""
    waiting: deque[tuple[Chunk, Future[Listened]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(listen, chunk)))
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
