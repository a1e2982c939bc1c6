"""Who asks: the frozen value every route may have, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Scope = Literal["submit", "read", "admin"]
"""What a key is good for: starting and stopping work, looking, looking after the house."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks: a key, or a person on this machine who needs none."""

    owner: str = ""
    """The key's id, under which work is accounted; "" for whoever comes without a key."""
    name: str = ""
    """What the key's maker called it."""
    scopes: frozenset[Scope] = frozenset()
    address: str = ""
    """Where the request comes from: an IP address, "" where there is none."""
    requests_per_minute: int | None = None
    """The key's own limit, 0 for none at all; None means the server's."""

    def may(self, scope: Scope) -> bool:
        """Whether the caller has the scope; admin has every one."""
        return scope in self.scopes or "admin" in self.scopes
