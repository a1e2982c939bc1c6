"""Reading what a service says about a job, in whichever words of the trade it says it. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from batuta.clients.answers import JSON, explanation, named_error
from batuta.errors import BatutaError, RemoteJobFailed

_COMPLETED: Final = frozenset({"completed", "success", "done", "finished"})
_FAILED: Final = frozenset({"failed", "error", "cancelled", "canceled", "aborted", "expired"})


class RemoteState(Enum):
    """What matters about a job elsewhere."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """What a service says about a job."""

    state: RemoteState
    progress: float | None
    """As the service counts it; `ProgressScale` knows what it means."""
    error: BatutaError | None
    """Why the job failed; set if and only if it did."""
    raw: Mapping[str, JSON]
    """Everything it said."""


def read_status(payload: Mapping[str, JSON]) -> RemoteStatus:
    """The status in a job's JSON. A word nobody has agreed on means that the job is still running."""
    word = str(payload.get("status") or payload.get("state") or "").strip().lower()
    if word in _COMPLETED:
        state = RemoteState.COMPLETED
    elif word in _FAILED:
        state = RemoteState.FAILED
    else:
        state = RemoteState.RUNNING
    error = _error(payload, word) if state is RemoteState.FAILED else None
    return RemoteStatus(state, _progress(payload.get("progress")), error, payload)


def job_id(payload: Mapping[str, JSON]) -> str | None:
    """The id a service gave to a job, under `id` or `job_id`, as text or as a number."""
    for found in (payload.get("id"), payload.get("job_id")):
        if found != "" and isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)
    return None


def _error(payload: Mapping[str, JSON], word: str) -> BatutaError:
    """The error of ours that the service names, or else `RemoteJobFailed`, in the service's own words."""
    nested = payload.get("error")
    codes = [payload.get("error_code"), payload.get("code")]
    if isinstance(nested, Mapping):
        codes += [nested.get("code"), nested.get("error_code")]
    words = map(explanation, (payload.get(key) for key in ("error_message", "error", "message", "detail")))
    message = next(filter(None, words), f"the job ended as {word!r}, without an explanation")
    named = (named_error(code, message) for code in codes)
    return next(filter(None, named), RemoteJobFailed(message))


def _progress(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
