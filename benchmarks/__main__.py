"""`make bench`: every figure beside its limit, measured in this run on this machine."""

from __future__ import annotations

import os
import platform
import runpy

BENCHMARKS = ("job_overhead", "client_overhead")

if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    for name in BENCHMARKS:
        print(f"\n== {name}")
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
