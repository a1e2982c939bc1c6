"""Every error Batuta raises on purpose, in one tree.

    BatutaError
    ├── InvalidRequest          the caller's input cannot be used
    │   └── PayloadTooLarge     it is larger than the limit
    ├── Unauthorized            no key, or one nobody knows
    ├── Forbidden               the key does not reach so far
    ├── TooManyRequests         more than the caller's share; later again
    ├── NotFound                no such job, artefact, route
    ├── Gone                    there was one, but it is no longer kept
    ├── Conflict                the thing is not in a state that allows this
    │   └── NotReady            not yet: ask again later
    ├── Cancelled               somebody asked for the work to stop
    ├── MediaError              the media itself is at fault
    │   ├── UnreadableMedia     not a media file, or damaged beyond reading
    │   ├── UnsupportedMedia    of a kind that is not read here
    │   └── NoAudio             readable, but there is no audio track in it
    ├── DeadlineExceeded        the job's or request's time is used up
    ├── ServiceError            a service we called
    │   ├── ServiceRefused      answered 4xx: asking again gives the same answer
    │   ├── ServiceUnavailable  5xx, no connection, no answer in time
    │   │   ├── ServiceBusy     408, 425, 429: asked us to come back later
    │   │   └── BreakerOpen     failed so often that we do not ask for a while
    │   ├── RemoteJobFailed     did the work and reports that it failed
    │   └── RemoteJobLost       no longer knows a job it had accepted
    ├── EngineCrashed           a worker process died under its work
    ├── StorageError            an artefact or database could not be read or written
    └── WeightsError            model weights
        ├── WeightsMissing      no source could provide them
        └── WeightsCorrupt      the bytes are not the published ones

`code`, `status` and `retryable` are class attributes: a handler looks at the class, a client at the JSON.
Errors travel through the engine, over HTTP and into the job record as `to_dict()` and come back as the
same class through `from_dict()`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12


class ErrorDict(TypedDict, total=False):
    """The JSON form of an error: `code`, `message`, `retryable`, and `retry_after` seconds when known."""

    code: str
    message: str
    retryable: bool
    retry_after: float | None


_BY_CODE: Final[dict[str, type[BatutaError]]] = {}


class BatutaError(Exception):
    """Something went wrong that Batuta can name; the message says what, with which value, and what to do."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        _BY_CODE[cls.code] = cls

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds, from now."""
        super().__init__(message, retry_after)
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message

    @property
    def exit_code(self) -> int:
        """The command line's exit code: 3 when trying again may help, otherwise 1."""
        return 3 if self.retryable else 1

    def to_dict(self) -> ErrorDict:
        """JSON form; `from_dict` turns it back."""
        found: ErrorDict = {"code": self.code, "message": self.message, "retryable": self.retryable}
        if self.retry_after is not None:
            found["retry_after"] = self.retry_after
        return found

    def to_problem(self) -> dict[str, Any]:
        """The body of an `application/problem+json` answer (RFC 9457, section 3)."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "error": self.message,
            **self.to_dict(),
        }


def from_dict(data: ErrorDict) -> BatutaError:
    """The error a `to_dict()` came from; an unknown code gives the base class."""
    cls = _BY_CODE.get(data.get("code", ""), BatutaError)
    return cls(data.get("message", "no message"), data.get("retry_after"))


class InvalidRequest(BatutaError):
    """The caller's input cannot be used; nothing was done."""

    code = "invalid_request"
    status = 422
    title = "The request cannot be used"

    @property
    def exit_code(self) -> int:
        """A usage error."""
        return 2


class PayloadTooLarge(InvalidRequest):
    """The input is larger than the limit."""

    code = "payload_too_large"
    status = 413
    title = "Too large"


class Unauthorized(BatutaError):
    """No key was given, or one that nobody knows (RFC 9110, section 15.5.2)."""

    code = "unauthorized"
    status = 401
    title = "A key is needed"


class Forbidden(BatutaError):
    """The key, or the place the request comes from, does not reach so far."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class TooManyRequests(BatutaError):
    """More requests than the caller's share (RFC 6585, section 4); `retry_after` says when to come again."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"
    retryable = True


class NotFound(BatutaError):
    """There is no such thing here."""

    code = "not_found"
    status = 404
    title = "Not found"


class Gone(BatutaError):
    """There was such a thing, but it is no longer kept."""

    code = "expired"
    status = 410
    title = "No longer kept"


class Conflict(BatutaError):
    """The thing is not in a state that allows this."""

    code = "conflict"
    status = 409
    title = "Not possible now"


class NotReady(Conflict):
    """The job is not finished yet (RFC 8470, section 5.2: ask later)."""

    code = "not_ready"
    status = 425
    title = "Not ready"
    retryable = True


class Cancelled(BatutaError):
    """Somebody asked for the work to stop."""

    code = "cancelled"
    status = 409
    title = "Cancelled"

    @property
    def exit_code(self) -> int:
        """What a shell makes of Ctrl-C: 128 and the number of SIGINT."""
        return 130


class MediaError(BatutaError):
    """The media itself is at fault; the same bytes will fail again."""

    code = "media_error"
    status = 422
    title = "The media cannot be used"


class UnreadableMedia(MediaError):
    """Not a media file, or damaged beyond reading."""

    code = "unreadable_media"
    title = "The media cannot be read"


class UnsupportedMedia(MediaError):
    """Of a kind that is not read here (RFC 9110, section 15.5.16)."""

    code = "unsupported_media"
    status = 415
    title = "Not a kind that is read here"


class NoAudio(MediaError):
    """A readable file without an audio track."""

    code = "no_audio"
    title = "The media has no audio"


class DeadlineExceeded(BatutaError):
    """The job's or request's time is used up."""

    code = "deadline_exceeded"
    status = 504
    title = "Out of time"
    retryable = True


class ServiceError(BatutaError):
    """A service we called did not give what we asked for."""

    code = "service_error"
    status = 502
    title = "A service failed"


class ServiceRefused(ServiceError):
    """The service answered 4xx: asking again gives the same answer."""

    code = "service_refused"


class ServiceUnavailable(ServiceError):
    """5xx, no connection, or no answer in time."""

    code = "service_unavailable"
    status = 503
    title = "A service is unavailable"
    retryable = True


class ServiceBusy(ServiceUnavailable):
    """408, 425 or 429: the service asked us to come back later (`retry_after`)."""

    code = "service_busy"
    title = "A service is busy"


class BreakerOpen(ServiceUnavailable):
    """The service failed so often that it is not asked again for `retry_after` seconds."""

    code = "breaker_open"


class RemoteJobFailed(ServiceError):
    """The service did the work and reports that it failed; the message is the service's own."""

    code = "remote_job_failed"


class RemoteJobLost(ServiceError):
    """The service no longer knows a job it had accepted."""

    code = "remote_job_lost"
    retryable = True


class EngineCrashed(BatutaError):
    """A worker process died under its work (out of memory, a crash in native code)."""

    code = "engine_crashed"
    title = "A worker process died"
    retryable = True


class StorageError(BatutaError):
    """An artefact or database could not be read or written."""

    code = "storage_error"
    title = "Storage failed"


class WeightsError(BatutaError):
    """Model weights could not be had."""

    code = "weights_error"
    status = 503
    title = "Model weights"


class WeightsMissing(WeightsError):
    """No source could provide the weights."""

    code = "weights_missing"
    retryable = True


class WeightsCorrupt(WeightsError):
    """The bytes are not the published ones."""

    code = "weights_corrupt"
