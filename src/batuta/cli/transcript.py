"""`batuta transcript`: a YouTube video in, its transcript out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from batuta.cli.screen import print_document, say
from batuta.cli.stopping import stopped_by_signal
from batuta.cli.writing import write
from batuta.errors import InvalidRequest, StorageError
from batuta.settings import Settings
from batuta.storage.database import Database, patiently
from batuta.transcripts.app import open_transcripts
from batuta.transcripts.formats import TRANSCRIPT_FORMATS, TranscriptFormat, render
from batuta.transcripts.models import TranscriptResult
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome
from batuta.transcripts.questions import Question


async def transcript(
    video: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    languages: Annotated[str | None, Parameter(name=["--languages", "--language", "-l"])] = None,
    form: Annotated[TranscriptFormat | None, Parameter(name=["--format", "-f"])] = None,
    output: Annotated[str | None, Parameter(name=["--output", "-o"], allow_leading_hyphen=True)] = None,
    generate: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Print the transcript of a YouTube video, from the nearest place that has it.

    Parameters
    ----------
    video
        Any YouTube address of the video, or its id.
    languages
        Codes by commas, best first, such as es,en. Default: any, the video's own first.
    form
        txt, srt, vtt or json; by default what the output's suffix says, or txt.
    output
        Where to write: a file, a folder, or - for stdout (the default).
    generate
        Have it made from the sound where YouTube has none; that takes minutes.
    as_json
        Print one JSON document on stdout: the transcript, where it came from and what was tried.
    """
    if output == "":
        raise InvalidRequest("-o needs a file, a folder, or - for stdout")
    wanted = None if languages is None else languages.split(",")
    question = Question.of(video, wanted)  # what is wrong with it is told before anything is opened
    async with stopped_by_signal(), _opened(generate=generate) as transcripts:
        outcome = await transcripts.get(question.video_id, question.wanted, generate=generate)
    if as_json:
        print_document(json.dumps(_summary(outcome), ensure_ascii=False))
    result = outcome.found().result
    written = (
        None if output in {None, "-"} else await asyncio.to_thread(_write, result, Path(output or ""), form)
    )
    if outcome.stale:
        say(f"batuta: YouTube failed, so this is the transcript of {result.fetched_at:%Y-%m-%d}")
    if not as_json:
        print_document(render(result, form or "txt") if written is None else str(written))
    return 0


@asynccontextmanager
async def _opened(*, generate: bool) -> AsyncGenerator[Transcripts]:
    """Transcripts alone; the whole house, with its engine, only for who may need it."""
    settings = Settings()
    if generate:
        from batuta.house import open_batuta  # noqa: PLC0415  # the engine takes seconds to import

        async with open_batuta(settings, carries="own") as batuta:
            yield batuta.transcripts
        return
    database = Database.of_settings(settings)
    try:
        try:
            with patiently(1):
                await database.create_tables()
        except StorageError as error:  # a tier that fails is passed over
            say(f"batuta: {error.message}; going on without it")
        async with open_transcripts(settings, database) as transcripts:
            yield transcripts
    finally:
        await database.aclose()


def _write(result: TranscriptResult, path: Path, form: TranscriptFormat | None) -> Path:
    """Write the file, in a folder under the video's own name; the path."""
    suffix = path.suffix.removeprefix(".").lower()
    named: list[TranscriptFormat] = [known for known in TRANSCRIPT_FORMATS if known == suffix]
    chosen = form or (named[0] if named else "txt")
    if path.is_dir():
        path /= f"{result.video_id}.{result.language}.{chosen}"
    write(path, render(result, chosen))
    return path


def _summary(outcome: Outcome) -> dict[str, Any]:
    """What there is to know, a failure included."""
    tried = [asdict(attempt) for attempt in outcome.attempts]
    told: dict[str, Any] = {"source": outcome.source, "stale": outcome.stale, "attempts": tried}
    if outcome.transcript is not None:
        return {"status": "ok", **outcome.transcript.model_dump(mode="json"), **told}
    error = None if outcome.error is None else outcome.error.to_problem()
    return {"status": "failed", "cause": outcome.cause, "error": error, **told}
