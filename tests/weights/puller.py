"""Pull one file in a process of its own: `python puller.py FOLDER MIRROR SHA256 SIZE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from batuta.weights import WeightFile, Weights, WeightSet


async def main(folder: str, mirror: str, sha256: str, size: str) -> None:
    file = WeightFile("model.bin", sha256, int(size), ())
    weights = WeightSet("toy", "a test", "CC0-1.0", "here", (file,))
    await Weights(Path(folder), mirror, catalog={"toy": weights}).ensure("toy")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
