"""Running the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import COMMAND, Ended


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A data folder of the test's own, the machine's weights, the small model."""
    return {**os.environ, "BATUTA_DATA": str(tmp_path / "data"), "WHISPER_MODEL": "tiny.en"}


@pytest.fixture
def batuta(environment: dict[str, str], tmp_path: Path) -> Callable[..., Ended]:
    """Run `batuta` with arguments to its end, in the test's folder."""

    def run(*arguments: str | Path, **variables: str) -> Ended:
        process = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env={**environment, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    return run
