"""Where our logs go: stderr and a rotated file, one line an event, no secret and no local variable's value.

`log_to_stderr` is for commands that end soon. `start_logging` is for servers: everything, also what libraries
log, goes through one queue to one thread (`telemetry/outlet.py`), which masks, renders and writes.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from batuta.settings import Settings
from batuta.telemetry.lines import Entry, json_line, text_line
from batuta.telemetry.log_file import LogFile
from batuta.telemetry.masking import masked, masked_text
from batuta.telemetry.outlet import FileSink, Outlet, Sink, StderrSink
from batuta.telemetry.traces import trace_ids

FOLDER: Final = "logs"
"""Within BATUTA_DATA."""
DEFAULT_LOGGER: Final = "batuta"
_CHATTY: Final = ("uvicorn", "uvicorn.error")
"""Libraries of which we want to hear what they do, not only what goes wrong."""

Stop = Callable[[], None]


class _Stderr(io.TextIOBase):
    """Whatever `sys.stderr` is at the moment: a server, a test or a progress bar may replace it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def log_to_stderr(level: str) -> None:
    """Set structlog up; an unknown level means WARNING.

    Tracebacks are plain: structlog's own would print local variables, secrets among them, and take a second.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _mask,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_least(level)),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),  # all it uses,
    )


def start_logging(
    settings: Settings, file_name: str = "orchestrator.log", *, json_lines: bool | None = None
) -> Stop:
    """Log to stderr and to `BATUTA_DATA/logs/<file_name>` from now on; call what is returned at the end.

    `json_lines` writes JSON on stderr; unless said, `LOG_FORMAT=json` in the environment decides. A file that
    cannot be written is told on stderr, tried again every few seconds, and never stops the program.
    """
    if json_lines is None:
        json_lines = os.environ.get("LOG_FORMAT", "").strip().lower() == "json"
    file = LogFile(settings.batuta_data / FOLDER / file_name)
    return start_outlet(
        [StderrSink(json_line if json_lines else text_line), FileSink(file)], settings.log_level, file.close
    )


def start_outlet(sinks: list[Sink], level: str, at_end: Stop = lambda: None) -> Stop:
    """Send structlog's events and the standard library's records to these sinks; gives what ends that."""
    outlet = Outlet(sinks)
    least = _least(level)
    before = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, cast("Processor", _entry)],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=_Factory(outlet.put),
    )
    free = _bridge_libraries(_Bridge(outlet.put), least)

    def stop() -> None:
        free()
        if before is None:
            structlog.reset_defaults()
        else:
            structlog.configure(**before)
        outlet.stop()
        at_end()

    return stop


def _bridge_libraries(bridge: logging.Handler, least: int) -> Stop:
    """Have the standard library's loggers write to the bridge only; gives what ends that."""
    root = logging.getLogger()
    chatty = [logging.getLogger(name) for name in _CHATTY]
    before = [(logger, logger.level, logger.handlers, logger.propagate) for logger in (root, *chatty)]
    root.addHandler(bridge)
    root.setLevel(max(least, logging.WARNING))
    for logger in chatty:
        logger.handlers, logger.propagate = [], True
        logger.setLevel(least)
    logging.captureWarnings(capture=True)

    def free() -> None:
        logging.captureWarnings(capture=False)
        root.removeHandler(bridge)
        for logger, level, handlers, propagate in before:
            logger.setLevel(level)
            logger.handlers, logger.propagate = handlers, propagate

    return free


def _least(level: str) -> int:
    return logging.getLevelNamesMapping().get(level.upper(), logging.WARNING)


class _Named:
    """The end of structlog's chain: a logger's name, and where its entries go."""

    __slots__ = ("_put", "name")

    def __init__(self, name: str, put: Callable[[Entry], None]) -> None:
        self.name = name
        self._put = put

    def msg(self, entry: Entry) -> None:
        """Whatever the method, the entry says how grave it is."""
        self._put(entry)

    debug = info = warning = error = critical = msg


class _Factory:
    """Makes the loggers that `structlog.get_logger(name)` wraps."""

    def __init__(self, put: Callable[[Entry], None]) -> None:
        self._put = put

    def __call__(self, *args: object) -> _Named:
        return _Named(str(args[0]) if args else DEFAULT_LOGGER, self._put)


def _entry(logger: _Named, method: str, event_dict: EventDict) -> tuple[tuple[Entry], dict[str, Any]]:
    """An event of structlog as an entry, complete: the thread that writes it knows nothing of our context."""
    fields = dict(event_dict)
    event = str(fields.pop("event", ""))
    error = _error_in(fields.pop("exc_info", None))
    if ids := trace_ids():
        fields.update(ids)
    level = "ERROR" if method == "exception" else method.upper()
    return (Entry(time.time(), level, logger.name, event, fields, error),), {}


def _error_in(exc_info: object) -> BaseException | None:
    """The exception that `exc_info` stands for, in any of the forms it is given in."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return next(
            (part for part in cast("tuple[object]", exc_info) if isinstance(part, BaseException)), None
        )
    return sys.exc_info()[1] if exc_info else None


def _mask(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """Secrets out of an event that is written at once; the exception, if any, stays for the renderer."""
    kept = {name: event_dict.pop(name) for name in ("exc_info",) if name in event_dict}
    event = masked_text(str(event_dict.pop("event", "")))
    return {**masked(event_dict), "event": event, **kept}


class _Bridge(logging.Handler):
    """The standard library's records, which uvicorn and other libraries write, as entries."""

    def __init__(self, put: Callable[[Entry], None]) -> None:
        super().__init__()
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record over; one that cannot be formatted is handed over as it is."""
        try:
            event = record.getMessage().strip()
        except Exception:  # noqa: BLE001  # a wrong number of arguments must not reach the caller
            event = f"{record.msg} {record.args!r}"
        error = record.exc_info[1] if record.exc_info else None
        self._put(Entry(record.created, record.levelname, record.name, event, {}, error))
