"""Why there is no transcript, as errors: one class for each cause, with its status and what it is worth.

    TranscriptUnavailable
    ├── InvalidVideoId         422          not 11 characters of YouTube's alphabet
    ├── VideoNotFound          404          no such video, or removed
    ├── TranscriptsDisabled    404          the video has no captions at all
    ├── LanguageNotAvailable   404          it has, in other languages
    ├── VideoPrivate           403          or for members, or for money
    ├── VideoAgeRestricted     403
    ├── VideoRegionBlocked     403
    ├── LiveNotEnded           425  again   captions come when the broadcast is over
    ├── YouTubeBlocked         502  again   our address is taken for a robot's
    ├── YouTubeRateLimited     429  again   too many requests from our address
    ├── PoTokenRequired        502  again   YouTube gives captions only to its own players
    ├── YouTubeTimeout         504  again
    ├── YouTubeUnreachable     502  again   no connection
    └── YouTubeFailed          502  again   an answer nobody can read

Inside, a code is `transcript_` and the cause, since `not_found` and others are taken in the error tree; over
HTTP (`to_problem`) the code is the cause alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Final

from batuta.errors import BatutaError
from batuta.transcripts.models import Cause

_SECONDS: Final = timedelta(seconds=10)
_MINUTES: Final = timedelta(minutes=5)
_HOURS: Final = timedelta(hours=6)
_LONGEST: Final = timedelta(hours=24)


class TranscriptUnavailable(BatutaError):
    """There is no transcript to give; `cause` says why, in one of the contract's words."""

    code = "transcript_unavailable"
    status = 502
    title = "No transcript"
    cause: ClassVar[Cause] = Cause.UPSTREAM_ERROR
    lifetime: ClassVar[timedelta] = _SECONDS
    """For how long the same answer is expected, so that nobody asks again before."""

    @property
    def remembered(self) -> timedelta:
        """For how long not to ask again: what YouTube said, else what the cause is worth."""
        if self.retry_after is None:
            return self.lifetime
        return min(timedelta(seconds=max(self.retry_after, 0.0)), _LONGEST)

    def to_problem(self) -> dict[str, Any]:
        """RFC 9457, with the cause as its code."""
        return {**super().to_problem(), "code": self.cause.value}


class InvalidVideoId(TranscriptUnavailable):
    """Not the id of a video, nor an address that leads to one."""

    code = "transcript_invalid_id"
    status = 422
    title = "Not a YouTube video"
    cause = Cause.INVALID_ID
    lifetime = timedelta(0)

    @property
    def exit_code(self) -> int:
        """A usage error."""
        return 2


class VideoNotFound(TranscriptUnavailable):
    """There is no such video, or it has been removed."""

    code = "transcript_not_found"
    status = 404
    title = "No such video"
    cause = Cause.NOT_FOUND
    lifetime = _HOURS


class TranscriptsDisabled(TranscriptUnavailable):
    """The video has no captions in any language."""

    code = "transcript_disabled"
    status = 404
    title = "No captions"
    cause = Cause.DISABLED
    lifetime = _HOURS


class LanguageNotAvailable(TranscriptUnavailable):
    """The video has captions, in none of the languages asked for."""

    code = "transcript_language_not_available"
    status = 404
    title = "No captions in this language"
    cause = Cause.LANGUAGE_NOT_AVAILABLE
    lifetime = _HOURS


class VideoPrivate(TranscriptUnavailable):
    """Only some may see the video: those its owner chose, members, buyers."""

    code = "transcript_private"
    status = 403
    title = "A private video"
    cause = Cause.PRIVATE
    lifetime = _HOURS


class VideoAgeRestricted(TranscriptUnavailable):
    """Only those who sign in and are old enough may see the video."""

    code = "transcript_age_restricted"
    status = 403
    title = "An age-restricted video"
    cause = Cause.AGE_RESTRICTED
    lifetime = _HOURS


class VideoRegionBlocked(TranscriptUnavailable):
    """The video is not shown where this server, or its proxy, is."""

    code = "transcript_region_blocked"
    status = 403
    title = "Not shown in this country"
    cause = Cause.REGION_BLOCKED
    lifetime = _HOURS


class LiveNotEnded(TranscriptUnavailable):
    """A broadcast that is to come, under way, or not yet processed."""

    code = "transcript_live_not_ended"
    status = 425
    title = "The broadcast has not ended"
    retryable = True
    cause = Cause.LIVE_NOT_ENDED
    lifetime = _MINUTES


class YouTubeBlocked(TranscriptUnavailable):
    """YouTube takes our address for a robot's."""

    code = "transcript_blocked"
    title = "YouTube blocks this server"
    retryable = True
    cause = Cause.BLOCKED
    lifetime = _MINUTES


class YouTubeRateLimited(TranscriptUnavailable):
    """Too many requests from our address."""

    code = "transcript_rate_limited"
    status = 429
    title = "YouTube asks for a pause"
    retryable = True
    cause = Cause.RATE_LIMITED
    lifetime = timedelta(minutes=1)


class PoTokenRequired(TranscriptUnavailable):
    """YouTube gives these captions only with a proof-of-origin token, as its own players have."""

    code = "transcript_po_token_required"
    title = "YouTube wants a proof of origin"
    retryable = True
    cause = Cause.PO_TOKEN_REQUIRED
    lifetime = _MINUTES


class YouTubeTimeout(TranscriptUnavailable):
    """YouTube did not answer in time."""

    code = "transcript_timeout"
    status = 504
    title = "YouTube did not answer in time"
    retryable = True
    cause = Cause.TIMEOUT


class YouTubeUnreachable(TranscriptUnavailable):
    """There is no connection to YouTube, or it broke."""

    code = "transcript_network"
    title = "YouTube cannot be reached"
    retryable = True
    cause = Cause.NETWORK


class YouTubeFailed(TranscriptUnavailable):
    """YouTube answered with an error, or with something nobody can read."""

    code = "transcript_upstream_error"
    title = "YouTube failed"
    retryable = True
    cause = Cause.UPSTREAM_ERROR


BY_CAUSE: Final[dict[Cause, type[TranscriptUnavailable]]] = {
    kind.cause: kind for kind in TranscriptUnavailable.__subclasses__()
}
"""The class of each cause; every cause has one."""
