"""A real S3-speaking server for tests: moto's, on loopback."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator
from typing import Final

import httpx2
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

KEY: Final = "testing"
REGION: Final = "us-east-1"


@contextlib.contextmanager
def s3_server() -> Generator[str]:
    """The endpoint's URL; what is put there is gone at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def bucket(endpoint: str, name: str) -> S3Store:
    """A new, empty bucket."""
    store = S3Store(
        name,
        endpoint=endpoint,
        region=REGION,
        access_key_id=KEY,
        secret_access_key=KEY,
        client_options={"allow_http": True},
    )
    httpx2.put(f"{endpoint}/{name}", timeout=10).raise_for_status()
    return store
