"""`make bench`: every figure beside its limit, each measured in this run, in a process of its own.

`make bench DATA=FOLDER` names the folder with the judged catalogue, for the benchmarks that need one.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

BENCHMARKS = (
    "job_overhead",
    "job_rate",
    "memory",
    "reads",
    "cancelling",
    "killing",
    "speech_end_to_end",
    "events_latency",
    "client_overhead",
    "transcript_hits",
    "albums",
    "dubbing",
    "shopping",
    "catalog_search",
    "shoppers",
)
JUDGED = frozenset({"catalog_search", "shoppers"})
"""Those that need products with judgements, which are not ours to hand on."""


def main() -> int:
    """1 where a benchmark could not be done; a limit that is missed is told in words."""
    begun = time.monotonic()
    load = os.getloadavg()[0]
    python = f"Python {platform.python_version()}"
    print(f"{os.cpu_count()} cores, {platform.machine()}, {python}, load at the start {load:.1f}")
    failed: list[str] = []
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        folder = sys.argv[1:2] if name in JUDGED else []
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *folder], check=False).returncode:
            failed.append(name)
    print(f"\n{time.monotonic() - begun:.0f} s in all; {', '.join(failed) or 'none'} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
