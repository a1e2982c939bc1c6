"""What the gateway refuses, under the seed's codes; each is an error of the house's tree."""

from __future__ import annotations

from typing import Any

from batuta.errors import InvalidRequest, NotFound, PayloadTooLarge


class FileEmpty(InvalidRequest):
    """The form has no file, or one without a byte."""

    code = "FILE_EMPTY"
    status = 400
    title = "The file is empty"


class InvalidFileType(InvalidRequest):
    """The bytes are no video of a kind that is taken."""

    code = "INVALID_FILE_TYPE"
    status = 400
    title = "Not a video"


class FileTooLarge(PayloadTooLarge):
    """The file is larger than the limit."""

    code = "FILE_TOO_LARGE"

    def __init__(
        self, message: str, retry_after: float | None = None, *, max_size: int = 0, uploaded_size: int = 0
    ) -> None:
        """Sizes in bytes; `uploaded_size` is what was announced, or what had come when it was too much."""
        super().__init__(message, retry_after)
        self.max_size = max_size
        self.uploaded_size = uploaded_size

    def to_problem(self) -> dict[str, Any]:
        """RFC 9457, with both sizes."""
        return {**super().to_problem(), "maxSize": self.max_size, "uploadedSize": self.uploaded_size}


class JobNotFound(NotFound):
    """There is no such job, or it is another's."""

    code = "JOB_NOT_FOUND"


class OutputNotReady(InvalidRequest):
    """There is no dubbed video to give, or not any more."""

    code = "OUTPUT_NOT_READY"
    status = 400
    title = "The output is not ready"
