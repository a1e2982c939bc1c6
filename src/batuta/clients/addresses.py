"""Which addresses, and so which URLs, are public, and which exceptions the operator made.

Pure, but for `resolve`. Public is what the registries of IANA call globally reachable, less what is reachable
only from inside some network in spite of its number. The rules are written down here rather than taken whole
from `ipaddress`, whose tables differ between Python's patch releases.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import httpx2

from batuta.errors import InvalidRequest

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str], tuple[Address, ...]]
"""From a host to its addresses; raises `OSError` when there are none."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 addresses seen through a translator (RFC 6052)."""
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6. Outside are loopback, link-local, site-local and unique local
addresses, multicast, a site's own translators (64:ff9b:1::/48, RFC 8215) and dead notations (::127.0.0.1)."""
_NOT_PUBLIC: Final[tuple[Network, ...]] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; 192.0.0.192 is a cloud's metadata service
    IPv4Network("168.63.129.16/32"),  # a cloud's platform service, behind a number that looks public
    IPv6Network("2001::/23"),  # protocol assignments, Teredo (RFC 4380) among them
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)
_NUMBERS: Final = re.compile(r"[0-9a-fx]+(\.[0-9a-fx]+){0,3}", re.IGNORECASE)
_LONGEST_URL: Final = 2048
_LAST_PORT: Final = 65535
_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]+")
"""After normalisation; whatever else stands there, two programs might read it differently."""
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCALHOST: Final = (ip_network("127.0.0.1"), ip_network("::1"))


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach this address."""
    address = plain(address)
    if address.is_multicast or not address.is_global or any(address in network for network in _NOT_PUBLIC):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries (mapped, 6to4, NAT64), if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def literal(host: str) -> Address | None:
    """The address that the host *is*, in any spelling resolvers take for one; None for a name.

    127.1, 0x7f.1, 0177.0.0.1 and 2130706433 are 127.0.0.1, as they are to `inet_aton`.
    """
    host = without_dot(host)
    try:
        return ip_address(host)
    except ValueError:
        pass
    if _NUMBERS.fullmatch(host) is None:
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def without_dot(host: str) -> str:
    """The host in lower case without the dot that may end it: `Localhost.` is `localhost`."""
    return host.lower().removesuffix(".")


def is_localhost(host: str) -> bool:
    """Whether the name means this machine wherever it is looked up (RFC 6761, section 6.3)."""
    return without_dot(host).rpartition(".")[2] == "localhost"


def resolve(host: str) -> tuple[Address, ...]:
    """The host's addresses, in the order in which they should be tried; raises `OSError`. Blocks."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(ip_address(str(address[0])) for *_, address in found)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Where users' URLs may lead although it is not public."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()
    """Hosts; a URL that names one may lead wherever that name leads."""

    @classmethod
    def of(cls, entries: Iterable[str]) -> AllowList:
        """From entries such as `localhost`, `10.0.0.7`, `192.168.0.0/16`, `hooks.example`."""
        networks: list[Network] = []
        names: set[str] = set()
        for entry in entries:
            try:
                networks.append(ip_network(entry.strip(), strict=False))
            except ValueError:
                names.add(without_dot(entry.strip()))
        if "localhost" in names:
            networks += _LOCALHOST
        return cls(tuple(networks), frozenset(names))

    def permits(self, address: Address) -> bool:
        """Whether a connection to this address may be made, by whatever name it was found."""
        carried = plain(address)
        return is_public(address) or any(
            address in network or carried in network for network in self.networks
        )

    def permits_host(self, host: str) -> bool:
        """Whether the host is one of those named, so that its addresses need no look."""
        return without_dot(host) in self.names

    def resolved(self, look_up: Resolve = resolve) -> AllowList:
        """The same list, in which a name also means the addresses it has now; an unknown name means none."""
        found = [
            ip_network(str(address).partition("%")[0])
            for name in self.names
            for address in _known(look_up, name)
        ]
        return replace(self, networks=(*self.networks, *found))


def _known(look_up: Resolve, name: str) -> tuple[Address, ...]:
    try:
        return look_up(name)
    except OSError:
        return ()


def check_url(url: str, allow: AllowList, *, credentials: bool = False) -> httpx2.URL:
    """The URL as it will be understood, once nothing about it speaks against asking it.

    Raises `InvalidRequest` for anything but http and https, for a user name or password in it (unless
    `credentials`), and for an address, in any spelling, that is not public. A name is judged when it is
    connected to: what it leads to then is what counts.
    """
    if len(url) > _LONGEST_URL:
        raise InvalidRequest(f"the URL has {len(url)} characters; at most {_LONGEST_URL} are allowed.")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx2.InvalidURL, ValueError) as error:
        raise InvalidRequest(f"the URL cannot be read: {error}.") from None
    if parsed.scheme not in {"http", "https"} or not host:
        raise InvalidRequest(f"{shown(url)!r} cannot be asked: only http:// and https:// addresses can.")
    if parsed.userinfo and not credentials:
        raise InvalidRequest(f"{shown(url)} is given with a user name or password: leave them out.")
    if not _could_be_a_host(host):
        raise InvalidRequest(f"{host!r} is not the name of a host.")
    if parsed.port is not None and not 0 < parsed.port <= _LAST_PORT:
        raise InvalidRequest(f"{shown(url)} has port {parsed.port}: ports go from 1 to {_LAST_PORT}.")
    _check_host(host, allow)
    return parsed


def shown(url: str) -> str:
    """The URL for a message: without password and query, which may be secret."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return "the URL"
    return str(parsed.copy_with(userinfo=b"", query=None, fragment=None))


def _could_be_a_host(host: str) -> bool:
    if _HOST.fullmatch(host) is None or host == "." or ".." in host:
        return False
    # A name never ends in a number (WHATWG URL, "ends in a number"): some would read 4294967297 as 0.0.0.1.
    return literal(host) is not None or not _NUMBER.fullmatch(without_dot(host).rpartition(".")[2])


def _check_host(host: str, allow: AllowList) -> None:
    """What can be said of a host without asking for its addresses."""
    address = literal(host)
    if address is None and is_localhost(host):
        address = literal("127.0.0.1")
    if address is not None and not allow.permits_host(host) and not allow.permits(address):
        raise not_public(host, address)


def not_public(host: str, address: Address) -> InvalidRequest:
    """The refusal of a host that leads to this address."""
    what = f"{host} is" if host == str(address) else f"{host} leads to {address}, which is"
    return InvalidRequest(f"{what} not a public address. If that is meant, allow it with BATUTA_URL_ALLOW.")
