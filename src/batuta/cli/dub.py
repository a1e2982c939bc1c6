"""`batuta dub`: a video in, the same video speaking another language out."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter

from batuta.cli.pulling import pull
from batuta.cli.screen import print_document, say
from batuta.cli.stopping import stopped_by_signal
from batuta.cli.watching import watch
from batuta.cli.writing import whole_or_not
from batuta.dubbing.views import result_of
from batuta.errors import BatutaError, InvalidRequest
from batuta.house import Batuta, open_batuta
from batuta.jobs import JobRecord
from batuta.services.audio_worker.contract import SEPARATION_WEIGHTS
from batuta.services.gateway.models import Options
from batuta.services.problems import fields_of
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact, ArtefactStore, as_local_file

REPORT: Final = "dubbing_report.json"


async def dub(  # noqa: PLR0913  # the options of a command
    source: Path,
    *,
    to: Annotated[str, Parameter(name=["--to", "-t"])],
    source_language: Annotated[str, Parameter(name=["--from", "-f"])] = "auto",
    voice: str | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    keep_background: bool = True,
    subtitles: Literal["soft", "none"] = "soft",
    loudness: Literal["web", "broadcast", "netflix"] = "web",
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Dub a video into another language.

    Parameters
    ----------
    source
        A video file.
    to
        The language it is to speak: a code such as es or pt.
    source_language
        The language it speaks, or auto (the default).
    voice
        Who speaks, such as kokoro:pf_dora; by default the best voice of the language.
    output
        Where to write: a file or a folder. Default: beside the video, as NAME.LANGUAGE.mp4.
    keep_background
        Keep music and noises under the new voices.
    subtitles
        soft puts both languages into the video as tracks; none leaves them out.
    loudness
        How loud the whole is: web (-16 LUFS), broadcast (-23) or netflix (-27).
    as_json
        Print one JSON document on stdout: the report and where the files are.
    """
    asked = {
        "source_language": source_language,
        "voice": voice,
        "keep_background": keep_background,
        "subtitles": subtitles,
        "loudness": loudness,
    }
    try:
        video = _place(source, output, to)
        async with stopped_by_signal(), open_batuta(Settings(), carries="own") as batuta:
            record = await _dubbed(batuta, source, to, fields_of(Options, asked))
            written = await _delivered(batuta, record, source, video)
            report = await batuta.dubbing.report(record)
    except BatutaError as error:
        if as_json:
            print_document(json.dumps({"status": "failed", "error": error.to_dict()}, ensure_ascii=False))
        raise
    for warning in result_of(record).warnings:
        say(f"batuta: {warning}")
    if as_json:
        files = {name: str(path) for name, path in written.items()}
        told = {"status": "completed", "files": files, "report": report}
        print_document(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print_document(str(written["video"]))
        say(_summary(report))
    return 0


async def _dubbed(batuta: Batuta, source: Path, to: str, options: Options) -> JobRecord:
    """The job at its end."""
    if batuta.gateway is None:
        raise InvalidRequest("API_GATEWAY_URL names another gateway: upload the video there, or unset it")
    await pull(batuta.settings, _weights(batuta, to, options))
    job = await batuta.gateway.uploads.take_file(source, to, options)
    record = await batuta.dubbing.orchestrate(job.id)
    await watch(batuta.dubbing.follow(record), lambda: batuta.dubbing.cancel(record))
    record = await batuta.dubbing.end_of(record)
    with suppress(BatutaError):  # the files go to where they were asked for, and need not be kept twice
        await batuta.gateway.clean(await batuta.gateway.gateway.job(job.id), delete_record=False)
    return record


def _weights(batuta: Batuta, to: str, options: Options) -> list[str]:
    """Every set of weights that the dub needs here; raises `InvalidRequest` for what cannot be dubbed."""
    offers, settings = batuta.dubbing.offers, batuta.settings
    offers.check(options.source_language, to, options.voice)
    names = list(offers.weights(options.source_language, to, options.voice))
    if settings.asr_url is None and settings.audio_transcriber_url is None:
        names.append(f"whisper-{settings.whisper_model}")
    if options.keep_background and settings.audio_worker_url is None:
        names.append(SEPARATION_WEIGHTS)
    return names


async def _delivered(batuta: Batuta, record: JobRecord, source: Path, video: Path) -> dict[str, Path]:
    """The video, and beside it the subtitles in both languages and the report."""
    result = result_of(record)
    video = video.with_suffix(".mp4" if result.video.media_type == "video/mp4" else ".mkv")
    if video.exists() and video.samefile(source):  # the container became another than was asked for
        video = video.with_stem(f"{video.stem}.dubbed")
    files = {
        "video": (result.video, video),
        "report": (result.report, video.with_name(REPORT)),
        "subtitles_source": (
            result.subtitles_source,
            video.with_suffix(f".{result.source_language}.srt"),
        ),
        "subtitles_target": (
            result.subtitles_target,
            video.with_suffix(f".{result.target_language}.srt"),
        ),
    }
    for artefact, path in files.values():
        await _write(batuta.dubbing.artefacts, artefact, path)
    return {name: path for name, (_, path) in files.items()}


async def _write(store: ArtefactStore, artefact: Artefact, path: Path) -> None:
    with whole_or_not(path) as unfinished:
        async with as_local_file(store, artefact, path.parent) as stored:
            await asyncio.to_thread(shutil.copyfile, stored, unfinished)


def _place(source: Path, output: Path | None, to: str) -> Path:
    """Where the video goes; raises `InvalidRequest` for a place where it cannot."""
    if not source.is_file():
        kind = "is not a file" if source.exists() else "does not exist"
        raise InvalidRequest(f"{source} {kind}: give a video file")
    name = f"{source.stem}.{to}.mp4"
    video = source.with_name(name) if output is None else output / name if output.is_dir() else output
    if video.suffix not in {".mp4", ".mkv"}:
        raise InvalidRequest(f"{video}: the dubbed video is an .mp4 (or .mkv): name it so, or give a folder")
    if video.exists() and video.samefile(source):
        raise InvalidRequest(f"{video} is the video itself: give another place with -o")
    if not video.parent.is_dir():
        raise InvalidRequest(f"{video.parent} is no folder: make it, or choose another place with -o")
    return video


def _summary(report: dict[str, Any]) -> str:
    totals = report["totals"]
    return (
        f"{totals['segments']} lines from {report['source_language']} to {report['target_language']}, "
        f"{100 * totals['on_plan']:.0f} % on time, spoken at most {totals['max_tempo']:.2f} times as fast, "
        f"{totals['loudness']} LUFS"
    )
