"""`batuta doctor`: what is missing, and how to get it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import httpx2
from cyclopts import Parameter

from batuta.cli.screen import print_document
from batuta.errors import BatutaError
from batuta.services.kinds import SERVICES
from batuta.services.speech.espeak_home import find_espeak
from batuta.services.speech.voices import GET_ESPEAK
from batuta.services.translator.apertium import Apertium
from batuta.services.translator.service import Translator
from batuta.settings import Settings
from batuta.weights import State, Weights

MIN_FREE_BYTES: Final = 2 * 1024**3
"""Room for the default weights and an hour of video."""
_ENGINES: Final = {
    "FFmpeg (PyAV)": ("av", "reads and writes media"),
    "RNNoise": ("pyrnnoise.rnnoise", "removes noise"),
    "faster-whisper": ("faster_whisper", "recognises speech"),
    "yt-dlp": ("yt_dlp", "downloads from media sites"),
    "onnxruntime": ("onnxruntime", "speaks, and separates voices from music"),
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do where it is not well."""

    name: str
    well: bool
    found: str
    advice: str = ""


async def doctor(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Look at everything Batuta needs; exit code 1 when something is missing."""
    settings = Settings()
    findings = [
        *await asyncio.to_thread(_local, settings),
        *await asyncio.gather(*(_service(name, settings) for name in SERVICES)),
    ]
    if as_json:
        print_document(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print_document(f"{'ok ' if finding.well else 'NO '} {finding.name:<22} {finding.found}")
            if not finding.well:
                print_document(f"    → {finding.advice}")
    return 0 if all(finding.well for finding in findings) else 1


def _local(settings: Settings) -> list[Finding]:
    looks: list[Callable[[Settings], Finding]] = [_python, _sqlite, _data, _room]
    return [
        *(look(settings) for look in looks),
        *(_engine(name, module, purpose) for name, (module, purpose) in _ENGINES.items()),
        _weights(settings),
        _voices(),
        _languages(settings),
    ]


def _python(_: Settings) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or later")


def _sqlite(_: Settings) -> Finding:
    enough = sqlite3.sqlite_version_info >= (3, 35)
    return Finding("SQLite", enough, sqlite3.sqlite_version, "install SQLite 3.35 or later (for RETURNING)")


def _data(settings: Settings) -> Finding:
    folder = settings.batuta_data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    return Finding("data folder", writable, str(folder), "make it writable, or set BATUTA_DATA to another")


def _room(settings: Settings) -> Finding:
    nearest = next(
        folder for folder in (settings.batuta_data, *settings.batuta_data.parents) if folder.exists()
    )
    free = shutil.disk_usage(nearest).free
    advice = f"make room, or set BATUTA_DATA: {MIN_FREE_BYTES / 1e9:.0f} GB should be free"
    return Finding("room", free >= MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", advice)


def _engine(name: str, module: str, purpose: str) -> Finding:
    try:
        importlib.import_module(module)
    except (ImportError, OSError) as error:
        return Finding(name, well=False, found=str(error), advice="install Batuta again: pip install batuta")
    return Finding(name, well=True, found=purpose)


def _weights(settings: Settings) -> Finding:
    name = f"whisper-{settings.whisper_model}"
    status = next(
        (status for status in Weights.from_settings(settings).status() if status.weights.name == name), None
    )
    if status is None:
        return Finding(
            "weights",
            well=False,
            found=f"no model {settings.whisper_model!r}",
            advice="set WHISPER_MODEL to one of `batuta models list`",
        )
    return Finding(
        "weights", status.state is State.PRESENT, f"{name} {status.state}", f"batuta models pull {name}"
    )


def _voices() -> Finding:
    """What dubs are spoken with; nothing is missing without the optional part, there are only fewer."""
    espeak = find_espeak()
    if espeak is None:
        return Finding("voices", well=True, found=f"en, de, es, fr, it; for more: {GET_ESPEAK}")
    return Finding("voices", well=True, found="all, with espeak-ng")


def _languages(settings: Settings) -> Finding:
    """What can be translated into what."""
    offer = Translator(Weights.from_settings(settings), settings.batuta_models, rules=Apertium()).pairs()
    pairs = ", ".join(map(str, offer.routes.values()))
    return Finding("translation", well=True, found=pairs or "no pair of languages has its models")


async def _service(name: str, settings: Settings) -> Finding:
    url = SERVICES[name].url(settings)
    if url is None:
        return Finding(name, well=True, found="embedded")
    try:
        async with httpx2.AsyncClient(timeout=2.0) as client:
            answer = await client.get(f"{str(url).rstrip('/')}/health")
            answer.raise_for_status()
    except (httpx2.HTTPError, BatutaError) as error:
        return Finding(
            name, well=False, found=f"{url}: {error}", advice="start it, or unset its URL to embed it"
        )
    return Finding(name, well=True, found=str(url))
