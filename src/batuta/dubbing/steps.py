"""The three steps of a segment, each done by a service and each a lookup."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog

from batuta.dubbing.checks import NOBODY_SPEAKS
from batuta.dubbing.cutting import cut
from batuta.dubbing.models import Segment
from batuta.dubbing.orders import Speak
from batuta.errors import BatutaError, BreakerOpen, InvalidRequest
from batuta.jobs.pieces import Pieces
from batuta.media.dub_units import dub_units
from batuta.services.audio_worker.orders import LONGEST_CLIP_SECONDS, AudioTask
from batuta.services.speech.orders import Clip, Synthesize
from batuta.services.transcriber.languages import AUTO
from batuta.services.transcriber.orders import Transcribe
from batuta.services.translator.documents import MAX_BYTES, transcription_in
from batuta.services.translator.orders import Translate, Translated
from batuta.services.translator.pairs import code_of
from batuta.storage.artefacts import Artefact, ArtefactStore, as_local_file

ORIGINAL: Final = "original voice"
"""What speaks where nobody could."""
ATTEMPTS: Final = 2
"""How often a line is tried before the original voice stands in for it."""

PATIENCE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 3.0
LANGUAGE_SECONDS: Final = 90.0
"""So much of the beginning is listened to for its language, as the transcriber does."""

Check = Callable[[str, str, str | None], None]
"""Raises `InvalidRequest` for a source language, a target language and a voice that do not go together."""


log = structlog.get_logger()


@dataclass
class Notes:
    """What the report says of a whole dub; the keys of `warnings`, in order."""

    engines: dict[str, str] = field(default_factory=dict[str, str])
    warnings: dict[str, None] = field(default_factory=dict[str, None])

    def of_translation(self, translated: Translated) -> None:
        """Who translated, and through which language."""
        if translated.engine is not None:
            self.engines["translation"] = translated.engine
        if translated.pivot is not None:
            self.warnings[f"translated through {translated.pivot}: nobody here translates directly"] = None
        self.warnings.update(dict.fromkeys(translated.warnings))


class Patience:
    """How long a dub waits, in all, for a speech service whose breaker is open."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def waited(self, error: BreakerOpen) -> bool:
        """Whether there was time to wait until the breaker lets somebody try."""
        pause = min(error.retry_after or PAUSE_SECONDS, self._left)
        self._left -= pause
        if pause <= 0:
            return False
        await asyncio.sleep(pause)
        return True


