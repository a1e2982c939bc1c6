"""What a recording says: made into what every transcriber takes, then written down by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from batuta.clients.deadline import deadline
from batuta.errors import MediaError, ServiceError, ServiceUnavailable, UnreadableMedia, UnsupportedMedia
from batuta.jobs.orders import Worker
from batuta.services.engines.pool import EnginePool
from batuta.services.transcriber.languages import AUTO
from batuta.services.transcriber.orders import Speech, Transcribe
from batuta.services.translator.pairs import code_of
from batuta.services.vision.bench import Bench, check_size, limited
from batuta.services.vision.contract import LISTEN, ListenResult, ListenTask
from batuta.services.vision.kinds import HEAD_BYTES, audio_kind, described
from batuta.services.vision.models import Heard, HeardSegment
from batuta.storage.artefacts import Artefact, ArtefactStore

MAX_BYTES: Final = 25 * 1024 * 1024
_LISTEN_SECONDS: Final = 30.0
_TRANSCRIBE_SECONDS: Final = 120.0
"""Two minutes of speech take a few seconds; the rest is waiting for a place at the transcriber."""
_DOCUMENT_BYTES: Final = 4 * 1024 * 1024
_RECORDING: Final = "the recording"
_NAME_SHOWN: Final = 80
_FAULT_SHOWN: Final = 500


class Hearing:
    """Listens to recordings in a process of its own, and asks a transcriber what they say."""

    def __init__(self, transcriber: Worker | None, artefacts: ArtefactStore, bench: Bench) -> None:
        self._transcriber = transcriber
        self._artefacts = artefacts
        self._bench = bench
        self._listening: EnginePool[ListenTask, ListenResult] = EnginePool(LISTEN)

    async def transcribe(self, audio: bytes, filename: str, language: str | None) -> Heard:
        """See `Vision.transcribe`."""
        check_size(audio, MAX_BYTES, "a recording")
        code = code_of(language or AUTO) or AUTO
        if self._transcriber is None:
            raise ServiceUnavailable("no transcriber is set up here")
        name = Path(filename).name[:_NAME_SHOWN] or _RECORDING
        async with self._bench.place(audio, "speech.flac") as place:
            task = ListenTask(input=str(place.given), output=str(place.made), name=name)
            listened = await self._listened(task, audio[:HEAD_BYTES])
            flac = await self._artefacts.put_file(place.made, "audio/flac")
        heard = await self._written_down(self._transcriber, Transcribe(file=flac, language_in=code))
        if not heard.text:
            raise MediaError(f"nobody is heard to speak in {name}: speak closer to the microphone")
        return heard.model_copy(update={"duration": listened["duration"]})

    async def aclose(self) -> None:
        """Stop the process."""
        await self._listening.aclose()

    async def _listened(self, task: ListenTask, head: bytes) -> ListenResult:
        """The recording made ready; damaged is only what begins as a recording does."""
        try:
            return await limited(self._listening.run(task), _LISTEN_SECONDS, "listening to the recording")
        except UnreadableMedia:
            if audio_kind(head) is not None:
                raise
            raise UnsupportedMedia(
                f"{task['name']} is {described(head)}: send WebM, Ogg, MP4, MP3, WAV or FLAC instead"
            ) from None

    async def _written_down(self, transcriber: Worker, order: Transcribe) -> Heard:
        with deadline(_TRANSCRIBE_SECONDS):
            key = order.key(await transcriber.identity())
            remote_id = await transcriber.submit(order, key)
            speech = cast("Speech", await transcriber.result(order, remote_id, lambda _: None))
            return heard_in(await self._document(speech.file))

    async def _document(self, file: Artefact) -> Mapping[str, Any]:
        if file.size > _DOCUMENT_BYTES:
            raise ServiceError(f"the transcriber answered {file.size} bytes for a sentence or two")
        text = b"".join([chunk async for chunk in self._artefacts.read(file)])
        try:
            found: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ServiceError(f"the transcriber's document is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise ServiceError("the transcriber's document is not a JSON object")
        return cast("Mapping[str, Any]", found)


def heard_in(document: Mapping[str, Any]) -> Heard:
    """What a transcriber's document says, ours or another's; raises `ServiceError` for one without sense.

    How sure it is: the mean of its words' probabilities, each word as much as another.
    """
    try:
        segments = [
            HeardSegment(start=each["start"], end=each["end"], text=str(each["text"]).strip())
            for each in document["segments"]
        ]
        words = [word for each in document["segments"] for word in each.get("words") or ()]
        sure = [float(word["probability"]) for word in words if "probability" in word]
        language = document.get("language_detected") or document.get("language")
        return Heard(
            text=" ".join(each.text for each in segments if each.text),
            language=None if language is None else str(language),
            duration=segments[-1].end if segments else 0.0,
            segments=segments,
            confidence=round(sum(sure) / len(sure), 3) if sure else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fault = f"the transcriber's document is not understood: {error!r}"
        raise ServiceError(fault[:_FAULT_SHOWN]) from error
