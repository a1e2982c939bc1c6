"""What a download is guarded by: addresses, time, and messages that tell no secrets."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from website import Site

from batuta.services.downloader.addresses import Guard, only_public_addresses
from batuta.services.downloader.limits import TimeUp, time_limit
from batuta.services.downloader.refusals import one_line, shown


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.7.7", True),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:192.168.7.7", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_public_is_public_in_every_notation(address: str, permitted: bool) -> None:  # noqa: FBT001
    """And 192.168.7.0/24 was allowed."""
    assert Guard([ip_network("192.168.7.0/24")]).permits(address) == permitted


def test_allowed_hosts_are_allowed_by_their_addresses(site: Site) -> None:
    """A name in the list means what it resolves to; an unknown one means nothing."""
    port = urlsplit(site.origin).port
    with (
        only_public_addresses(["localhost", "no-such-host.invalid"]),
        socket.create_connection(("127.0.0.1", port)),
    ):
        pass
    with (
        only_public_addresses([]) as guard,
        pytest.raises(OSError, match="not a public address"),
        socket.create_connection(("127.0.0.1", port)),
    ):
        pass
    assert guard.refused == ["127.0.0.1"]
    with socket.create_connection(("127.0.0.1", port)):  # at rest, the guard minds its own business
        pass


def test_a_time_limit_gives_back_the_alarm_it_borrowed() -> None:
    """Two limits, one in the other: the inner ends first, the outer still rings."""

    def sleep_twice() -> None:
        with pytest.raises(TimeUp), time_limit(0.05):
            time.sleep(5)
        time.sleep(5)

    started = time.monotonic()
    with pytest.raises(TimeUp), time_limit(0.3):
        sleep_twice()
    assert 0.3 <= time.monotonic() - started < 2


def test_messages_are_for_people() -> None:
    """Colours, prefixes, line breaks and calls for bug reports are gone."""
    raw = (
        "\x1b[0;31mERROR:\x1b[0m [generic] abc: Unable to extract\n data; please report this issue on "
        "https://github.com/yt-dlp, filling out the template. Confirm you are on the latest version"
    )
    assert one_line(raw) == "abc: Unable to extract data"
    assert shown("https://user:pass@host:8443/a/b?token=1#x") == "https://host:8443/a/b"
