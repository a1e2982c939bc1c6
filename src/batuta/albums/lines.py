"""Log lines without secrets: whatever is said, tracebacks included, is masked before the logger has it."""

from __future__ import annotations

import logging
import traceback

from batuta.telemetry.masking import masked_text


class Lines:
    """Writes to the caller's logger, or to the module's own."""

    def __init__(self, logger: logging.Logger | None, name: str) -> None:
        self._logger = logger or logging.getLogger(name)

    def debug(self, line: str, *values: object) -> None:
        """For whoever looks for a fault."""
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.debug("%s", masked_text(line % values))

    def info(self, line: str, *values: object) -> None:
        """What was done."""
        if self._logger.isEnabledFor(logging.INFO):
            self._logger.info("%s", masked_text(line % values))

    def warning(self, line: str, *values: object) -> None:
        """What the operator may want to look at."""
        self._logger.warning("%s", masked_text(line % values))

    def error(self, line: str, *values: object) -> None:
        """What the operator must look at."""
        self._logger.error("%s", masked_text(line % values))

    def failure(self, line: str, *values: object, error: BaseException) -> None:
        """What failed and where; the traceback is in the line, since a handler would write it unmasked."""
        trace = "".join(traceback.format_exception(error)).rstrip()
        self._logger.error("%s", masked_text(f"{line % values}: {error}\n{trace}"))
