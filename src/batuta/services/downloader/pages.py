"""The medium in a page, found and fetched by yt-dlp: no configuration, cookies, plugins, cache or helpers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, cast

import yt_dlp
from yt_dlp.globals import plugin_dirs
from yt_dlp.networking.exceptions import HTTPError, RequestError, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, UnsupportedError

from batuta.errors import (
    BatutaError,
    InvalidRequest,
    PayloadTooLarge,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)
from batuta.services.downloader.limits import SizeLimit
from batuta.services.downloader.refusals import answered, causes, one_line, shown, unreachable

FORMATS: Final[Mapping[str, str]] = {
    "audio": "bestaudio/best",
    "best": "best/bestvideo*",
    "worst": "worst/worstvideo*",
    "720p": "best[height<=?720]/worst",
    "480p": "best[height<=?480]/worst",
    "360p": "best[height<=?360]/worst",
}
"""yt-dlp's selectors by quality; single files only, as joining sound and picture takes an FFmpeg program."""

MAX_PAGE_BYTES: Final = 6 * 1024 * 1024
"""A page is parsed whole: 21 MB of it took 4 GB of memory. Those of the large sites have 2 MB."""
_PATIENCE_SECONDS: Final = 20
_RETRIES: Final = 2
"""Within one download; whoever called us tries again as he likes."""

plugin_dirs.value = []


@dataclass(frozen=True, slots=True)
class Medium:
    """What yt-dlp found behind a URL; `direct` when `url` is that of the file itself."""

    url: str
    direct: bool
    title: str | None
    duration: float | None
    extractor: str
    webpage_url: str
    info: dict[str, Any] = field(repr=False)


class Pages:
    """yt-dlp for one download: first `find`, then `fetch` what was found."""

    def __init__(self, quality: str, limit: SizeLimit, report: Callable[[float], None], target: Path) -> None:
        """The file will be `target` with the extension that fits."""
        self._limit = limit
        self._report = report
        self._ytdlp = cast("_Ytdlp", _Cautious(cast("Any", self._options(quality, target))))

    def find(self, url: str) -> Medium | None:
        """The first medium behind the URL; `None` when there is none that yt-dlp knows of."""
        with _translated(url, otherwise=ServiceError):
            try:
                info = self._ytdlp.extract_info(url, download=False)
            except DownloadError as error:
                if any(isinstance(cause, UnsupportedError) for cause in causes(error)):
                    return None
                raise
        info = next(iter(info["entries"]), None) if info and "entries" in info else info
        if info is None:
            return None
        return Medium(
            url=info.get("url") or url,
            direct=bool(info.get("direct")),
            title=info.get("title"),
            duration=info.get("duration"),
            extractor=info.get("extractor") or "generic",
            webpage_url=info.get("webpage_url") or url,
            info=info,
        )

    def fetch(self, medium: Medium) -> Path:
        """Download what `find` found."""
        with _translated(medium.webpage_url, otherwise=ServiceUnavailable):
            info = self._ytdlp.process_ie_result(medium.info, download=True)
            return Path(info["requested_downloads"][0]["filepath"])

    def close(self) -> None:
        """Close the connections."""
        self._ytdlp.close()

    def _options(self, quality: str, target: Path) -> dict[str, Any]:
        return {
            "format": FORMATS[quality],
            "outtmpl": {"default": f"{target}.%(ext)s"},
            "noplaylist": True,
            "playlist_items": "1",
            "lazy_playlist": True,
            "match_filter": _only_finished,
            "progress_hooks": [self._on_progress],
            "socket_timeout": _PATIENCE_SECONDS,
            "retries": _RETRIES,
            "fragment_retries": _RETRIES,
            "skip_unavailable_fragments": False,
            "hls_prefer_native": True,
            "fixup": "never",
            "overwrites": True,
            "updatetime": False,
            "cachedir": False,
            "quiet": True,
            "noprogress": True,
            "logger": _Silence(),
        }

    def _on_progress(self, status: Mapping[str, Any]) -> None:
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        received = status.get("downloaded_bytes") or 0
        self._limit.check(status.get("total_bytes"))
        self._limit.check(received)
        if total:
            self._report(100 * received / total)


class _Cautious(yt_dlp.YoutubeDL):
    """yt-dlp that reads no more of a page than a page has, and leaves no answer open at the end."""

    def __init__(self, options: Any) -> None:  # noqa: ANN401  # the library's signature
        self._open: list[Any] = []
        """Answers that yt-dlp looked into, or made an error of, and did not close."""
        super().__init__(options)

    def close(self) -> None:
        """Close the connections, those of open answers, too."""
        for response in self._open:
            response.close()
        super().close()

    def urlopen(self, req: Any) -> Any:  # noqa: ANN401  # the library's signature
        """The answer, whose `read()` without a size ends early for what is no page."""
        self._open = [response for response in self._open if not response.closed]
        try:
            response: Any = super().urlopen(req)
        except HTTPError as error:
            self._open.append(error.response)
            raise
        self._open.append(response)
        read = response.read

        def read_a_page(amt: int | None = None) -> bytes:
            if amt is not None:
                return read(amt)
            parts = list[bytes]()
            while (left := MAX_PAGE_BYTES + 1 - sum(map(len, parts))) > 0 and (part := read(left)):
                parts.append(part)
            if left <= 0:
                raise PayloadTooLarge(f"{shown(response.url)} is a page of more than {MAX_PAGE_BYTES} bytes.")
            return b"".join(parts)

        response.read = read_a_page
        return response


class _Ytdlp(Protocol):
    """What is used of `yt_dlp.YoutubeDL`."""

    def extract_info(self, url: str, *, download: bool) -> dict[str, Any] | None: ...
    def process_ie_result(self, ie_result: dict[str, Any], *, download: bool) -> dict[str, Any]: ...
    def close(self) -> None: ...


class _Silence:
    """A logger; what goes wrong is raised as well."""

    def debug(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...


def _only_finished(info: Mapping[str, Any], *, incomplete: bool) -> None:  # noqa: ARG001  # yt-dlp's signature
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming"}:
        raise InvalidRequest("This is a live stream; it can be downloaded when it is over.")


@contextmanager
def _translated(url: str, otherwise: type[ServiceError]) -> Generator[None]:
    """Our errors for yt-dlp's; `otherwise` for those that say nothing about their cause."""
    try:
        yield
    except DownloadError as error:
        for cause in causes(error):
            match cause:
                case BatutaError():
                    raise cause from None
                case HTTPError(redirect_loop=True):
                    raise ServiceRefused(f"{shown(url)} redirects in circles.") from None
                case HTTPError():
                    retry_after = cause.response.headers.get("Retry-After")
                    raise answered(url, cause.status, retry_after) from None
                case TransportError():
                    raise unreachable(url, cause) from None
                case ExtractorError(expected=True):
                    raise ServiceRefused(f"{shown(url)}: {one_line(cause.orig_msg)}") from None
                case _:
                    pass
        raise otherwise(f"{shown(url)} cannot be downloaded: {one_line(error)}") from None
    except RequestError as error:  # for example a redirect to what is no web address
        raise ServiceRefused(f"{shown(url)} cannot be downloaded: {one_line(error)}") from None
