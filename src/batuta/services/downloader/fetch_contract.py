"""What the downloader's engine is asked and what it answers; light to import, so that the parent may."""

from __future__ import annotations

from typing import Final, TypedDict

FETCH: Final = "batuta.services.downloader.fetch:fetch"
"""Where a pool of worker processes finds the engine."""


class FetchTask(TypedDict):
    """Either a `url` to bring into `output_folder`, or the `path` of a file that was uploaded."""

    url: str | None
    path: str | None
    output_folder: str
    quality: str
    max_bytes: int
    timeout_seconds: float
    url_allow: list[str]


class FetchResult(TypedDict):
    """The file and what is known about it; `duration` in seconds."""

    path: str
    filename: str | None
    title: str | None
    media_type: str
    duration: float | None
    has_audio: bool
    has_video: bool
