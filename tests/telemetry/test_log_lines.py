"""What one line of the log says, for people and for programs."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from telemetry_parts import Logged

from batuta.logs import _Bridge, log_to_stderr, start_logging
from batuta.settings import Settings
from batuta.telemetry.lines import Entry, written
from batuta.telemetry.sentences import SENTENCES, told

log = structlog.get_logger("batuta.somewhere")
CLOCK = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"


def said(line: str) -> str:
    """The line after its time."""
    return re.sub(rf"^{CLOCK} - ", "", line)


def test_the_seed_s_events_read_as_in_the_seed(logged: Logged) -> None:
    """Its three examples, to the letter."""
    log.info("job.started", job_id="a1b2c3d4")
    log.info("stage.submitted", stage="download", remote_id="FtnKP8fSSdc_audio")
    log.info("transcription.retrieved", chars=1234)
    lines = logged()
    assert all(re.match(CLOCK, line) for line in lines)
    assert [said(line) for line in lines] == [
        "modules.orchestrator - INFO - Starting pipeline for job a1b2c3d4",
        "modules.orchestrator - INFO - Video job submitted: FtnKP8fSSdc_audio",
        "modules.orchestrator - INFO - Transcription text retrieved: 1234 chars",
    ]


def test_every_sentence_is_told_with_its_fields_and_the_rest_follows() -> None:
    """A field that the sentence has used is not said twice."""
    for event, text in SENTENCES.items():
        fields = {name: f"<{name}>" for name in re.findall(r"{(\w+)}", text)}
        shown = told("x", event, {**fields, "reused": True})
        assert shown.rest == {"reused": True}, event
        assert "{" not in shown.text
        assert all(value in shown.text for name, value in fields.items() if name != "stage")


def test_an_event_without_the_fields_of_its_sentence_tells_itself() -> None:
    """Rather than failing."""
    assert written(Entry(0.0, "INFO", "x", "job.started", {"why": "no id"})).text.endswith(
        ' - x - INFO - job.started why="no id"'
    )


def test_fields_follow_as_key_and_value(logged: Logged) -> None:
    """Plain values bare, others in quotes; what is bound to the context too."""
    structlog.contextvars.bind_contextvars(job_id="j1")
    log.warning(
        "retry", service="normalizer", wait_seconds=1.5, cause='said "no" = never', empty="", many=[1, 2]
    )
    (line,) = logged()
    assert said(line) == (
        "batuta.somewhere - WARNING - retry service=normalizer wait_seconds=1.5"
        ' cause="said \\"no\\" = never" empty="" many="[1, 2]" job_id=j1'
    )


def test_nobody_writes_lines_of_his_own(logged: Logged) -> None:
    """Line ends and terminal codes are written out, wherever they come from."""
    forged = "x\n2025-10-29 10:00:00,123 - modules.orchestrator - INFO - Job 1 completed"
    log.info("downloaded", name=forged, **{"a\nb": "\x1b[2J"})
    log.info(forged)
    log.info("job.started", job_id=forged)
    logging.getLogger("library").warning("got %s", forged)
    assert len(logged()) == 4


def test_an_exception_is_written_below_its_line_without_secrets_and_local_values(logged: Logged) -> None:
    """The traceback, indented, so that every other line begins with its time."""
    local_value = "unspeakable"
    try:
        raise ValueError("no answer from https://u:p4ss@host/")
    except ValueError:
        log.exception("broken", size=len(local_value))
    lines = logged()
    assert said(lines[0]) == "batuta.somewhere - ERROR - broken size=11"
    assert lines[1].startswith("    Traceback")
    assert lines[-1] == "    ValueError: no answer from https://***@host/"
    assert not any("unspeakable" in line and "local_value =" not in line for line in lines)


def test_libraries_write_into_the_same_file(logged: Logged) -> None:
    """What uvicorn does, and what goes wrong elsewhere."""
    logging.getLogger("uvicorn.error").info("Started server process [%d]\n", 7)
    logging.getLogger("somelibrary").info("chatter")
    logging.getLogger("somelibrary").error("failed at https://h/?token=abc")
    assert [said(line) for line in logged()] == [
        "uvicorn.error - INFO - Started server process [7]",
        "somelibrary - ERROR - failed at https://h/?token=***",
    ]


def test_a_record_with_wrong_arguments_is_written_as_it_is() -> None:
    """A library's mistake in logging is no failure of the program."""
    found: list[Entry] = []
    _Bridge(found.append).emit(logging.makeLogRecord({"msg": "%d and %d", "args": (1,), "name": "l"}))
    assert [entry.event for entry in found] == ["%d and %d (1,)"]


def test_json_lines_hold_the_event_and_its_fields(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG_FORMAT=json: one object a line on stderr; the file stays for people."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    stop = start_logging(settings)
    log.info("stage.submitted", stage="download", remote_id="r1", api_key="abc", level="mine")
    stop()
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found.pop("timestamp"))
    assert found == {
        "level": "info",
        "logger": "batuta.somewhere",
        "event": "stage.submitted",
        "stage": "download",
        "remote_id": "r1",
        "api_key": "***",
    }
    assert "Video job submitted: r1" in (settings.batuta_data / "logs" / "orchestrator.log").read_text()


def test_everything_is_as_before_when_logging_stops(settings: Settings) -> None:
    """Embedding programs and tests get their loggers back."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    before = (structlog.get_config(), root.level, list(root.handlers), uvicorn.propagate, uvicorn.handlers)
    start_logging(settings)()
    after = (structlog.get_config(), root.level, list(root.handlers), uvicorn.propagate, uvicorn.handlers)
    assert after == before


def test_below_the_level_nothing_is_written(tmp_path: Path) -> None:
    """LOG_LEVEL counts for our events and for uvicorn's."""
    stop = start_logging(Settings(batuta_data=tmp_path, log_level="ERROR"), "service.log")
    log.warning("not this")
    logging.getLogger("uvicorn.error").warning("nor this")
    log.error("this")
    stop()
    (line,) = (tmp_path / "logs" / "service.log").read_text().splitlines()
    assert line.endswith("ERROR - this")


def test_commands_log_to_stderr_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """At once, and masked like all else."""
    before = structlog.get_config()
    try:
        log_to_stderr("INFO")
        try:
            raise ValueError("oh")
        except ValueError:
            structlog.get_logger().exception("asked", url="https://u:p4ss@h/", token="abc")
    finally:
        structlog.configure(**before)
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().err)
    assert "url=https://***@h/" in shown
    assert "token=***" in shown
    assert "ValueError: oh" in shown
