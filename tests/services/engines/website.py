"""A web server of our own that says at each path what it was told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Answer:
    """What the server says at one path."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    pause_seconds: float = 0.0


@dataclass
class Site:
    """A running server: answers by path, and the paths it was asked for."""

    origin: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def at(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.origin + path


@contextmanager
def serving() -> Iterator[Site]:
    """A site on a free port of this machine, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            answer = found.answers.get(urlsplit(self.path).path, Answer(b"nothing here", status=404))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            announced = len(answer.body) if answer.announced is None else answer.announced
            if announced >= 0:
                self.send_header("Content-Length", str(announced))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            size = 1 if answer.pause_seconds else 4096
            with suppress(ConnectionError):
                for first in range(0, len(answer.body), size):
                    self.wfile.write(answer.body[first : first + size])
                    if answer.pause_seconds and over.wait(answer.pause_seconds):
                        return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            pass

    over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            over.set()
            server.shutdown()
            thread.join()
