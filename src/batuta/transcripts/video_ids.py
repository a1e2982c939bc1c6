"""The video, or the playlist, that an address leads to: strict about the host, generous about the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit

_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_PLAYLIST: Final = re.compile(r"(?:(?:PL|EC|UU|FL|RD|UL|TL|PU|OLAK5uy_)[A-Za-z0-9_-]{10,80}|RDMM)")
"""As yt-dlp knows them; `WL`, `LL` and `LM` are left out, since only their owner can see them."""
_NO_IDS: Final = frozenset({"videoseries", "live_stream"})
"""Players of a playlist and of a channel's broadcast, whose names happen to have 11 characters."""

_HOSTS: Final = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "gaming.youtube.com",
        "consent.youtube.com",
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
        "youtubekids.com",
        "www.youtubekids.com",
    }
)
_SHORT_HOSTS: Final = frozenset({"youtu.be", "www.youtu.be"})
_PICTURE_HOSTS: Final = frozenset({"img.youtube.com", "i.ytimg.com"})
_PLAYERS: Final = frozenset({"shorts", "live", "embed", "v", "vi", "e", "watch"})
"""`/shorts/ID` and its like."""
_LEADS_TO: Final = {
    "attribution_link": "u",
    "oembed": "url",
    "redirect": "q",
    "m": "continue",  # of consent.youtube.com
    "ml": "continue",
    "signin": "next",
}
"""Pages with another address in a parameter."""
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):?//")
_FORBIDDEN: Final = re.compile(r"[\s\\\x00-\x1f\x7f<>\"]")
_PORTS: Final = {None, 80, 443}
_LONGEST: Final = 2048
_DEPTH: Final = 3
"""Addresses inside addresses that are followed."""


@dataclass(frozen=True, slots=True)
class _Page:
    host: str
    parts: tuple[str, ...]
    query: dict[str, list[str]]

    def first(self, name: str) -> str:
        """The parameter's first value, as browsers and YouTube take it."""
        return self.query.get(name, [""])[0]


def is_video_id(text: str) -> bool:
    """Whether the text is an id, and nothing but an id: 11 letters, digits, `_` and `-`."""
    return _ID.fullmatch(text) is not None and text not in _NO_IDS


def extract_video_id(url: str) -> str | None:
    """The 11 characters of the video the address leads to, or that the text is; None for anything else.

    The host must be one of YouTube's, without user or unusual port; letters' case does not matter there, and
    neither does a missing scheme.
    """
    return _found(url) if isinstance(url, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]  # None comes from programs


@lru_cache(maxsize=4096)
def _found(url: str) -> str | None:
    text = url.strip()
    return text if is_video_id(text) else _video(text, _DEPTH)


def playlist_id(url: str) -> str | None:
    """The id of the playlist the address leads to or the text is; None for anything else."""
    text = url.strip()
    if _PLAYLIST.fullmatch(text):
        return text
    page = _page(text)
    if page is None or page.host in _PICTURE_HOSTS:
        return None
    found = page.first("list")
    return found if _PLAYLIST.fullmatch(found) else None


def _video(text: str, depth: int) -> str | None:
    page = _page(text)
    if page is None or depth == 0:
        return None
    found = _named_by(page)
    if found is not None:
        return found if is_video_id(found) else None
    parameter = _LEADS_TO.get(page.parts[0]) if len(page.parts) == 1 else None
    target = page.first(parameter) if parameter else ""
    return _video(urljoin("https://www.youtube.com/", target), depth - 1) if target else None


def _named_by(page: _Page) -> str | None:
    """What stands where an address of this shape has its id; None for other shapes."""
    parts = page.parts
    if page.host in _SHORT_HOSTS:
        return parts[0] if len(parts) == 1 else None
    if page.host in _PICTURE_HOSTS:
        return parts[1] if parts[:1] in {("vi",), ("vi_webp",)} and len(parts) == 3 else None  # noqa: PLR2004 - vi/ID/0.jpg
    match parts:
        case (player, found) if player in _PLAYERS:
            return found
        case () | ("watch" | "watch_popup" | "playlist",):
            return page.first("v") or page.first("vi") or None
        case _:
            return None


def _page(text: str) -> _Page | None:
    """The parts of an address on one of YouTube's hosts; None for any other text."""
    if len(text) > _LONGEST or _FORBIDDEN.search(text):
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        text = text if text.startswith("//") else f"//{text}"
    elif scheme[1].lower() not in {"http", "https"} or not scheme[0].endswith("://"):
        return None
    try:
        url = urlsplit(text.replace("&amp;", "&"))
        host, port = (url.hostname or "").lower(), url.port
        query = parse_qs(url.query, max_num_fields=100)
    except ValueError:  # brackets, too many fields, a port that is no number, look-alike letters
        return None
    known = host in _HOSTS or host in _SHORT_HOSTS or host in _PICTURE_HOSTS
    if not known or "@" in url.netloc or port not in _PORTS:
        return None
    path = url.path.partition("&")[0].removeprefix("/").removesuffix("/")
    return _Page(host, tuple(path.split("/")) if path else (), query)
