"""One event as one line: the seed's format for people, JSON for programs.

    2025-10-29 10:00:00,123 - modules.orchestrator - INFO - Starting pipeline for job a1b2c3d4

Whatever a value holds, it stays within its line and its quotes, so nobody can write lines of his own into our
log. Only a traceback takes lines of its own, indented.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from batuta.telemetry.masking import masked, masked_text
from batuta.telemetry.sentences import told

_PLAIN: Final = re.compile(r"[^\s\"'=\\\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Entry(NamedTuple):
    """Something that happened; a tuple, since one is made for every line while the program waits."""

    seconds: float
    """Since 1970."""
    level: str
    """In capitals: INFO."""
    logger: str
    event: str
    fields: Mapping[str, object]
    error: BaseException | None = None


class Written(NamedTuple):
    """The same without secrets, as it may be written down."""

    entry: Entry
    trace: str
    """The traceback; empty where nothing was raised."""
    text: str
    """All of it as one line in the seed's format, without the newline at its end."""


def written(entry: Entry) -> Written:
    """The entry without secrets, in words."""
    trace = ""
    if entry.error is not None:
        trace = masked_text("".join(traceback.format_exception(entry.error)).rstrip())
    shown = entry._replace(event=masked_text(entry.event), fields=masked(entry.fields), error=None)
    return Written(shown, trace, _text(shown, trace))


def text_line(line: Written) -> str:
    """For people."""
    return line.text


def json_line(line: Written) -> str:
    """For programs: one JSON object, without the newline at its end; our names win over a field's."""
    entry = line.entry
    found: dict[str, object] = {
        "timestamp": dt.datetime.fromtimestamp(entry.seconds, dt.UTC).isoformat(timespec="milliseconds"),
        "level": entry.level.lower(),
        "logger": entry.logger,
        "event": entry.event,
    }
    found = {**found, **entry.fields, **found}
    if line.trace:
        found["exception"] = line.trace
    return json.dumps(found, ensure_ascii=False, default=str)


def _text(entry: Entry, trace: str) -> str:
    shown = told(entry.logger, entry.event, entry.fields)
    whole = int(entry.seconds)
    clock = f"{_local(whole)},{int((entry.seconds - whole) * 1000):03d}"
    line = f"{clock} - {shown.logger} - {entry.level} - {_escaped(shown.text)}"
    for name, value in shown.rest.items():
        line += f" {name if name.isidentifier() else _escaped(name)}={_quoted(value)}"
    if trace:
        line += "".join(f"\n    {_escaped(part)}" for part in trace.splitlines())
    return line


@lru_cache(maxsize=4)
def _local(whole_seconds: int) -> str:
    """Local time, as Python's own logging writes it; the same second is asked for by many lines."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(whole_seconds))


def _quoted(value: object) -> str:
    if type(value) is int or type(value) is float:
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if _PLAIN.fullmatch(text) else json.dumps(_escaped(text), ensure_ascii=False)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
