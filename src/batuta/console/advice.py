"""Why there is no transcript, and what to do about it, in people's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from batuta.errors import BatutaError
from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.models import Cause
from batuta.transcripts.orchestrator import BEYOND_MAKING

_LATER: Final = frozenset(
    {
        Cause.LIVE_NOT_ENDED,
        Cause.BLOCKED,
        Cause.RATE_LIMITED,
        Cause.PO_TOKEN_REQUIRED,
        Cause.TIMEOUT,
        Cause.NETWORK,
        Cause.UPSTREAM_ERROR,
    }
)
"""What may be otherwise the next time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a page says of a failure."""

    title: str
    advice: str
    """One sentence or two: what to do."""
    detail: str
    """What the server itself says."""
    code: str
    again: bool = False
    """Whether asking again may help."""
    wait_seconds: int | None = None
    """So long it will not help; None where nobody knows."""
    makeable: bool = False
    """Whether the transcript can be made from the sound instead."""


def failure_of(error: BatutaError) -> Failure:
    """The failure as a page says it."""
    if not isinstance(error, TranscriptUnavailable):
        return Failure(error.title, "", error.message, error.code)
    cause = error.cause
    return Failure(
        title=error.title,
        advice=advice(cause),
        detail=error.message,
        code=cause.value,
        again=cause in _LATER,
        wait_seconds=None if error.retry_after is None else max(1, ceil(error.retry_after)),
        makeable=cause not in BEYOND_MAKING and cause is not Cause.INVALID_ID,
    )


def advice(cause: Cause) -> str:  # noqa: C901, PLR0911, PLR0912  # one a cause
    """What to do about it."""
    match cause:
        case Cause.INVALID_ID:
            return "Paste the address of a video, as your browser shows it, or the 11 characters of its id."
        case Cause.NOT_FOUND:
            return "Check the address. The video may have been removed."
        case Cause.DISABLED:
            return "Nobody wrote captions, and YouTube heard none. Have the text made from the sound."
        case Cause.LANGUAGE_NOT_AVAILABLE:
            return "Choose one of the languages there are, or leave the languages empty to take any."
        case Cause.PRIVATE:
            return "Its owner shows it to some people only. Ask the owner to make it public or unlisted."
        case Cause.AGE_RESTRICTED:
            return "YouTube shows it only to people who have signed in, which this server has not."
        case Cause.REGION_BLOCKED:
            return "Whoever runs this server can lead it around by a proxy elsewhere (TRANSCRIPT_PROXY_…)."
        case Cause.LIVE_NOT_ENDED:
            return "Come back when the broadcast is over; captions follow some time after its end."
        case Cause.BLOCKED:
            return (
                "Try again later. If it lasts, whoever runs this server can set a proxy (TRANSCRIPT_PROXY_…)."
            )
        case Cause.RATE_LIMITED:
            return "This server has asked too often. Try again later; what was fetched before is still here."
        case Cause.PO_TOKEN_REQUIRED:
            return "Try again later, try another language, or have the text made from the sound."
        case Cause.TIMEOUT:
            return "Try again in a moment."
        case Cause.NETWORK:
            return "Check this server's connection to the internet and its proxy, then try again."
        case Cause.UPSTREAM_ERROR:
            return "Try again in a moment. If it lasts, YouTube has changed: look for a newer version."
