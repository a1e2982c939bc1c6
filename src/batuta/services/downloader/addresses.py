"""No connection to an address that is not public, whatever name, page or redirect leads there.

A check of the URL beforehand can be led astray by a redirect, or by a name that resolves differently the
second time. So the connection itself is watched: Python tells audit hooks (PEP 578) about each `connect` and
the address it goes to, whichever library makes it. Hooks stay for good; this one rests between downloads.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 addresses seen through a translator (RFC 6052)."""


@dataclass
class Guard:
    """The networks that may be connected to beside the public ones, and the addresses that were refused."""

    allowed: list[Network]
    refused: list[str] = field(default_factory=list[str])

    def permits(self, host: str) -> bool:
        """Whether a connection to this address may be made."""
        address = _plain(ip_address(host.partition("%")[0]))
        return (address.is_global and not address.is_multicast) or any(
            address in network for network in self.allowed
        )


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
    _active = Guard([network for name in (*allow, *filter(None, proxies)) for network in _networks(name)])
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


def _networks(name: str) -> list[Network]:
    """The network a name in an allow-list means; a host means the addresses it has now."""
    try:
        return [ip_network(name, strict=False)]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(name, None)
    except OSError:
        return []
    return [ip_network(str(address[0]).partition("%")[0]) for *_, address in found]


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
