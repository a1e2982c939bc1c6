"""`batuta caption`: a video in, subtitles out."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from batuta.captions.app import Captions, request_of, result_of
from batuta.captions.document import CaptionsDocument
from batuta.captions.models import CaptionOptions
from batuta.cli.screen import print_document, say, stage_bars, weight_bars
from batuta.errors import BatutaError, MediaError, ServiceError, from_dict
from batuta.jobs import JobRecord
from batuta.media import FORMATS
from batuta.server import open_batuta
from batuta.settings import Settings
from batuta.weights import Weights

Format = Literal["srt", "vtt", "txt", "tsv", "json"]


async def caption(  # noqa: PLR0913  # the options of a command
    source: str,
    *,
    language: Annotated[str | None, Parameter(name=["--language", "-l"])] = None,
    form: Annotated[Format, Parameter(name=["--format", "-f"])] = "srt",
    output: Annotated[str | None, Parameter(name=["--output", "-o"], allow_leading_hyphen=True)] = None,
    model: str | None = None,
    profile: str | None = None,
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
        srt, vtt, txt, tsv or json.
    output
        Where to write: a file, a folder, or - for stdout. Default: beside the file (for a URL: here), as
        NAME.LANGUAGE.FORMAT.
    model
        Whisper model: base (the default) or tiny.en; see `batuta models list`.
    profile
        Rules the subtitles keep: default, children.
    force
        Make a new job and ask the URL again, although an equal job is kept.
    report
        Print conformity and the time of each stage on stderr.
    as_json
        Print one JSON document about the job on stdout.
    """
    settings = Settings()
    options = CaptionOptions(language=language, model=model, subtitle_profile=profile)
    await _pull_weights(settings, model or settings.whisper_model)
    async with open_batuta(settings) as batuta:
        try:
            record = await batuta.captions.start_from(source, options, force=force)
            record = await _watch(batuta.captions, record)
        except (MediaError, ServiceError) as error:
            raise from_dict({**error.to_dict(), "message": f"{source}: {error.message}"}) from error
        document = await batuta.captions.document(record)
    written = _write(document, form, _target(source, output, record, document, form), as_json=as_json)
    if report:
        say(_report(record, document))
    if as_json:
        print_document(json.dumps(_summary(record, document, written), ensure_ascii=False, indent=2))
    return 0


async def _pull_weights(settings: Settings, model: str) -> None:
    """Get the weights before the job, where their progress can be seen."""
    if settings.audio_transcriber_url is not None:
        return
    weights, name = Weights.from_settings(settings), f"whisper-{model}"
    known = {status.weights.name for status in weights.status()}
    if name in known and weights.locate(name) is None:
        with weight_bars() as bars:
            await weights.ensure(name, bars.show)


async def _watch(captions: Captions, record: JobRecord) -> JobRecord:
    """Show the job's progress up to its end; Ctrl-C cancels it."""
    async with _cancelled_by_signal(captions, record.job_id):
        with stage_bars() as bars:
            async for event in captions.follow(record.job_id):
                bars.show(event)
    return await captions.end_of(record.job_id)


@asynccontextmanager
async def _cancelled_by_signal(captions: Captions, job_id: str) -> AsyncGenerator[None]:
    loop = asyncio.get_running_loop()
    cancelling: set[asyncio.Task[Any]] = set()

    def cancel() -> None:
        cancelling.add(asyncio.create_task(captions.cancel(job_id)))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel)
    try:
        yield
        if cancelling:
            await asyncio.wait(cancelling)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _target(
    source: str, output: str | None, record: JobRecord, document: CaptionsDocument, form: Format
) -> Path | None:
    """Where the subtitles go; None is stdout."""
    if output == "-":
        return None
    is_url = request_of(record).youtube_url is not None
    stem = (result_of(record).title or record.job_id) if is_url else Path(source).name
    name = f"{_safe_stem(stem)}.{document.subtitles.language}{FORMATS[form].extension}"
    if output is None:
        return Path(name) if is_url else Path(source).with_name(name)
    path = Path(output)
    return path / name if path.is_dir() or output.endswith("/") else path


def _safe_stem(name: str) -> str:
    """The name without its media suffix and without what no file system likes."""
    stem = Path(name).stem if Path(name).suffix[1:].isalnum() else name
    return (
        "".join(
            "_" if character in '/\\:*?"<>|' or not character.isprintable() else character
            for character in stem
        )[:120]
        or "captions"
    )


def _write(document: CaptionsDocument, form: Format, target: Path | None, *, as_json: bool) -> str | None:
    text = document.write(form)
    if target is None:
        if not as_json:
            print_document(text)
        return None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BatutaError(
            f"{target} cannot be written ({error.strerror}): choose another place with -o"
        ) from error
    if not as_json:
        print_document(str(target))
    return str(target)


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
    lines.extend(f"Warning: {warning}" for warning in result_of(record).warnings)
    return "\n".join(lines)
