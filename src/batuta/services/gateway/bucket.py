"""Objects in a bucket of S3, MinIO or whatever speaks their protocol."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from obstore.exceptions import PreconditionError
from obstore.store import S3Store

from batuta.clients import RetryPolicy, ServiceClient
from batuta.errors import InvalidRequest, ServiceUnavailable, StorageError
from batuta.services.files import disposition
from batuta.services.gateway.keys import check_key
from batuta.services.gateway.objects import READ_BYTES, StoredObjects
from batuta.services.gateway.presigning import Signer

REGION: Final = "us-east-1"
"""What MinIO calls itself unless told otherwise, and where AWS wants no region for a new bucket."""
PART_BYTES: Final = 8 * 1024 * 1024
"""5 MiB or more, and no more than 10,000 of them (S3, limits). So much is read with one request, too."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
"""S3, "General purpose bucket naming rules"."""
_CONFIGURATION: Final = (
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>"
)
_SIGNED_SECONDS: Final = 300
"""For requests of our own; clocks differ."""
_OK, _MISSING, _FORBIDDEN, _CONFLICT = 200, 404, 403, 409


@dataclass(frozen=True, slots=True)
class Bucket:
    """Which bucket, whose, and how long to wait for it."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    name: str = "videos"
    region: str = REGION
    public_endpoint: str | None = None
    """Where those outside find it, if the endpoint's name is known only among our machines."""
    request_seconds: float = 60.0
    """One request, which carries `PART_BYTES` at most."""
    connect_seconds: float = 5.0
    retries: int = 4


class BucketObjects(StoredObjects):
    """One object for each; large ones go in parts, of which nobody sees any before all are there."""

    def __init__(self, bucket: Bucket) -> None:
        """Nothing is asked yet; raises `InvalidRequest` for settings that cannot be."""
        endpoint = _origin("MINIO_ENDPOINT", bucket.endpoint)
        if _NAME.fullmatch(bucket.name) is None:
            raise InvalidRequest(f"MINIO_BUCKET: {bucket.name!r} is no bucket's name: use a-z, 0-9, - and .")
        store = S3Store(
            bucket.name,
            endpoint=endpoint,
            region=bucket.region,
            access_key_id=bucket.access_key,
            secret_access_key=bucket.secret_key,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "timeout": dt.timedelta(seconds=bucket.request_seconds),
                "connect_timeout": dt.timedelta(seconds=bucket.connect_seconds),
            },
            retry_config={
                "max_retries": bucket.retries,
                "retry_timeout": dt.timedelta(seconds=bucket.request_seconds),
                "backoff": {
                    "base": 2,
                    "init_backoff": dt.timedelta(milliseconds=100),
                    "max_backoff": dt.timedelta(seconds=2),
                },
            },
        )
        super().__init__(store, part_bytes=PART_BYTES)
        self._bucket = bucket
        self._address = f"{endpoint}/{bucket.name}"
        outside = bucket.public_endpoint or endpoint
        self._outside = f"{_origin('MINIO_PUBLIC_ENDPOINT', outside)}/{bucket.name}"
        self._signer = Signer(bucket.access_key, bucket.secret_key, bucket.region)
        self._client = ServiceClient(
            "object store",
            endpoint,
            timeout=min(bucket.request_seconds, 10.0),
            retry=RetryPolicy(max_retries=bucket.retries, base=0.1),
        )
        self._is_there = False

    async def put(self, key: str, chunks: AsyncIterable[bytes], media_type: str) -> int:
        """See `Objects.put`; a bucket that is missing is made first."""
        await self._ensure()
        return await self._write(key, chunks, {"Content-Type": media_type})

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See `Objects.read`: in requests of `PART_BYTES`, each with a time limit of its own."""
        found = await self._head(key)
        size, tag = found["size"], found["e_tag"]
        stop = size if end is None else min(end, size)
        with self._telling(key, "read"):
            for begin in range(start, stop, PART_BYTES):
                part = (begin, min(begin + PART_BYTES, stop))
                try:
                    answer = await self._store.get_async(
                        check_key(key), options={"range": part, "if_match": tag}
                    )
                except PreconditionError as error:
                    raise ServiceUnavailable(f"object {key!r} was replaced while it was read") from error
                async for chunk in answer.stream(min_chunk_size=READ_BYTES):
                    yield bytes(chunk)

    async def signed_url(self, key: str, seconds: int, filename: str) -> str:
        """See `Objects.signed_url`; raises `NotFound`."""
        await self._head(key)
        called = {"response-content-disposition": disposition(filename)}
        return self._signer.url(
            "GET", f"{self._outside}/{key}", seconds, now=dt.datetime.now(dt.UTC), parameters=called
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ensure(self) -> None:
        """Make the bucket if it is missing; one we may write to but not look at is there."""
        if self._is_there:
            return
        status = await self._ask("HEAD", expected=(_MISSING, _FORBIDDEN))
        if status == _MISSING:
            region = self._bucket.region
            body = _CONFIGURATION.format(region) if region != REGION else ""
            made = await self._ask("PUT", body, expected=(_FORBIDDEN, _CONFLICT))
            if made == _FORBIDDEN:
                raise StorageError(
                    f"the bucket {self._bucket.name!r} is missing, and MINIO_ACCESS_KEY may not make it: "
                    "make it, or give that key the permission"
                )
        self._is_there = True

    async def _ask(self, method: str, body: str = "", *, expected: tuple[int, ...]) -> int:
        """The status of a request about the bucket itself, which obstore has no call for."""
        now = dt.datetime.now(dt.UTC)
        url = self._signer.url(method, self._address, _SIGNED_SECONDS, now=now)
        path = url.removeprefix(self._client.base_url)
        answer = await self._client.request(method, path, content=body.encode(), expected=expected)
        return answer.status_code


def _origin(name: str, endpoint: str) -> str:
    """`scheme://host[:port]`; raises `InvalidRequest`, since without a scheme http may not be meant."""
    parts = urlsplit(endpoint.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise InvalidRequest(f"{name}: {endpoint!r} is no address: write http://host:port or https://host")
    if parts.username is not None:
        raise InvalidRequest(f"{name}: keys go into MINIO_ACCESS_KEY and MINIO_SECRET_KEY")
    return f"{parts.scheme}://{parts.netloc}"
