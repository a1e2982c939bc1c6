"""Where subtitles are written: beside the media, or wherever somebody says; never over the media."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from batuta.captions.app import request_of, result_of
from batuta.captions.document import CaptionsDocument
from batuta.errors import BatutaError, InvalidRequest
from batuta.jobs import JobRecord
from batuta.media import FORMATS


def format_for(form: str | None, output: str | None) -> str:
    """The format asked for, or the one that the output's suffix names, or SRT."""
    suffix = Path(output or "").suffix.removeprefix(".").lower()
    return form or (suffix if suffix in FORMATS else "srt")


def check_output(source: str, output: str | None) -> None:
    """Raise `InvalidRequest` for a place where nothing can be written, before any work."""
    if output == "":
        raise InvalidRequest("-o needs a file, a folder, or - for stdout")
    if output in {None, "-"}:
        return
    path = Path(output or "")
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise InvalidRequest(f"{output} is the media itself: give another place with -o")


def target(
    source: str, output: str | None, record: JobRecord, document: CaptionsDocument, form: str
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


def write(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    with whole_or_not(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


@contextmanager
def whole_or_not(path: Path) -> Generator[Path]:
    """Where to write what becomes the file at the end of the block; raises `BatutaError` where that fails."""
    unfinished = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        why = error.strerror or error
        raise BatutaError(f"{path} cannot be written ({why}): choose another place with -o") from error


def _safe_stem(name: str) -> str:
    """The name without its media suffix and without what no file system likes."""
    stem = Path(name).stem if Path(name).suffix[1:].isalnum() else name
    safe = "".join(
        "_" if character in '/\\:*?"<>|' or not character.isprintable() else character for character in stem
    )
    return safe[:120] or "captions"
