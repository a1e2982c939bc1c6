"""`python albums_writer.py FOLDER NAME COUNT`: stores so many years and values, saving after each."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from batuta.albums import AppConfig, CacheOrchestrator


async def main(folder: Path, name: str, count: int) -> None:
    async with CacheOrchestrator(AppConfig(logs_base_dir=folder)) as caches:
        for number in range(count):
            await caches.store_album_year(name, str(number), "1993")
            caches.set(f"{name} {number}", number)
            await caches.save_all_to_disk()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
