"""Running `batuta` in a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import COMMAND, Ended
from media_files import beginning

import forked
from forked import Forked

SECONDS = 100


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A data folder of the test's own, the machine's weights, the small model."""
    return {**os.environ, "BATUTA_DATA": str(tmp_path / "data"), "WHISPER_MODEL": "tiny.en"}


@pytest.fixture
def batuta(environment: dict[str, str], tmp_path: Path) -> Callable[..., Ended]:
    """Run `batuta` with arguments to its end, in the test's folder, in a process forked for it."""

    def run(*arguments: str | Path, **variables: str) -> Ended:
        output, errors = tmp_path / "stdout", tmp_path / "stderr"
        process = Forked(
            forked.batuta,
            [str(argument) for argument in arguments],
            output=output,
            errors=errors,
            environment={**environment, **variables},
            folder=tmp_path,
        )
        try:
            code = process.wait(SECONDS)
        finally:
            process.kill()
        return Ended(code, output.read_text(), errors.read_text())

    return run


@pytest.fixture
def program(environment: dict[str, str], tmp_path: Path) -> Callable[..., Ended]:
    """Likewise, but started as a person starts it."""

    def run(*arguments: str | Path, **variables: str) -> Ended:
        process = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env={**environment, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    return run


@pytest.fixture(scope="session")
def best_of_times(two_cities: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 13 s of the recording: the best of times, the worst of times, up to incredulity."""
    path = tmp_path_factory.mktemp("speech") / "best_of_times.wav"
    beginning(path, two_cities, 13)
    return path
