"""A URL in, a media file in our folder out: within its size, within its time, from public addresses only.

yt-dlp finds the medium, in a page or behind the URL itself; a file is then streamed by ourselves, anything
else (fragments, playlists of pieces) by yt-dlp.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from batuta.errors import InvalidRequest, ServiceError, ServiceUnavailable
from batuta.ids import content_key
from batuta.services.downloader.addresses import only_public_addresses
from batuta.services.downloader.contract import ENGINE_VERSION, DownloadResult, DownloadTask
from batuta.services.downloader.direct import stream
from batuta.services.downloader.limits import SizeLimit, TimeUp, time_limit
from batuta.services.downloader.pages import FORMATS, Medium, Pages
from batuta.services.downloader.refusals import shown

__all__ = ["ENGINE_VERSION", "DownloadResult", "DownloadTask", "download"]

FINDING_SECONDS: Final = 90.0
"""For finding the medium in a page: a page can be made that takes a parser hours."""
_STEM_LENGTH: Final = 16
_LONGEST_NAME: Final = 120
_UNKNOWN: Final = "application/octet-stream"
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


def download(task: DownloadTask, report: Callable[[float], None]) -> DownloadResult:
    """Do the task.

    Raises `InvalidRequest` for a URL that may not be asked, `PayloadTooLarge`, `UnreadableMedia` when there
    is no medium, `ServiceRefused` when the server says no, `ServiceUnavailable` when it may say yes later.
    """
    _check(task)
    with only_public_addresses(task["url_allow"]) as guard:
        try:
            with time_limit(task["timeout_seconds"]):
                return _download(task, report)
        except TimeUp:
            raise ServiceUnavailable(
                f"{shown(task['url'])} took longer than the {task['timeout_seconds']:g} s allowed,"
                f" or {FINDING_SECONDS:g} s to find the medium in its page."
            ) from None
        except ServiceError:
            if guard.refused:
                raise InvalidRequest(
                    f"{shown(task['url'])} leads to {guard.refused[0]}, which is not a public address. "
                    "If that is meant, allow it with BATUTA_URL_ALLOW."
                ) from None
            raise


def _check(task: DownloadTask) -> None:
    parts = urlsplit(task["url"])
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidRequest(
            f"{task['url']!r} cannot be downloaded: only http:// and https:// addresses can."
        )
    if task["quality"] not in FORMATS:
        raise InvalidRequest(f"unknown quality {task['quality']!r}; known: {', '.join(FORMATS)}")


def _download(task: DownloadTask, report: Callable[[float], None]) -> DownloadResult:
    url, limit = task["url"], SizeLimit(task["max_bytes"])
    target = Path(task["output_folder"]) / content_key(url)[:_STEM_LENGTH]
    with closing(Pages(task["quality"], limit, report, target)) as pages:
        with time_limit(min(task["timeout_seconds"], FINDING_SECONDS)):
            medium = pages.find(url) or Medium(url, True, None, None, "direct", url, {})
        if medium.direct:
            streamed = stream(medium.url, target, limit, report)
            media_type, path = streamed.media_type, target
        else:
            path = pages.fetch(medium)
            media_type = mimetypes.guess_type(path.name)[0] or _UNKNOWN
    report(100.0)
    return DownloadResult(
        path=str(path),
        filename=_display_name(medium, path.suffix, media_type),
        title=medium.title,
        duration=medium.duration,
        media_type=media_type,
        size=path.stat().st_size,
        extractor=medium.extractor,
        webpage_url=medium.webpage_url,
    )


def _display_name(medium: Medium, suffix: str, media_type: str) -> str:
    """The title, or else the end of the URL, as a file name that is safe everywhere."""
    address = PurePosixPath(unquote(urlsplit(medium.url).path))
    if not suffix:
        known = mimetypes.guess_type(address.name)[0] is not None
        suffix = address.suffix if known else mimetypes.guess_extension(media_type) or ""
    stem = _UNSAFE.sub(" ", unicodedata.normalize("NFC", medium.title or address.stem))
    return (" ".join(stem.split()).strip(".")[:_LONGEST_NAME] or "download") + suffix
