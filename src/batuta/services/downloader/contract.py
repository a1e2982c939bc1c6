"""What the download engine is asked and what it answers; light to import, so that the parent may."""

from __future__ import annotations

from typing import Final, Literal, TypedDict

ENGINE: Final = "batuta.services.downloader.fetch:fetch"
"""Where a pool of worker processes finds the engine."""

ENGINE_VERSION: Final = "downloader-1"
"""Changes whenever the same URL and quality would give another file."""

Quality = Literal["audio", "best", "worst", "720p", "480p", "360p"]
"""What to prefer where there is a choice; the last three are the greatest height of the picture."""


class DownloadTask(TypedDict):
    """One URL of a medium, or of a page with one, to bring into a folder.

    `quality` is a `Quality`, checked by the engine because tasks arrive as JSON.
    Only public addresses are connected to, whatever the URL or a redirect says, and those that `url_allow`
    names: hosts, addresses or networks (`localhost`, `10.0.0.7`, `192.168.0.0/16`).
    """

    url: str
    output_folder: str
    quality: str
    max_bytes: int
    timeout_seconds: float
    url_allow: list[str]


class DownloadResult(TypedDict):
    """The file at `path` and what was said about it where it came from; nobody has looked inside yet.

    `filename` is for people: made of the title or the URL, safe to show and to save as. `duration` is in
    seconds.
    """

    path: str
    filename: str
    title: str | None
    duration: float | None
    media_type: str
    size: int
    extractor: str
    webpage_url: str


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
