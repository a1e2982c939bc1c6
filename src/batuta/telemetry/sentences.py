"""Events in the seed's words (seeds/captions.md, "Logs"): `job.started` reads "Starting pipeline for job …".

In the log file such an event stands under the seed's logger name; its fields that the sentence does not use
follow as `key=value`. A program reads the events themselves, with `LOG_FORMAT=json`.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SEED_LOGGER: Final = "modules.orchestrator"

SENTENCES: Final[Mapping[str, str]] = {
    "job.started": "Starting pipeline for job {job_id}",
    "job.resumed": "Resuming pipeline for job {job_id}",
    "job.completed": "Job {job_id} completed",
    "job.failed": "Job {job_id} failed: {error}",
    "job.cancelled": "Job {job_id} cancelled",
    "stage.submitted": "{stage} job submitted: {remote_id}",
    "stage.completed": "{stage} job completed",
    "stage.failed": "{stage} job failed: {error}",
    "transcription.retrieved": "Transcription text retrieved: {chars} chars",
}
STAGES: Final[Mapping[str, str]] = {
    "download": "Video",
    "normalization": "Audio normalization",
    "transcription": "Transcription",
    "translation": "Translation",
    "subtitles": "Subtitles",
}
"""What the seed calls a stage's job."""

HTTP_LOGGER: Final = "batuta.http"
HTTP_EVENT: Final = "http.request"
_HTTP: Final = "{method} {route} {status}"

_USED: Final = {
    event: frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
    for event, text in {**SENTENCES, HTTP_EVENT: _HTTP}.items()
}


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a person reads it."""

    logger: str
    text: str
    rest: Mapping[str, object]
    """The fields that the text does not tell."""


def told(logger: str, event: str, fields: Mapping[str, object]) -> Told:
    """The event in its sentence; one without a sentence, or without the fields of its own, tells itself."""
    used = _USED.get(event)
    if used is None or not used <= fields.keys():
        return Told(logger, event, fields)
    words = {name: _word(name, fields[name]) for name in used}
    rest = {name: value for name, value in fields.items() if name not in used}
    if event == HTTP_EVENT:
        return Told(HTTP_LOGGER, _HTTP.format_map(words), rest)
    return Told(SEED_LOGGER, SENTENCES[event].format_map(words), rest)


def _word(name: str, value: object) -> str:
    return STAGES.get(str(value), str(value).capitalize()) if name == "stage" else str(value)
