"""No connection to an address that is not public, whatever name, page or redirect leads there.

A check of the URL beforehand can be led astray by a redirect, or by a name that resolves differently the
second time. So the connection itself is watched: Python tells audit hooks (PEP 578) about each `connect` and
the address it goes to, whichever library makes it. Hooks stay for good; this one rests between downloads.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies

from batuta.clients.addresses import AllowList, Network


@dataclass
class Guard:
    """The networks that may be connected to beside the public ones, and the addresses that were refused."""

    allowed: list[Network]
    refused: list[str] = field(default_factory=list[str])

    def permits(self, host: str) -> bool:
        """Whether a connection to this address may be made."""
        return AllowList(tuple(self.allowed)).permits(ip_address(host.partition("%")[0]))


_active: Guard | None = None
_installed = False


@contextmanager
def only_public_addresses(allow: Iterable[str]) -> Generator[Guard]:
    """Refuse every other connection of this process meanwhile, but for the hosts and networks in `allow`.

    A proxy of the environment is allowed; what lies behind it is then the proxy's affair.
    """
    global _active, _installed  # noqa: PLW0603  # as hooks are: one for the process
    if not _installed:
        sys.addaudithook(_watch)
        _installed = True
    proxies = (urlsplit(proxy).hostname for proxy in getproxies().values())
    # Seen from here a connection has no name, only an address: a name means those it has now.
    _active = Guard(list(AllowList.of((*allow, *filter(None, proxies))).resolved().networks))
    try:
        yield _active
    finally:
        _active = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _active is None or event != "socket.connect":
        return
    _, address = arguments
    if isinstance(address, tuple):  # of the internet families; others have no hosts
        host = str(cast("tuple[object, ...]", address)[0])
        if not _active.permits(host):
            _active.refused.append(host)
            raise OSError(errno.EACCES, f"{host} is not a public address")
