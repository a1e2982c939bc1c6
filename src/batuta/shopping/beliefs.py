"""What an answer about one facet would tell, by how the belief is spread over its values; pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batuta.services.catalog.models import Facet, FacetValue
from batuta.services.products import Range


@dataclass(frozen=True, slots=True)
class Outlook:
    """What asking for a facet promises."""

    bits: float
    """Entropy of the answers, in bits, among products of which the facet is known."""
    known: float
    """Share of the belief that is with those, 0 to 1."""
    offered: float
    """Share of the known that the offered values cover, 0 to 1."""

    @property
    def gain(self) -> float:
        """Expected information gain in bits; nothing is gained where nobody knows (Lindley, 1956)."""
        return self.bits * self.known


def outlook(facet: Facet, offered: Sequence[FacetValue]) -> Outlook:
    """What asking for the facet promises, if these of its values are offered.

    Somebody may name any word, so all values count, those not listed too; of numbers in ranges he can tell no
    more than the range, so these count as they stand.
    """
    listed = weights(facet.values)
    in_ranges = any(isinstance(value.value, Range) for value in facet.values)
    bits = entropy(weights(offered)) if in_ranges else max(facet.bits, 0.0)
    whole = max(facet.known, math.fsum(listed)) if _weighted(facet.values) else math.fsum(listed)
    covered = math.fsum(weights(offered)) / whole if whole > 0 else 0.0
    return Outlook(bits, min(1.0, max(0.0, facet.known)), min(1.0, covered))


def weights(values: Sequence[FacetValue]) -> list[float]:
    """How much belief is with each value; a catalogue that tells counts only believes in all alike."""
    return (
        [value.weight for value in values] if _weighted(values) else [float(value.count) for value in values]
    )


def entropy(shares: Iterable[float]) -> float:
    """Shannon's, in bits, of shares that need not sum to 1."""
    positive = [share for share in shares if share > 0]
    whole = math.fsum(positive)
    parts = (share / whole for share in positive)
    return max(0.0, -math.fsum(part * math.log2(part) for part in parts if part > 0))  # 1e-320 / 1e6 is 0


def _weighted(values: Sequence[FacetValue]) -> bool:
    return any(value.weight > 0 for value in values)
