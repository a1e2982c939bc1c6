"""How objects are called: `<epoch ms>_<name>` comes in, `dubbed_<job id>.mp4` goes out. Pure.

Names come from outside. What is left of one is a single file name that folders, buckets and headers take.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.gateway.models import MAX_KEY

MAX_NAME: Final = 120
MAX_NAME_BYTES: Final = 200
"""A file name may have 255 bytes (NAME_MAX); the time goes before it, and a writer's own mark behind."""
UNNAMED: Final = "video"
OUTPUT_SUFFIXES: Final = (".mp4", ".mkv")

_ODD: Final = frozenset('/\\:*?"<>|%#&+=;~`^{}[]$')
"""What a path, a URL, a shell or an object store may take for something else."""


def source_key(epoch_ms: int, filename: str) -> str:
    """The key of an uploaded file that its sender calls so."""
    return f"{epoch_ms}_{clean_name(filename)}"


def output_keys(job_id: int) -> tuple[str, ...]:
    """The keys under which the job's output may lie, and nothing else of anybody's."""
    return tuple(f"dubbed_{job_id}{suffix}" for suffix in OUTPUT_SUFFIXES)


def output_key(job_id: int, suffix: str = OUTPUT_SUFFIXES[0]) -> str:
    """The key of the job's output in a container, `.mp4` or `.mkv`; raises `InvalidRequest` for another."""
    if suffix not in OUTPUT_SUFFIXES:
        raise InvalidRequest(f"an output is {' or '.join(OUTPUT_SUFFIXES)}, not {suffix!r}")
    return f"dubbed_{job_id}{suffix}"


def download_name(key: str, source: str, language: str) -> str:
    """What the output is called for whoever asked: `talk.es.mp4` for `talk.mov` in Spanish."""
    _, _, name = source.partition("_")
    stem = PurePosixPath(clean_name(name)).stem
    return f"{stem}.{clean_name(language)}{PurePosixPath(key).suffix}"


def clean_name(filename: str) -> str:
    """A name of at most `MAX_NAME` characters in composed form (NFC), with the suffix it had."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    composed = unicodedata.normalize("NFC", last)
    kept = "".join(
        " " if character.isspace() else "_" if character in _ODD else character
        for character in composed
        if character.isspace() or character.isprintable()
    )
    name = " ".join(kept.split()).lstrip(". ").rstrip(". ") or UNNAMED
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 16:  # noqa: PLR2004  # that is no suffix, the name only has a dot in it
        stem, dot, suffix = name, "", ""
    return _cut(stem, len(dot + suffix), len((dot + suffix).encode())) + dot + suffix


def check_key(key: str) -> str:
    """The key, if an object can be called so; raises `InvalidRequest` for paths that lead elsewhere."""
    parts = key.split("/")
    if not 0 < len(key.encode(errors="replace")) <= MAX_KEY:
        raise InvalidRequest(f"an object's key has 1 to {MAX_KEY} bytes, not {len(key)} characters")
    if any(part in {"", ".", ".."} for part in parts) or "\\" in key or not key.isprintable():
        raise InvalidRequest(f"{key[:80]!r} is no key of an object: a name without `..` and `//` is")
    return key


def _cut(stem: str, taken: int, taken_bytes: int) -> str:
    """As much of the stem as both limits allow, never half a character."""
    cut = stem[: MAX_NAME - taken].encode()[: MAX_NAME_BYTES - taken_bytes]
    return cut.decode(errors="ignore").rstrip()
