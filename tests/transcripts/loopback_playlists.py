"""YouTube's playlists as yt-dlp sees them, on loopback: the page, what continues it, and mixes without end.

The shapes are ours, written from what yt-dlp reads; no recording of YouTube is in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback_youtube import AS_USUAL, Asked, LoopbackYouTube, Reply

PAGE = "/playlist"
BROWSE = "/youtubei/v1/browse"
NEXT = "/youtubei/v1/next"
RESOLVE = "/youtubei/v1/navigation/resolve_url"
DELETED = "[Deleted video]"
PRIVATE = "[Private video]"


def ids(count: int, prefix: str = "video-") -> tuple[str, ...]:
    """So many ids of videos, each another."""
    return tuple(f"{prefix}{number:0{11 - len(prefix)}d}" for number in range(count))


@dataclass(frozen=True)
class Entry:
    """A line of a playlist; one that has no length is a video that nobody can see."""

    video_id: str
    title: str = "A video"
    seconds: int | None = 61


@dataclass(frozen=True)
class Playlist:
    """What YouTube knows of a playlist; `alert` stands above the page, or in its place as an `error`."""

    videos: tuple[str | Entry, ...] = ()
    title: str = "A playlist"
    alert: str | None = None
    error: str | None = None
    redirect: str | None = None
    lockups: bool = False
    """Lines in the shape that YouTube has been changing to."""
    page: int = 100
    continued: Mapping[int, dict[str, Any]] | None = None
    """What continues the playlist at a place, where it is not the ordinary answer."""

    def lines(self, playlist_id: str, start: int) -> list[dict[str, Any]]:
        """A page of lines from there on, the last of which leads to the next page."""
        line = _lockup if self.lockups else _renderer
        entries = [each if isinstance(each, Entry) else Entry(each) for each in self.videos]
        end = start + self.page
        found = [line(entry) for entry in entries[start:end]]
        if end < len(entries):
            command = {"continuationCommand": {"token": f"{playlist_id}:{end}"}}
            found.append({"continuationItemRenderer": {"continuationEndpoint": command}})
        return found

    def document(self, playlist_id: str) -> dict[str, Any]:
        """What the page is drawn from."""
        if self.error is not None:
            return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": self.error}}}]}
        if self.redirect is not None:
            command = {"webCommandMetadata": {"url": self.redirect}}
            action = {"navigateAction": {"endpoint": {"commandMetadata": command}}}
            return {"onResponseReceivedActions": [action]}
        lines = self.lines(playlist_id, 0)
        if not self.videos:
            lines = [{"messageRenderer": {"text": {"simpleText": "No videos in this playlist yet"}}}]
        shown = (
            lines if self.lockups or not self.videos else [{"playlistVideoListRenderer": {"contents": lines}}]
        )
        section = {"sectionListRenderer": {"contents": [{"itemSectionRenderer": {"contents": shown}}]}}
        tab = {"tabRenderer": {"selected": True, "content": section}}
        document: dict[str, Any] = {
            "metadata": {"playlistMetadataRenderer": {"title": self.title}},
            "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
        }
        if self.alert is not None:
            text = {"simpleText": self.alert}
            document["alerts"] = [{"alertWithButtonRenderer": {"type": "INFO", "text": text}}]
        return document


@dataclass(frozen=True)
class Mix:
    """A mix, of which a page shows 25 videos around the one that is played; `turn` videos, then again."""

    turn: int = 10**6

    def panel(self, playlist_id: str, index: int) -> dict[str, Any]:
        """The list beside the video."""
        lines = [self._line(number) for number in range(max(index - 5, 0), index + 20)]
        panel = {"title": "Mix - A video", "playlistId": playlist_id, "contents": lines, "isInfinite": True}
        return {"contents": {"twoColumnWatchNextResults": {"playlist": {"playlist": panel}}}}

    def _line(self, number: int) -> dict[str, Any]:
        video_id = f"mix-{number % self.turn:07d}"
        endpoint = {"watchEndpoint": {"videoId": video_id, "index": number, "params": "OAE="}}
        return {
            "playlistPanelVideoRenderer": {
                "videoId": video_id,
                "title": {"simpleText": "A video"},
                "lengthText": {"simpleText": "1:01"},
                "navigationEndpoint": endpoint,
            }
        }


UNKNOWN = Playlist(error="The playlist does not exist.")


def page_of(document: object) -> str:
    """A page that is drawn from this."""
    return f"<html><script>var ytInitialData = {json.dumps(document)};</script></html>"


def _renderer(entry: Entry) -> dict[str, Any]:
    length = {} if entry.seconds is None else {"lengthSeconds": str(entry.seconds)}
    title = {"runs": [{"text": entry.title}]}
    return {"playlistVideoRenderer": {"videoId": entry.video_id, "title": title, **length}}


def _lockup(entry: Entry) -> dict[str, Any]:
    metadata = {"lockupMetadataViewModel": {"title": {"content": entry.title}}}
    kind = "LOCKUP_CONTENT_TYPE_PLAYLIST" if entry.video_id.startswith("PL") else "LOCKUP_CONTENT_TYPE_VIDEO"
    minutes, seconds = divmod(entry.seconds or 0, 60)
    badge = {"thumbnailBadgeViewModel": {"text": f"{minutes}:{seconds:02d}"}}
    overlay = {"thumbnailOverlayBadgeViewModel": {"thumbnailBadges": [badge]}}
    image = {"thumbnailViewModel": {"overlays": [overlay] if entry.seconds is not None else []}}
    return {
        "lockupViewModel": {
            "contentId": entry.video_id,
            "contentType": kind,
            "contentImage": image,
            "metadata": metadata,
        }
    }


class LoopbackPlaylists(LoopbackYouTube):
    """`playlists` by id, mixes among them; `everywhere` replaces pages, which are known by their paths."""

    def __init__(self) -> None:
        super().__init__()
        self.playlists: dict[str, Playlist | Mix] = {}

    def _reply(self, asked: Asked, body: bytes) -> Reply:
        replies = self.everywhere.get(asked.page, ())
        turn = sum(each.page == asked.page for each in self.asked) - 1
        reply = replies[min(turn, len(replies) - 1)] if replies else AS_USUAL
        return self._listed(asked, body) if reply is AS_USUAL else reply

    def _listed(self, asked: Asked, body: bytes) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        sent: dict[str, Any] = json.loads(body) if body else {}
        match asked.page:
            case "/playlist" | "watch":
                playlist_id = query["list"][0]
                return Reply(body=page_of(self._document(playlist_id)))
            case "/youtubei/v1/navigation/resolve_url":
                playlist_id = parse_qs(urlsplit(sent["url"]).query)["list"][0]
                endpoint = {"browseEndpoint": {"browseId": f"VL{playlist_id}"}}
                return Reply(body=json.dumps({"endpoint": endpoint}))
            case "/youtubei/v1/browse" if "browseId" in sent:
                return Reply(body=json.dumps(self._document(sent["browseId"].removeprefix("VL"))))
            case "/youtubei/v1/browse":
                playlist_id, start = sent["continuation"].rsplit(":", 1)
                return Reply(body=json.dumps(self._continued(playlist_id, int(start))))
            case "/youtubei/v1/next":
                mix = self.playlists[sent["playlistId"]]
                assert isinstance(mix, Mix)
                return Reply(body=json.dumps(mix.panel(sent["playlistId"], sent["index"])))
            case _:
                return Reply(404, "nothing here")

    def _document(self, playlist_id: str) -> dict[str, Any]:
        found = self.playlists.get(playlist_id, UNKNOWN)
        return found.panel(playlist_id, 0) if isinstance(found, Mix) else found.document(playlist_id)

    def _continued(self, playlist_id: str, start: int) -> dict[str, Any]:
        found = self.playlists[playlist_id]
        assert isinstance(found, Playlist)
        if found.continued and start in found.continued:
            return found.continued[start]
        action = {"appendContinuationItemsAction": {"continuationItems": found.lines(playlist_id, start)}}
        return {"onResponseReceivedActions": [action]}
