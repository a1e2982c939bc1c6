"""The downloader's engine: bring a file here, or take the one that is here, and prove that it is media."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from batuta.media.audio import probe
from batuta.services.downloader.contract import FetchResult, FetchTask


def fetch(task: FetchTask, report: Callable[[float], None]) -> FetchResult:
    """Download if there is a URL; raises `UnreadableMedia` when the file is not media."""
    if task["url"] is None:
        return _proved(Path(task["path"] or ""), "the file", "application/octet-stream")
    from batuta.services.downloader.engine import download  # noqa: PLC0415  # takes a second to import

    found = download(
        {
            "url": task["url"],
            "output_folder": task["output_folder"],
            "quality": task["quality"],
            "max_bytes": task["max_bytes"],
            "timeout_seconds": task["timeout_seconds"],
            "url_allow": task["url_allow"],
        },
        report,
    )
    proved = _proved(Path(found["path"]), found["filename"], found["media_type"])
    return {**proved, "filename": found["filename"], "title": found["title"]}


def _proved(path: Path, shown: str, media_type: str) -> FetchResult:
    info = probe(path, shown)
    return {
        "path": str(path),
        "filename": None,
        "title": None,
        "media_type": media_type,
        "duration": info.duration,
        "has_audio": info.has_audio,
        "has_video": info.has_video,
    }
