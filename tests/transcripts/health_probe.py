"""Asks URL/health every 5 ms over one connection until its standard input ends; then prints what it found.

A program of its own, so that what is measured is the server and not the test beside it. `late` is by how much
its own pauses were too long (p99): what the machine, being busy, adds to everything.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

PAUSE = 0.005
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
address = urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
taken: list[float] = []
late: list[float] = []
failed = 0
while True:
    paused = time.perf_counter()
    if over.wait(PAUSE):
        break
    begun = time.perf_counter()
    late.append((begun - paused - PAUSE) * 1000)
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    taken.append((time.perf_counter() - begun) * 1000)
    failed += answer.status != 200


def share(of: list[float], part: float) -> float:
    return round(sorted(of)[int(part * (len(of) - 1))], 2)


found = {"p50": share(taken, 0.5), "p99": share(taken, 0.99), "worst": share(taken, 1)}
print(json.dumps({"asked": len(taken), "failed": failed, **found, "late": share(late, 0.99)}))
