"""From what the library raised, and what YouTube had answered, to one cause: total, and without I/O.

The library's classes tell some causes, the HTTP answer others (429, an empty body, a page that asks for
consent), and the reason that the player shows the rest. Reasons are English: the library asks for `en-US`.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, Protocol

import requests
import youtube_transcript_api as library

from batuta.transcripts.browser import Answer, is_read_timeout
from batuta.transcripts.causes import BY_CAUSE, TranscriptUnavailable
from batuta.transcripts.models import Cause
from batuta.transcripts.player import Player

_REASONS: Final = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (Cause.BLOCKED, r"not a bot|automated queries|unusual traffic"),
        (Cause.RATE_LIMITED, r"rate.limited|content isn.t available, try again later"),
        (
            Cause.AGE_RESTRICTED,
            r"confirm your age|age.restricted|inappropriate|AGE_VERIFICATION|AGE_CHECK|CONTENT_CHECK",
        ),
        (Cause.REGION_BLOCKED, r"\b(?:in|from) your (?:country|location|region)"),
        (Cause.PRIVATE, r"\bprivate\b|\bmembers?\b|members-only|\bpayment\b|\bpurchase|\brent(?:al|ed)?\b"),
        (
            Cause.LIVE_NOT_ENDED,
            r"LIVE_STREAM_OFFLINE|\bpremieres?\b|will begin|live event has ended|processing this video",
        ),
        (
            Cause.NOT_FOUND,
            r"unavailable|(?:n.t|not|no longer) available|removed|deleted|terminated|(?:n.t|not) exist",
        ),
        (Cause.PRIVATE, r"LOGIN_REQUIRED"),
    )
)
"""The first that fits, in what the player says; as yt-dlp and the player itself word them, November 2026."""

_BY_CLASS: Final[tuple[tuple[type[Exception], Cause], ...]] = (
    (library.RequestBlocked, Cause.BLOCKED),  # and IpBlocked
    (library.FailedToCreateConsentCookie, Cause.BLOCKED),
    (library.AgeRestricted, Cause.AGE_RESTRICTED),
    (library.InvalidVideoId, Cause.INVALID_ID),
    (library.NoTranscriptFound, Cause.LANGUAGE_NOT_AVAILABLE),
    (library.NotTranslatable, Cause.LANGUAGE_NOT_AVAILABLE),
    (library.TranslationLanguageNotAvailable, Cause.LANGUAGE_NOT_AVAILABLE),
    (library.PoTokenRequired, Cause.PO_TOKEN_REQUIRED),
    (requests.Timeout, Cause.TIMEOUT),
)
_BY_STATUS: Final[dict[int, Cause]] = {
    HTTPStatus.FORBIDDEN: Cause.BLOCKED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: Cause.NETWORK,
    HTTPStatus.REQUEST_TIMEOUT: Cause.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Cause.RATE_LIMITED,
    HTTPStatus.GATEWAY_TIMEOUT: Cause.TIMEOUT,
}
_BROKEN: Final = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
_MESSAGES: Final = {
    Cause.INVALID_ID: "{id} is no video id: send the 11 characters, or the video's address",
    Cause.NOT_FOUND: "YouTube has no video {id}; check the address",
    Cause.DISABLED: "the video {id} has no captions; generate=true has them written from its sound",
    Cause.LANGUAGE_NOT_AVAILABLE: "the video {id} has no captions in the languages asked for",
    Cause.PRIVATE: "the video {id} is not open to everybody",
    Cause.AGE_RESTRICTED: "the video {id} is shown only to those who sign in and are old enough",
    Cause.REGION_BLOCKED: "the video {id} is not shown where this server is; a proxy elsewhere may see it",
    Cause.LIVE_NOT_ENDED: "the broadcast {id} has not ended; its captions come some time after it has",
    Cause.BLOCKED: "YouTube takes this server for a robot; TRANSCRIPT_PROXY_* settings lead around a block",
    Cause.RATE_LIMITED: "YouTube has had too many requests from this server; ask again later",
    Cause.PO_TOKEN_REQUIRED: "YouTube gives the captions of {id} only to its own players at the moment",
    Cause.TIMEOUT: "YouTube did not answer in time for {id}",
    Cause.NETWORK: "YouTube cannot be reached for {id}: no connection, or it broke; check network and proxy",
    Cause.UPSTREAM_ERROR: "YouTube's answer for {id} cannot be used",
}
_LONGEST: Final = 300


class Seen(Protocol):
    """What YouTube answered on the way to the failure."""

    @property
    def last(self) -> Answer | None:
        """Its last answer."""
        ...

    @property
    def player(self) -> Player | None:
        """What it told the player."""
        ...


def verdict(error: Exception, video_id: str, seen: Seen) -> TranscriptUnavailable:
    """The failure with its cause; one that already has its cause stays as it is."""
    if isinstance(error, TranscriptUnavailable):
        return error
    cause, last = _cause(error, seen), seen.last
    return unavailable(cause, video_id, _detail(error, cause, seen), last.retry_after if last else None)


_SHORTEST: Final = 1.0
_LONGEST_PAUSE: Final = 24 * 3600.0
"""Seconds: whoever says "at once", or a year, is not taken at his word."""


def unavailable(
    cause: Cause, video_id: str, detail: str = "", retry_after: float | None = None
) -> TranscriptUnavailable:
    """The error of that cause, in words; `detail` is what YouTube or the network said."""
    message = _MESSAGES[cause].format(id=video_id)
    told = f"{message} ({detail[:_LONGEST]})" if detail else message
    if retry_after is None or not BY_CAUSE[cause].retryable:
        return BY_CAUSE[cause](told)
    return BY_CAUSE[cause](told, min(max(retry_after, _SHORTEST), _LONGEST_PAUSE))


def _cause(error: Exception, seen: Seen) -> Cause:
    if isinstance(error, requests.RequestException) and not isinstance(
        error, requests.exceptions.InvalidJSONError
    ):
        return _of_no_answer(error)
    return _of_answer(seen.last) or _of_class(error, seen)


def _of_no_answer(error: requests.RequestException) -> Cause:
    if isinstance(error, requests.Timeout) or is_read_timeout(error):
        return Cause.TIMEOUT
    return Cause.NETWORK if isinstance(error, _BROKEN) else Cause.UPSTREAM_ERROR


def _of_answer(last: Answer | None) -> Cause | None:
    """What the HTTP answer alone tells; None when it is an ordinary one."""
    if last is None:
        return None
    if last.status == HTTPStatus.OK and last.size == 0:
        return Cause.PO_TOKEN_REQUIRED
    if last.host == "consent.youtube.com":
        return Cause.BLOCKED
    if last.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and last.path == "/watch":
        return Cause.NOT_FOUND
    return _BY_STATUS.get(last.status)


def _of_class(error: Exception, seen: Seen) -> Cause:
    for kind, cause in _BY_CLASS:
        if isinstance(error, kind):
            return cause
    if isinstance(error, library.TranscriptsDisabled):
        return no_tracks(seen)
    if isinstance(error, library.VideoUnavailable):
        return _of_words(seen.player.words if seen.player else "") or Cause.NOT_FOUND
    if isinstance(error, library.VideoUnplayable):
        told = seen.player.words if seen.player else f"{error.reason or ''} {' '.join(error.sub_reasons)}"
        return _of_words(told) or Cause.UPSTREAM_ERROR
    return Cause.UPSTREAM_ERROR


def no_tracks(seen: Seen) -> Cause:
    """Why a video that plays has no captions: they come after a broadcast, or never."""
    return Cause.LIVE_NOT_ENDED if seen.player and seen.player.broadcasting else Cause.DISABLED


def _of_words(words: str) -> Cause | None:
    return next((cause for cause, pattern in _REASONS if pattern.search(words)), None)


def _detail(error: Exception, cause: Cause, seen: Seen) -> str:
    """What YouTube says to people, else what went wrong; never a text of requests, which may name a proxy."""
    if seen.player and seen.player.reason:
        return f"YouTube says: {seen.player.reason}"
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    if cause in {Cause.UPSTREAM_ERROR, Cause.BLOCKED, Cause.NETWORK, Cause.TIMEOUT} and seen.last:
        return f"{type(error).__name__} after {seen.last.status} for {seen.last.host}{seen.last.path}"
    return ""