class Steps:
    """Hears, translates and speaks, through the services."""

    def __init__(
        self,
        pieces: Pieces,
        artefacts: ArtefactStore,
        folder: Path,
        check: Check,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`folder` is for files being read; `check` is asked once the language is known.

        A translator that is away is waited for so many seconds of `patience`.
        """
        self._patience = patience
        self._pieces = pieces
        self._artefacts = artefacts
        self._folder = folder
        self._check = check

    async def language(self, order: Speak) -> str:
        """The language spoken, by its code; found out from the first 90 s where nobody said it."""
        if (said := code_of(order.source_language)) is not None:
            return said
        beginning = await self._cut(order.audio, 0.0, min(order.duration, LANGUAGE_SECONDS))
        heard = await self._pieces.do(
            order.job,
            "transcription",
            Transcribe(file=beginning, only_language=True, again=order.anew.get("transcription")),
        )
        found = code_of(heard.language_detected or AUTO)
        if found is None:
            raise InvalidRequest(NOBODY_SPEAKS)
        return found

    async def note_engines(self, notes: Notes) -> None:
        """Who hears and who speaks, with their versions; who translates says so with each translation."""
        notes.engines["transcription"] = await self._pieces.identity(Transcribe.work)
        notes.engines["sound"] = await self._pieces.identity(AudioTask.work)
        notes.engines["synthesis"] = await self._pieces.identity(Synthesize.work)

    async def check(self, order: Speak, language: str) -> None:
        """Raise `InvalidRequest` for what cannot be translated or spoken."""
        await asyncio.to_thread(self._check, language, order.spoken_as, order.voice)

    async def hear(self, order: Speak, start: float, end: float, language: str, first: int) -> list[Segment]:
        """What is said between these seconds, in pieces that can be spoken; `first` numbers the first."""
        sound = await self._cut(order.audio, start, end)
        piece = Transcribe(file=sound, language_in=language, again=order.anew.get("transcription"))
        heard = await self._pieces.do(order.job, "transcription", piece)
        found = transcription_in(await self._read(heard.file))
        units = await asyncio.to_thread(dub_units, replace(found, language=language))
        return [
            Segment(
                index=first + number,
                start=round(start + unit.start, 3),
                end=round(min(start + unit.end, end), 3),
                source_text=unit.text,
            )
            for number, unit in enumerate(units)
        ]

    async def translate(
        self, order: Speak, segments: Sequence[Segment], language: str, notes: Notes
    ) -> list[Segment]:
        """The segments with their text; one that nobody could translate is spoken as it is, and says so."""
        if not segments:
            return []
        lines = tuple(segment.source_text for segment in segments)
        piece = Translate(
            lines=lines,
            language_in=language,
            language_out=order.target_language,
            again=order.anew.get("translation"),
        )
        try:
            translated = await self._patiently(order.job, piece)
        except InvalidRequest:
            raise
        except BatutaError as error:
            return [_untranslated(segment, error.message) for segment in segments]
        notes.of_translation(translated)
        return [
            segment.model_copy(update={"text": text, "state": "translated"})
            for segment, text in zip(segments, translated.lines, strict=True)
        ]

    async def _patiently(self, job: str, piece: Translate) -> Translated:
        """The translation; a translator that may be back soon is waited for: a dub is worth a minute."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience
        while True:
            try:
                return await self._pieces.do(job, "translation", piece)
            except BatutaError as error:
                pause = min(error.retry_after or PAUSE_SECONDS, self._patience)
                if not error.retryable or loop.time() + pause > give_up:
                    raise
            await asyncio.sleep(pause)

    async def shorten(self, order: Speak, segment: Segment, language: str, longest: int) -> Segment | None:
        """The segment with a text of about so many characters; None where the translator knows none."""
        piece = Translate(
            lines=(segment.source_text,),
            max_characters=longest,
            language_in=language,
            language_out=order.target_language,
            again=order.anew.get("translation"),
        )
        try:
            (text,) = (await self._pieces.do(order.job, "translation", piece)).lines
        except BatutaError as error:
            log.info("dubbing.not_shortened", job_id=order.job, line=segment.index, cause=error.message)
            return None
        if len(text) >= len(segment.text):
            return None
        update = {"text": text, "state": "translated", "clip": None}
        return segment.model_copy(update=update)

    async def speak(self, order: Speak, segment: Segment, patience: Patience) -> Segment:
        """The segment with its clip; where nobody can speak it, what was said in the video stays."""
        piece = Synthesize(
            text=segment.text,
            language=order.spoken_as,
            voice=order.voice,
            again=order.anew.get("synthesis"),
        )
        failure, attempts = "", 0
        while attempts < ATTEMPTS:
            try:
                clip = await self._pieces.do(order.job, "synthesis", piece)
            except BreakerOpen as error:  # says nothing about this line
                failure = error.message
                if not await patience.waited(error):
                    break
            except BatutaError as error:
                failure, attempts = error.message, attempts + 1
            else:
                if clip.duration <= LONGEST_CLIP_SECONDS:
                    return _spoken(segment, clip)
                failure = f"it takes {clip.duration:.0f} s to say, {LONGEST_CLIP_SECONDS:.0f} are allowed"
                break
        original = await self._cut(order.audio, segment.start, segment.end)
        return segment.model_copy(
            update={
                "state": "failed",
                "clip": original,
                "clip_seconds": round(segment.end - segment.start, 3),
                "engine": ORIGINAL,
                "warnings": (
                    *segment.warnings,
                    f"nobody could speak this line, so the {ORIGINAL} is kept: {failure}",
                ),
            }
        )

    async def _cut(self, audio: Artefact, start: float, end: float) -> Artefact:
        async with as_local_file(self._artefacts, audio, self._folder) as path:
            piece = await asyncio.to_thread(cut, path, start, end, self._folder)
        try:
            return await self._artefacts.put_file(piece, "audio/flac")
        finally:
            await asyncio.to_thread(piece.unlink, missing_ok=True)

    async def _read(self, file: Artefact) -> bytes:
        if file.size > MAX_BYTES:
            raise InvalidRequest(f"the transcription has {file.size} bytes, {MAX_BYTES} are allowed")
        return b"".join([chunk async for chunk in self._artefacts.read(file)])


def _spoken(segment: Segment, clip: Clip) -> Segment:
    return segment.model_copy(
        update={
            "state": "spoken",
            "clip": clip.file,
            "clip_seconds": clip.duration,
            "engine": clip.voice if clip.voice.startswith(clip.engine) else f"{clip.engine}:{clip.voice}",
            "warnings": (*segment.warnings, *clip.warnings),
        }
    )


def _untranslated(segment: Segment, reason: str) -> Segment:
    warning = f"nobody could translate this line, so it is spoken as it is: {reason}"
    return segment.model_copy(
        update={
            "text": segment.source_text,
            "state": "translated",
            "translated": False,
            "warnings": (*segment.warnings, warning),
        }
    )
