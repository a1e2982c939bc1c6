"""The tier that processes share: a Redis, which may fail or hang without anybody's noticing for long."""

from batuta.cache.shared.link import RedisLink
from batuta.cache.shared.tier import RedisTier

__all__ = ["RedisLink", "RedisTier"]
