"""Small published files."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from batuta.weights import Source, WeightFile, Weights

MakeWeights = Callable[..., Weights]
"""`make_weights(*files, mirror=None, **limits)`."""

CONTENT = random.Random(7).randbytes(300_000)


def published(content: bytes = CONTENT, *sources: Source, path: str = "model.bin") -> WeightFile:
    """A catalogue entry that pins `content`."""
    return WeightFile(path, hashlib.sha256(content).hexdigest(), len(content), sources)


# Async tests may well touch small local files; the linter agrees when plain functions do it for them.


def put(path: Path, content: bytes) -> Path:
    """Write a file, and its folder when there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def stat_of(path: Path) -> os.stat_result:
    return path.stat()


def names_under(folder: Path) -> set[str]:
    """The names of all files anywhere under `folder`."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


def wait_for_size(path: Path, size: int) -> None:
    """Return once the file has at least `size` bytes; ten seconds are the limit."""
    deadline = time.monotonic() + 10
    while not (path.exists() and path.stat().st_size >= size):
        assert time.monotonic() < deadline, f"{path} never had {size} bytes"
        time.sleep(0.01)
