"""A real DynamoDB-speaking server for tests: moto's, on loopback."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Generator, Iterable
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from batuta.sessions.dynamo import DynamoSessions

KEY: Final = "testing"
REGION: Final = "us-east-1"


@contextlib.contextmanager
def dynamodb_server() -> Generator[str]:
    """The endpoint's URL; what is put there is gone at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sessions_at(endpoint: str, table: str) -> DynamoSessions:
    """The sessions of a table there, which has yet to be made."""
    return DynamoSessions.at(table, REGION, endpoint=endpoint, access_key=KEY, secret_key=KEY)


class _OneAtATime:
    """moto undoes a transaction by putting back a copy of the table, also of what others wrote meanwhile."""

    def __init__(self, app: DomainDispatcherApplication) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # WSGI
        with self._lock:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
