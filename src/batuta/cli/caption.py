"""`batuta caption`: a video in, subtitles out."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from batuta.captions.app import options_from, result_of
from batuta.captions.document import CaptionsDocument
from batuta.captions.models import CaptionOptions
from batuta.cli.pulling import pull
from batuta.cli.screen import print_document, say
from batuta.cli.stopping import stopped_by_signal
from batuta.cli.watching import watch
from batuta.cli.writing import check_output, format_for, target, write
from batuta.errors import BatutaError, MediaError, from_dict
from batuta.house import open_batuta
from batuta.jobs import JobRecord
from batuta.settings import Settings

Format = Literal["srt", "vtt", "txt", "tsv", "json"]


async def caption(  # noqa: PLR0913  # the options of a command
    source: str,
    *,
    language: Annotated[str | None, Parameter(name=["--language", "-l"])] = None,
    form: Annotated[Format | None, Parameter(name=["--format", "-f"])] = None,
    output: Annotated[str | None, Parameter(name=["--output", "-o"], allow_leading_hyphen=True)] = None,
    language_out: Annotated[str | None, Parameter(name=["--language-out", "-t"])] = None,
    model: str | None = None,
    profile: str | None = None,
    isolate_vocals: Annotated[bool, Parameter(negative="")] = False,
    prefer_existing: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
    report: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Caption a video or audio file, or the media behind a URL.

    Parameters
    ----------
    source
        A file, or an http(s) URL.
    language
        What is spoken: a code such as en, or auto (the default).
    form
        srt, vtt, txt, tsv or json; by default what the output's suffix says, or srt.
    output
        Where to write: a file, a folder, or - for stdout. Default: beside the file (for a URL: here), as
        NAME.LANGUAGE.FORMAT.
    language_out
        Translate the captions into this language: en from any, others as models allow.
    model
        Whisper model: base (the default) or tiny.en; see `batuta models list`.
    profile
        Rules the subtitles keep: default, children.
    isolate_vocals
        Take the voices out of the music first.
    prefer_existing
        Take the captions that YouTube has, if it has any.
    force
        Make a new job and ask the URL again, although an equal job is kept.
    report
        Print conformity and the time of each stage on stderr.
    as_json
        Print one JSON document about the job on stdout.
    """
    try:
        check_output(source, output)
        asked = {
            "language": language,
            "language_out": language_out,
            "model": model,
            "subtitle_profile": profile,
            "isolate_vocals": isolate_vocals or None,
        }
        options = options_from(asked)
        record, document = await _captioned(source, options, prefer_existing=prefer_existing, force=force)
        chosen = format_for(form, output)
        written = await asyncio.to_thread(_deliver, source, output, record, document, chosen, as_json)
    except BatutaError as error:
        if as_json:
            print_document(json.dumps({"status": "failed", "error": error.to_dict()}, ensure_ascii=False))
        raise
    _mention(record, document)
    if report:
        say(_report(record, document))
    if as_json:
        print_document(json.dumps(_summary(record, document, written), ensure_ascii=False, indent=2))
    return 0


async def _captioned(
    source: str, options: CaptionOptions, *, prefer_existing: bool, force: bool
) -> tuple[JobRecord, CaptionsDocument]:
    """The job at its end, and its captions."""
    settings = Settings()
    async with stopped_by_signal(), open_batuta(settings, carries="own") as batuta:
        batuta.captions.check(options)
        if settings.audio_transcriber_url is None:
            await pull(settings, [f"whisper-{options.model or settings.whisper_model}"])
        record = await batuta.captions.start_from(
            source, options, prefer_existing=prefer_existing, force=force
        )
        try:
            job_id = record.job_id
            await watch(batuta.captions.follow(job_id), lambda: batuta.captions.cancel(job_id))
            record = await batuta.captions.end_of(job_id)
        except MediaError as error:
            raise from_dict({**error.to_dict(), "message": f"{source}: {error.message}"}) from error
        return record, await batuta.captions.document(record)


def _deliver(
    source: str,
    output: str | None,
    record: JobRecord,
    document: CaptionsDocument,
    form: str,
    as_json: bool,  # noqa: FBT001  # called in a thread
) -> str | None:
    """Write the subtitles and say where; on stdout they are the document, unless that is to be JSON."""
    text, path = document.write(form), target(source, output, record, document, form)
    if path is not None:
        write(path, text)
    if not as_json:
        print_document(text if path is None else str(path))
    return None if path is None else str(path)


def _mention(record: JobRecord, document: CaptionsDocument) -> None:
    """Say on stderr what a person would not see from the subtitles alone."""
    for warning in result_of(record).warnings:
        say(f"batuta: {warning}")
    if not document.subtitles.cues:
        say("batuta: nobody speaks in it; the captions are empty")


def _summary(record: JobRecord, document: CaptionsDocument, written: str | None) -> dict[str, Any]:
    return {
        "job_id": record.job_id,
        "status": str(record.status),
        "language": document.subtitles.language,
        "duration": document.transcription.duration,
        "text": document.transcription.text,
        "subtitles_file": written,
        "cues": len(document.subtitles.cues),
        "conformity": document.conformity.to_dict(),
        "warnings": list(result_of(record).warnings),
        "stages": {
            name: {"seconds": stage.seconds, "reused": stage.reused} for name, stage in record.stages.items()
        },
    }


def _report(record: JobRecord, document: CaptionsDocument) -> str:
    lines = ["", document.conformity.summary(), "", "Stages"]
    for name, stage in record.stages.items():
        note = "  (kept from before)" if stage.reused else ""
        lines.append(f"  {name:<14} {stage.seconds or 0.0:7.2f} s{note}")
    return "\n".join(lines)
