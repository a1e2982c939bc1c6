"""Files on their way: nothing half-written ever has the name of a result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def half_written(output: Path) -> Generator[Path]:
    """A file beside `output` that becomes it in the end, or is gone when something fails."""
    part = output.with_name(f"{output.name}.part")
    try:
        yield part
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def scratch(output: Path, name: str) -> Generator[Path]:
    """A file beside `output` that is gone afterwards."""
    path = output.with_name(f"{output.name}.{name}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
