"""What an OpenAI client asks for, out of its form; pure, and refused here if it cannot be given.

`FIELDS` is the documentation of every field, shown in the API document: what is taken, what is accepted
without an effect, and what is refused because the answer would mean something else than was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeGuard, get_args

from batuta.captions.app import options_from
from batuta.captions.doors.forms import FORM, DoorForm
from batuta.captions.doors.openai.errors import Refused
from batuta.captions.doors.openai.models import our_model
from batuta.captions.models import CaptionOptions
from batuta.errors import InvalidRequest
from batuta.services.transcriber.languages import spoken
from batuta.storage.artefacts import Artefact

ResponseFormat: TypeAlias = Literal["json", "text", "srt", "verbose_json", "vtt"]
Granularity: TypeAlias = Literal["word", "segment"]
Task: TypeAlias = Literal["transcribe", "translate"]

FIELDS: Final[dict[str, str]] = {
    "file": "Any audio or video file up to MAX_UPLOAD_BYTES.",
    "model": "One of GET /v1/models. OpenAI's own names mean the operator's default, WHISPER_MODEL.",
    "language": "A code such as `en`; none or `auto`: found out.",
    "languages": "One code is as `language`; several do not narrow the search for the language.",
    "response_format": "json (default), text, srt, verbose_json or vtt; diarized_json is refused: nobody "
    "here tells speakers apart.",
    "timestamp_granularities": "`segment` (default), `word` or both; only with verbose_json.",
    "stream": "true: server-sent events, with response_format json or text.",
    "include": "Refused if it names `logprobs`: recognised tokens are not kept.",
    "prompt": "Accepted without effect: a prompt makes Whisper repeat it in silence.",
    "keywords": "Accepted without effect, as `prompt`.",
    "temperature": "0 to 1, accepted without effect: recognition never samples; equal sound, equal text.",
    "chunking_strategy": "Accepted without effect: speech is always cut in its pauses.",
    "known_speaker_names": "Refused, with known_speaker_references: nobody here tells speakers apart.",
}
_SPEAKERS: Final = ("known_speaker_names", "known_speaker_references")
_STREAMED: Final = frozenset({"json", "text"})
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, slots=True)
class AudioRequest:
    """One call, understood."""

    upload: Artefact
    options: CaptionOptions
    task: Task
    response_format: ResponseFormat
    granularities: frozenset[Granularity]
    stream: bool


def audio_request(form: DoorForm, task: Task, default_model: str) -> AudioRequest:
    """The call a form makes; raises `Refused`, naming the field, or `InvalidRequest`."""
    model = form.text("model")
    if model is None:
        raise Refused("You must provide a model, for example whisper-1.", "model")
    _refuse_speakers_and_tokens(form)
    _check_temperature(form.text("temperature"))
    response_format = _response_format(form.text("response_format") or "json")
    stream = _flag("stream", form.text("stream"))
    if stream and response_format not in _STREAMED:
        raise Refused(
            f"response_format {response_format!r} cannot be streamed: leave stream away, or take json.",
            "stream",
            "unsupported_value",
        )
    return AudioRequest(
        upload=_upload(form),
        options=options_from(
            {
                "language": _language(form),
                "language_out": "en" if task == "translate" else None,
                "model": our_model(model, default_model),
            }
        ),
        task=task,
        response_format=response_format,
        granularities=_granularities(form.several("timestamp_granularities"), response_format),
        stream=stream,
    )


def body_schema(task: Task) -> dict[str, Any]:
    """The form for the API document."""
    only_heard = {"language", "languages", "timestamp_granularities", "include", "chunking_strategy"}
    names = [name for name in FIELDS if task == "transcribe" or name not in only_heard]
    lists = {"languages", "timestamp_granularities", "include", "keywords", "known_speaker_names"}
    properties: dict[str, Any] = {}
    for name in names:
        text: dict[str, Any] = {"type": "string", "description": FIELDS[name]}
        if name in lists:
            properties[f"{name}[]"] = {"type": "array", "items": {"type": "string"}, **_described(name)}
        else:
            properties[name] = {**text, "format": "binary"} if name == "file" else text
    schema = {"type": "object", "required": ["file", "model"], "properties": properties}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def _described(name: str) -> dict[str, str]:
    return {"description": FIELDS[name]}


def _upload(form: DoorForm) -> Artefact:
    upload = form.files.get("file")
    if upload is None:
        raise Refused("The form needs a field `file` with the media file.", "file")
    if upload.size == 0:
        raise Refused("The file is empty: 0 bytes.", "file")
    return upload


def _response_format(name: str) -> ResponseFormat:
    if _is_format(name):
        return name
    known = ", ".join(get_args(ResponseFormat))
    why = "speakers are not told apart here" if name == "diarized_json" else "there is no such format"
    raise Refused(
        f"response_format {name[:100]!r}: {why}. Take one of {known}.", "response_format", "unsupported_value"
    )


def _is_format(name: str) -> TypeGuard[ResponseFormat]:
    return name in get_args(ResponseFormat)


def _granularities(names: tuple[str, ...], response_format: ResponseFormat) -> frozenset[Granularity]:
    field = "timestamp_granularities"
    if not names:
        return frozenset({"segment"})
    if response_format != "verbose_json":
        raise Refused(f"{field} needs response_format verbose_json, not {response_format}.", field)
    found: set[Granularity] = set()
    for name in names:
        if name not in ("word", "segment"):
            raise Refused(
                f"{field} has {name[:100]!r}: only word and segment are known.", field, "invalid_value"
            )
        found.add(name)
    return frozenset(found)


def _language(form: DoorForm) -> str | None:
    """The language spoken, None for the operator's default; several are the same as not knowing."""
    languages = form.several("languages")
    given = form.text("language")
    for name, code in [("language", given), *(("languages", language) for language in languages)]:
        if code is not None:
            _check_language(name, code)
    if given is None and len(languages) == 1:
        return languages[0]
    return given


def _check_language(field: str, code: str) -> None:
    try:
        spoken(code[:100])
    except InvalidRequest as error:
        raise Refused(error.message, field, "invalid_value") from error


def _refuse_speakers_and_tokens(form: DoorForm) -> None:
    for field in _SPEAKERS:
        if form.several(field) or any(name in form.files for name in (field, f"{field}[]")):
            raise Refused(f"{field}: speakers are not told apart here; leave it away.", field)
    for asked in form.several("include"):
        raise Refused(
            f"include has {asked[:100]!r}: nothing can be included here; leave it away.",
            "include",
            "unsupported_value",
        )


def _check_temperature(value: str | None) -> None:
    try:
        fits = value is None or 0 <= float(value) <= 1
    except ValueError:
        fits = False
    if not fits:
        raise Refused(
            f"temperature {str(value)[:100]!r}: a number from 0 to 1.", "temperature", "invalid_value"
        )


def _flag(name: str, value: str | None) -> bool:
    word = (value or "false").strip().lower()
    if word not in _TRUE | _FALSE:
        raise Refused(f"{name} {word[:100]!r}: true or false.", name, "invalid_value")
    return word in _TRUE
