"""Scripts of dubs: stored, read, and what follows from one: where each clip goes, and subtitles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from batuta.dubbing.models import Script, Segment, Spoken
from batuta.errors import InvalidRequest
from batuta.media import Subtitles, Transcription, cues_from_words, profile_named, write
from batuta.media.fitting import Placement, Slot, allowances, fit
from batuta.media.words import Segment as Said
from batuta.storage.artefacts import Artefact, ArtefactStore, once

PROFILE: Final = "default"
_NAMED: Final = 20
MAX_BYTES: Final = 32 * 1024 * 1024


class Scripts:
    """Scripts in the store of artefacts."""

    def __init__(self, artefacts: ArtefactStore) -> None:
        self._artefacts = artefacts

    async def keep(self, script: Script) -> Artefact:
        """Store it."""
        body = await asyncio.to_thread(lambda: script.model_dump_json().encode())
        return await self._artefacts.put(once(body), "application/json")

    async def read(self, file: Artefact) -> Script:
        """A stored one; raises `NotFound` once it is no longer kept."""
        if file.size > MAX_BYTES:
            raise InvalidRequest(f"a script of {file.size} bytes: {MAX_BYTES} are allowed")
        body = b"".join([chunk async for chunk in self._artefacts.read(file)])
        return await asyncio.to_thread(Script.model_validate_json, body)

    async def spoken(self, script: Script) -> Spoken:
        """The script, and what the mixer and the muxer need of it."""
        placements = placements_of(script)
        source, target = await asyncio.to_thread(_subtitles, script, placements)
        return Spoken(
            script=await self.keep(script),
            source_language=script.source_language,
            subtitles_source=await self._text(source),
            subtitles_target=await self._text(target),
            warnings=warnings_of_segments(script),
        )

    async def _text(self, subtitles: str) -> Artefact:
        return await self._artefacts.put(once(subtitles.encode()), "application/x-subrip")


def placements_of(script: Script) -> tuple[Placement, ...]:
    """Where the clip of each segment goes, by `media.fitting`; the same for the mixer and for the report."""
    slots = [Slot(segment.start, segment.end) for segment in script.segments]
    return fit(slots, [segment.clip_seconds or 0.0 for segment in script.segments], script.duration)


def room_of(segments: Sequence[Segment], duration: float) -> dict[int, float]:
    """How many seconds each clip may last, as synthesised, without reaching into what it may not."""
    slots = [Slot(segment.start, segment.end) for segment in segments]
    rooms = allowances(slots, duration)
    return {segment.index: room for segment, room in zip(segments, rooms, strict=True)}


def warnings_of_segments(script: Script) -> tuple[str, ...]:
    """What concerns the whole dub: how many lines are not as they should be."""
    failed = [segment.index for segment in script.segments if segment.state == "failed"]
    untranslated = [segment.index for segment in script.segments if not segment.translated]
    told = [*script.warnings]
    if failed:
        told.append(f"the original voice is kept in {_lines(failed)}")
    if untranslated:
        told.append(f"nobody could translate {_lines(untranslated)}: spoken as in the video")
    return tuple(told)


def _lines(numbers: list[int]) -> str:
    named = ", ".join(map(str, numbers[:_NAMED]))
    return f"{len(numbers)} line{'' if len(numbers) == 1 else 's'}: {named}" + (
        " …" if len(numbers) > _NAMED else ""
    )


def _subtitles(script: Script, placements: tuple[Placement, ...]) -> tuple[str, str]:
    """SubRip in both languages: of the source when it was said, of the target when it is said now."""
    source = [(segment.start, segment.end, segment.source_text) for segment in script.segments]
    target = [
        (placement.start, max(placement.end, placement.start + 0.1), _shown(segment))
        for segment, placement in zip(script.segments, placements, strict=True)
    ]
    return (
        _subrip(script.source_language, source, script.duration),
        _subrip(script.target_language, target, script.duration),
    )


def _shown(segment: Segment) -> str:
    return segment.text or segment.source_text


def _subrip(language: str, lines: list[tuple[float, float, str]], duration: float) -> str:
    said = tuple(Said(start, end, text) for start, end, text in lines)
    transcription = Transcription(language, 1.0, duration, said)
    cues: Subtitles = cues_from_words(transcription, profile_named(PROFILE).for_language(language))
    return write(cues, "srt")
