"""The names of one cache's keys in Redis: `batuta:<name>:<kind>:<what>`."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from batuta.errors import InvalidRequest

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST: Final = 200
"""Characters of a key that stands for itself; a longer one is named by its hash."""


class Names:
    """Keys of one cache. None is part of another cache's pattern: names have no `:` and no wildcards."""

    def __init__(self, name: str) -> None:
        """Raises `InvalidRequest` for a name that is not of lower-case letters, digits, `-` and `_`."""
        if not _NAME.fullmatch(name):
            raise InvalidRequest(f"{name!r} cannot name a cache: use a-z, 0-9, '-' and '_', up to 64")
        self._root = f"batuta:{name}:"
        self.news = self._root + "news"
        self.bell = self._root + "bell"
        self.entries = self._root + "entry:*"

    def entry(self, key: str) -> str:
        """Where the entry is."""
        return f"{self._root}entry:{_short(key)}"

    def fence(self, key: str) -> str:
        """The token that the key's last invalidation left."""
        return f"{self._root}fence:{_short(key)}"

    def lock(self, key: str) -> str:
        """Whose turn it is to compute the value."""
        return f"{self._root}lock:{_short(key)}"

    def tag(self, tag: str) -> str:
        """The tag's token."""
        return f"{self._root}tag:{_short(tag)}"


def _short(key: str) -> str:
    """The key itself or, of a long one and of those that look like one, its SHA-256."""
    if len(key) <= LONGEST and not key.startswith("sha256-") and key.isprintable():
        return key
    return "sha256-" + hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
