"""Log lines without secrets: whatever is said, tracebacks included, is masked before the logger has it."""

from __future__ import annotations

import logging
import traceback
from typing import Final

from batuta.telemetry.masking import masked_text

TOLD: Final = 5
"""Of many lines of one sort so many are said; of the rest, how many there are."""


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


class Few:
    """The first few warnings of a sort, and then how many more there were."""

    def __init__(self, log: Lines, line: str) -> None:
        """`line` has one `%s`, for what each is about; the last line has `12 more` there."""
        self._log = log
        self._line = line
        self._count = 0

    def add(self, about: str) -> None:
        """One more."""
        self._count += 1
        if self._count <= TOLD:
            self._log.warning(self._line, about)

    def end(self) -> None:
        """That was all."""
        if self._count > TOLD:
            self._log.warning(self._line, f"{self._count - TOLD} more")
