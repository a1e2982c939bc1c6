"""What became of asking each tier, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from batuta.cache.answers import Source, TierStatistics, Tried

TIERS: Final[tuple[Source, ...]] = ("memory", "cache", "database", "origin")
Watch = Callable[[Source, Tried], None]


class Tally:
    """Counts; `watch` is told of each too, except of hits in memory, which are too many (a metrics hook)."""

    def __init__(self, watch: Watch | None = None) -> None:
        self._counted: Counter[tuple[Source, Tried]] = Counter()
        self._watch = watch
        self.memory_hits = 0
        self.loads = 0
        self.joined = 0

    def tier(self, tier: Source, outcome: Tried) -> None:
        """A tier was asked, or a write to it failed."""
        self._counted[tier, outcome] += 1
        if self._watch is not None:
            self._watch(tier, outcome)

    def load(self) -> None:
        """The origin is asked."""
        self.loads += 1

    def of(self, tier: Source) -> TierStatistics:
        """The tier's numbers."""
        told = self._counted
        return TierStatistics(
            hits=told[tier, "hit"] + (self.memory_hits if tier == "memory" else 0),
            misses=told[tier, "miss"],
            stale=told[tier, "stale"],
            errors=told[tier, "error"],
            skipped=told[tier, "skipped"],
        )
