"""The `batuta` command: finds the subcommand, turns errors into one line and an exit code.

Exit codes: 0 ok, 1 failed, 2 usage, 3 upstream trouble worth a retry.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import structlog
from cyclopts import App, CycloptsError
from pydantic import ValidationError

from batuta.cli.screen import say
from batuta.errors import BatutaError
from batuta.logs import log_to_stderr
from batuta.telemetry.masking import masked_text
from batuta.version import __version__

USAGE: Final = 2
INTERRUPTED: Final = 130

log = structlog.get_logger()
app = App(name="batuta", version=__version__, help="One dependable front for media and AI services.")
app.command("batuta.cli.caption:caption", help="Caption a video or audio file, or the media behind a URL.")
app.command("batuta.cli.dub:dub", help="Dub a video into another language.")
app.command("batuta.cli.transcript:transcript", help="The transcript of a YouTube video.")
app.command(
    "batuta.cli.albums:app",
    name="albums",
    help="Years of albums: year, scan, stats, invalidate, export, import.",
)
app.command("batuta.cli.shop:app", name="shop", help="Say what you want, and find it: chat, search, import.")
app.command("batuta.cli.jobs:app", name="jobs", help="Jobs: list, show.")
app.command("batuta.cli.worker:worker", help="Carry jobs without serving HTTP.")
app.command("batuta.cli.keys:app", name="keys", help="API keys: create, list, revoke.")
app.command("batuta.cli.models:app", name="models", help="Model weights: list, pull, verify.")
app.command("batuta.cli.serve:serve", help="Serve over HTTP, everything or one service.")
app.command("batuta.cli.doctor:doctor", help="What is missing, and how to get it.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    log_to_stderr(os.environ.get("LOG_LEVEL", "WARNING"))
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the command."""
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on; nothing more to say
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, a person gets one line
        line, code = _explained(error)
        say(f"batuta: {line}")
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> tuple[str, int]:
    """The line that says what went wrong, and the exit code."""
    match error:
        case BatutaError():
            return error.message, error.exit_code
        case CycloptsError():
            return f"{' '.join(str(error).split())}; see batuta --help", USAGE
        case ValidationError():
            fault = error.errors()[0]
            name = "_".join(str(part) for part in fault["loc"]).upper()
            return f"{name}: {fault['msg']} (got {masked_text(repr(fault.get('input')))})", USAGE
        case _:
            log.debug("cli.broken", exc_info=error)
            said = " ".join(str(error).split())
            return f"unexpected {type(error).__name__}: {said} (LOG_LEVEL=DEBUG shows where)", 1
