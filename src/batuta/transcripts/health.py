"""Whether transcripts are well: told from what the tiers last did, so it answers at once whatever hangs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from batuta.transcripts.orchestrator import Surroundings
from batuta.version import __version__


def report(around: Surroundings) -> dict[str, Any]:
    """The answer to `GET /health`; degraded still answers: what the tiers have, or all but what they have."""
    up = {"redis": around.redis_up, "youtube": around.youtube_up}
    words = {None: "not configured", True: "healthy", False: "unhealthy"}
    return {
        "status": "degraded" if False in up.values() else "healthy",
        "service": "batuta-transcripts",
        "version": __version__,
        "timestamp": dt.datetime.now(dt.UTC).isoformat(),
        "tiers": {name: words[state] for name, state in up.items()},
    }
