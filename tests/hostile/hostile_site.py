"""A web site that says what it was told to, and a trap on an address that nobody may be led to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

SITE_ADDRESS = "127.0.0.2"
"""What a house may be allowed to download from."""
TRAP_ADDRESS = "127.0.0.1"
"""Loopback as well, but not the address that is allowed; what names of this machine lead to."""


@dataclass(frozen=True)
class Page:
    """What the site says at one path; a `length` is announced in the place of the real one."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: str | None = None


@dataclass
class Site:
    """A running site."""

    origin: str
    pages: dict[str, Page] = field(default_factory=dict)

    def at(self, name: str, page: Page) -> str:
        """The URL under which the page is now."""
        self.pages[f"/{name}"] = page
        return f"{self.origin}/{name}"


@dataclass
class Trap:
    """A server nobody should ask, and what it was asked for all the same."""

    origin: str
    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def site_served() -> Generator[Site]:
    """A site, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = found.pages.get(self.path, Page(b"nothing here", status=404))
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body)) if page.length is None else page.length)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            pass

    with _running(SITE_ADDRESS, Handler) as port:
        found = Site(f"http://{SITE_ADDRESS}:{port}")
        yield found


@contextmanager
def trap_set() -> Generator[Trap]:
    """A trap, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET  # noqa: N815  # its name in the base class

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            pass

    with _running(TRAP_ADDRESS, Handler) as port:
        found = Trap(f"http://{TRAP_ADDRESS}:{port}", port)
        yield found


def own_name() -> str:
    """A name of this machine that leads to addresses of its own only."""
    name = socket.gethostname()
    found = {ip_address(str(address[0])) for *_, address in socket.getaddrinfo(name, None)}
    assert not any(address.is_global for address in found), f"{name} is a public name"
    return name


@contextmanager
def _running(address: str, handler: type[BaseHTTPRequestHandler]) -> Generator[int]:
    with ThreadingHTTPServer((address, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
