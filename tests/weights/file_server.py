"""A web server that plays the mirror or the hub, with the faults a test asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """Serves `files` by path, with faults per path that hold until the test takes them away."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut_at: dict[str, int] = field(default_factory=dict)
    """Send this many bytes of the body, then close the connection; for one request."""
    stall_at: dict[str, int] = field(default_factory=dict)
    """Send this many bytes of the body, then nothing until the test is over."""
    hanging: set[str] = field(default_factory=set)
    """Take the request and never answer."""
    without_ranges: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and `Range` of every request."""
    over: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a hanging or stalling request has come as far as it will."""

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        play, name = self.server.play, self.path.lstrip("/")
        wanted = self.headers.get("Range")
        play.asked.append((name, wanted))
        self.close_connection = True
        if name in play.hanging:
            self._wait()
            return
        if name not in play.files:
            self.send_error(404)
            return
        content = play.files[name]
        start = 0
        if wanted and name not in play.without_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        stop = play.cut_at.pop(name, None) or play.stall_at.get(name)
        self.wfile.write(content[start:stop])
        self.wfile.flush()
        if name in play.stall_at:
            self._wait()

    def _wait(self) -> None:
        self.server.play.reached.set()
        self.server.play.over.wait(30)

    def log_message(self, *args: object) -> None:
        """A test's output is pytest's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    play: FileServer


@contextmanager
def serving() -> Iterator[FileServer]:
    """A server on a free port of the loopback, gone with its threads at the end."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.play = FileServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.play
        finally:
            server.play.over.set()
            server.shutdown()
            thread.join(5)
