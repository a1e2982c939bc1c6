"""Look up a value instead of computing it again.

`TieredCache` is the whole of it; `batuta.cache.shared` adds the Redis that processes have in common.
"""

from batuta.cache.answers import Attempt, CacheStatistics, Failed, Found, Source, TierStatistics
from batuta.cache.cache import TieredCache
from batuta.cache.codec import Codec
from batuta.cache.entries import Absence, Entry
from batuta.cache.gathered import Gathered
from batuta.cache.policy import CachePolicy
from batuta.cache.remembered import Remembered
from batuta.cache.tiers import Invalidation, SharedTier, Stamp, Tier

__all__ = [
    "Absence",
    "Attempt",
    "CachePolicy",
    "CacheStatistics",
    "Codec",
    "Entry",
    "Failed",
    "Found",
    "Gathered",
    "Invalidation",
    "Remembered",
    "SharedTier",
    "Source",
    "Stamp",
    "Tier",
    "TierStatistics",
    "TieredCache",
]
