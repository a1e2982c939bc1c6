"""Sound kept on disk between two passes, exactly as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from batuta.media.audio import Block

_BLOCK_SAMPLES: Final = 24_000


class Spool:
    """Blocks of float samples in a file; a 16-bit file would clip what is too loud before it is levelled."""

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.fraction_read = 0.0
        self._path = path

    def write(self, blocks: Iterable[Block]) -> None:
        """Keep these blocks."""
        with self._path.open("wb") as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block.T).tobytes())

    def __iter__(self) -> Iterator[Block]:
        size = _BLOCK_SAMPLES * self.channels * np.dtype(np.float32).itemsize
        whole = max(self._path.stat().st_size, 1)
        with self._path.open("rb") as file:
            while data := file.read(size):
                self.fraction_read = file.tell() / whole
                samples = np.frombuffer(data, np.float32)
                yield np.ascontiguousarray(samples.reshape(-1, self.channels).T)
