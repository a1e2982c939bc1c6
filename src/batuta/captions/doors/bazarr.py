"""The contract of whisper-asr-webservice, which Bazarr's Whisper provider calls: `/asr`, `/detect-language`.

Sources: ahmetoner/whisper-asr-webservice, `app/webservice.py`; morpheus65535/bazarr,
`subliminal_patch/providers/whisperai.py`. Bazarr posts raw sound (`encode=false`) and takes whatever body
comes back for the subtitles.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from batuta.access.answers import PROBLEMS
from batuta.access.bodies import streams_body
from batuta.captions.app import UNDETERMINED, options_from
from batuta.captions.doors.forms import FORM, DoorForm, Through, read_door_form
from batuta.captions.doors.pcm import WAV_HEADER, as_wav
from batuta.captions.doors.waiting import document_for
from batuta.captions.models import SubmissionFields
from batuta.captions.routes import App, Submitter, terms_of
from batuta.errors import InvalidRequest, UnreadableMedia
from batuta.media import write
from batuta.services.transcriber.languages import LANGUAGES
from batuta.storage.artefacts import Artefact, ArtefactStore

ENGINE: Final = "faster_whisper"
"""What whisper-asr-webservice calls the library our recogniser stands on."""
HEARD_SECONDS: Final = 300.0
"""So much raw sound is kept to find its language: Bazarr sends whole films, and many begin with music."""
_FIELD: Final = "audio_file"

bazarr_router = APIRouter(tags=["Bazarr and whisper-asr-webservice"], responses=PROBLEMS)


class Sent(BaseModel):
    """How the sound comes."""

    model_config = ConfigDict(frozen=True)

    encode: bool = Field(default=True, description="false: raw s16le, 16 kHz, mono; true: any media file")
    video_file: str | None = Field(default=None, description="where it comes from; decides nothing")


class Asked(Sent):
    """The query of `/asr`; names and defaults are whisper-asr-webservice's."""

    task: Literal["transcribe", "translate"] = Field(
        default="transcribe", description="translate: to English"
    )
    language: str | None = Field(default=None, description="a code such as `en`; none: found out")
    output: Literal["txt", "vtt", "srt", "tsv", "json"] = "txt"
    word_timestamps: bool = Field(default=False, description="words in `output=json`")
    initial_prompt: str | None = Field(default=None, description="accepted, not used: nothing is primed")
    vad_filter: bool | None = Field(default=None, description="accepted: voice activity always is detected")


class Detected(BaseModel):
    """The answer of `/detect-language`; without speech the code is `und`."""

    detected_language: str
    language_code: str
    confidence: float


_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [_FIELD],
                    "properties": {_FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@bazarr_router.post(
    "/asr", response_class=PlainTextResponse, openapi_extra=_BODY, dependencies=[Depends(streams_body)]
)
async def asr(
    asked: Annotated[Asked, Query()], request: Request, captions: App, caller: Submitter
) -> PlainTextResponse:
    """Caption the form's `audio_file`; the answer is the subtitle file. A repeated request finds its job."""
    options = options_from(
        {
            "language": asked.language or None,
            "language_out": "en" if asked.task == "translate" else None,
        }
    )
    captions.check(options)  # before a film's sound is read
    upload = await _audio(request, captions.artefacts, raw=None if asked.encode else as_wav)
    record = await captions.start(options, upload=upload, terms=terms_of(SubmissionFields(), caller))
    document = await document_for(request, captions, record.job_id)
    words = document.transcription if asked.word_timestamps else None
    text = await asyncio.to_thread(write, document.subtitles, asked.output, words)
    headers = {
        "Asr-Engine": ENGINE,
        "Content-Disposition": f'attachment; filename="{_FIELD}.{asked.output}"',
        "X-Request-Id": record.job_id,
    }
    return PlainTextResponse(text, headers=headers)


@bazarr_router.post(
    "/detect-language",
    openapi_extra=_BODY,
    dependencies=[Depends(streams_body)],
)
async def detect_language(
    sent: Annotated[Sent, Query()], request: Request, captions: App, caller: Submitter
) -> Detected:
    """The language first spoken in the form's `audio_file`."""
    upload = await _audio(request, captions.artefacts, raw=None if sent.encode else _beginning)
    code, probability = await captions.detect_language(upload, terms_of(SubmissionFields(), caller))
    if code not in LANGUAGES:
        return Detected(detected_language="unknown", language_code=UNDETERMINED, confidence=0.0)
    return Detected(
        detected_language=LANGUAGES[code].lower(), language_code=code, confidence=round(probability, 4)
    )


def _beginning(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    return as_wav(chunks, HEARD_SECONDS)


async def _audio(request: Request, artefacts: ArtefactStore, raw: Through | None) -> Artefact:
    """The form's file in the store; raw sound as a WAV file. Raises `InvalidRequest`, `UnreadableMedia`."""
    media_type = None if raw is None else "audio/wav"
    form: DoorForm = await read_door_form(request, artefacts, through=raw, media_type=media_type)
    upload = form.files.get(_FIELD)
    if upload is None:
        raise InvalidRequest(f"the form needs a field `{_FIELD}` with the media file")
    if upload.size <= (0 if raw is None else len(WAV_HEADER)):
        raise UnreadableMedia(f"{_FIELD} is empty: 0 bytes of sound")
    return upload
