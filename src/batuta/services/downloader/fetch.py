"""The downloader's engine: bring a file here, or take the one that is here, and prove that it is media."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NotRequired, TypedDict

from batuta.media.audio import probe


class FetchTask(TypedDict):
    """Either a `url` to bring into `output_folder`, or the `path` of a file that was uploaded."""

    url: NotRequired[str]
    path: NotRequired[str]
    output_folder: str
    quality: str
    max_bytes: int
    timeout_seconds: float


class FetchResult(TypedDict):
    """The file and what is known about it; `duration` in seconds."""

    path: str
    filename: str | None
    title: str | None
    media_type: str
    duration: float | None
    has_audio: bool
    has_video: bool


def fetch(task: FetchTask, report: Callable[[float], None]) -> FetchResult:
    """Download if there is a URL; raises `UnreadableMedia` when the file is not media."""
    if "url" not in task:
        return _proved(
            Path(task.get("path", "")), "the uploaded file", None, "application/octet-stream", None
        )
    from batuta.services.downloader.engine import download  # noqa: PLC0415  # a second to import, often not needed

    found = download(
        {
            "url": task["url"],
            "output_folder": task["output_folder"],
            "quality": task["quality"],
            "max_bytes": task["max_bytes"],
            "timeout_seconds": task["timeout_seconds"],
        },
        report,
    )
    return _proved(
        Path(found["path"]), found["filename"], found["title"], found["media_type"], found["filename"]
    )


def _proved(path: Path, shown: str, title: str | None, media_type: str, filename: str | None) -> FetchResult:
    info = probe(path, shown)
    return {
        "path": str(path),
        "filename": filename,
        "title": title,
        "media_type": media_type,
        "duration": info.duration,
        "has_audio": info.has_audio,
        "has_video": info.has_video,
    }
