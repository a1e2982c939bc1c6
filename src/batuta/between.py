"""How captions and transcripts help each other; neither knows the other."""

from __future__ import annotations

import asyncio
import json
from typing import Final
from urllib.parse import urlsplit

from batuta.captions.app import Captions
from batuta.captions.document import CaptionsDocument
from batuta.captions.existing import Existing, FindExisting
from batuta.captions.models import CaptionOptions
from batuta.errors import InvalidRequest
from batuta.jobs import LocalWorker, OnProgress, Terms, Worker
from batuta.storage.artefacts import ArtefactStore, once
from batuta.transcripts.kept import Kept
from batuta.transcripts.languages import choose
from batuta.transcripts.models import Cause, Segment, Track, TranscriptResult
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.verdicts import unavailable
from batuta.transcripts.video_ids import extract_video_id

_NAMELESS: Final = "und"
_VERSION: Final = "1"


class MadeByCaptions:
    """Makes transcripts of what is said in a video, by captioning it."""

    def __init__(self, captions: Captions, youtube: str) -> None:
        """`youtube` is where its videos are: scheme and host."""
        self._captions = captions
        self._youtube = youtube

    async def generate(self, video_id: str, wanted: tuple[str, ...] | None, owner: str) -> TranscriptResult:
        """In the language spoken if that is wanted, else translated into the one wanted most.

        Raises what captioning raised, and `LanguageNotAvailable` where nobody can translate.
        """
        document = await self._captioned(video_id, CaptionOptions(), owner)
        spoken = document.subtitles.language
        if wanted is not None and not _fits(spoken, wanted):
            options = CaptionOptions(language=spoken, language_out=wanted[0])
            try:
                document = await self._captioned(video_id, options, owner)
            except InvalidRequest as error:
                detail = f"{spoken} is spoken in it, and {error.message}"
                raise unavailable(Cause.LANGUAGE_NOT_AVAILABLE, video_id, detail) from error
        return await asyncio.to_thread(_transcript, video_id, document)

    async def _captioned(self, video_id: str, options: CaptionOptions, owner: str) -> CaptionsDocument:
        record = await self._captions.start(
            options,
            url=f"{self._youtube}/watch?v={video_id}",
            url_allow=(urlsplit(self._youtube).hostname or "",),
            terms=Terms(owner=owner, reference=f"transcript of {video_id}"),
        )
        return await self._captions.document(await self._captions.end_of(record.job_id))


class ExistingCaptions:
    """Finds the captions that a video has at YouTube, as a transcription that captions can shape."""

    def __init__(self, transcripts: Transcripts, artefacts: ArtefactStore) -> None:
        self._transcripts = transcripts
        self._artefacts = artefacts

    def workers(self) -> dict[str, Worker]:
        """Who does the work."""
        return {FindExisting.work: LocalWorker(self.find, _VERSION)}

    async def find(self, order: FindExisting, on_progress: OnProgress) -> Existing:
        """Those in the language; nothing where there are none, or YouTube does not say."""
        del on_progress
        video_id = extract_video_id(order.url)
        if video_id is None:
            return Existing()
        wanted = None if order.language is None else (order.language,)
        outcome = await self._transcripts.get(video_id, wanted)
        found = outcome.kept
        if found is None or found.transcript_type == "generated":
            return Existing()
        body = await asyncio.to_thread(_as_transcription, found)
        stored = await self._artefacts.put(once(body), "application/json")
        kind = "written by people" if found.transcript_type == "manual" else "heard by YouTube's recogniser"
        return Existing(file=stored, note=f"these are YouTube's own captions, {kind}")


def _as_transcription(found: Kept) -> bytes:
    """As a transcriber's document (contract: captions, `GET /jobs/{id}/transcription`)."""
    document = {
        "language": found.language,
        "duration": found.duration,
        "engine": "youtube",
        "segments": [
            {"start": each.start, "end": each.end, "text": " ".join(each.text.split())}
            for each in found.result.segments
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _fits(spoken: str, wanted: tuple[str, ...]) -> bool:
    return choose([Track(language=spoken, name=_NAMELESS, transcript_type="auto")], wanted) is not None


def _transcript(video_id: str, document: CaptionsDocument) -> TranscriptResult:
    segments = (
        Segment(text="\n".join(cue.lines), start=cue.start, duration=round(cue.end - cue.start, 3))
        for cue in document.subtitles.cues
    )
    return TranscriptResult.of(video_id, document.subtitles.language, "generated", segments)
