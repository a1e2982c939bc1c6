"""When the library was last gone through for changes."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from batuta.albums.config import AppConfig
from batuta.albums.lines import Lines
from batuta.albums.writing import replaced
from batuta.errors import StorageError


class IncrementalRunTracker:
    """Keeps one time in `logging.last_incremental_run_file`, as ISO 8601."""

    def __init__(self, config: AppConfig, logger: logging.Logger | None = None) -> None:
        self._path = config.place(config.logging.last_incremental_run_file)
        self._log = Lines(logger, __name__)

    def get_last_run_file_path(self) -> str:
        """The file."""
        return str(self._path)

    async def get_last_run_timestamp(self) -> datetime | None:
        """The time of the last run in UTC; None where there was none, or the file is unreadable."""
        return await asyncio.to_thread(self._read)

    async def update_last_run_timestamp(self, when: datetime | None = None) -> None:
        """Note a run, by default one that ends now; raises `StorageError` where that cannot be written."""
        moment = (when or datetime.now(UTC)).astimezone(UTC)
        await asyncio.to_thread(_write, self._path, moment.isoformat())

    def _read(self) -> datetime | None:
        try:
            moment = datetime.fromisoformat(self._path.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._log.warning(
                "%s holds no time of a run (%s): it counts as never run; the next run writes it anew",
                self._path,
                error,
            )
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _write(path: Path, text: str) -> None:
    try:
        with replaced(path) as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}): see logs_base_dir") from error
