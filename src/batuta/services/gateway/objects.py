"""Objects: videos by their name, in a folder of ours or a bucket, streamed in and out.

The claim check of the seed's other programs, which know objects by key. What passes between our own stages
are artefacts (`storage/artefacts.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from typing import Final, Protocol

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from batuta.errors import BatutaError, NotFound, ServiceUnavailable, StorageError
from batuta.services.gateway.keys import check_key

READ_BYTES: Final = 256 * 1024


class Objects(Protocol):
    """Where objects are kept.

    Every method may raise `InvalidRequest` for a key that is none, `StorageError` for a store that refuses,
    and `ServiceUnavailable` for one that does not answer, which may help to be asked again.
    """

    async def put(self, key: str, chunks: AsyncIterable[bytes], media_type: str) -> int:
        """Keep a stream under the key, in the place of what was there; how many bytes that were.

        When this returns they are on stable storage. When it raises, or is cancelled, nothing has changed.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, all of one version; raises `NotFound`."""
        ...

    async def has(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    async def size(self, key: str) -> int:
        """Its bytes; raises `NotFound`."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the object; nothing happens when there is none."""
        ...

    async def signed_url(self, key: str, seconds: int, filename: str) -> str:
        """Where it can be had for so many seconds without a key, as a file of this name.

        A link to ourselves has no host: it begins with a slash.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class StoredObjects:
    """What folder and bucket have in common: one obstore store, errors as ours, whole objects or none."""

    def __init__(self, store: LocalStore | S3Store, *, part_bytes: int) -> None:
        """An upload holds two or three parts in memory."""
        self._store = store
        self._part_bytes = part_bytes

    async def has(self, key: str) -> bool:
        """See `Objects.has`."""
        try:
            await self.size(key)
        except NotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        """See `Objects.size`."""
        return (await self._head(key))["size"]

    async def delete(self, key: str) -> None:
        """See `Objects.delete`."""
        try:
            with self._telling(key, "deleted"):
                await self._store.delete_async(check_key(key))
        except NotFound:
            return

    async def _head(self, key: str) -> obstore.ObjectMeta:
        with self._telling(key, "looked for"):
            return await self._store.head_async(check_key(key))

    async def _write(
        self, key: str, chunks: AsyncIterable[bytes], attributes: dict[str, str] | None = None
    ) -> int:
        """Bytes written; a store shows them once all are there, and forgets them when the source fails."""
        size = 0
        opened = obstore.open_writer_async(
            self._store,
            check_key(key),
            attributes=attributes,
            buffer_size=self._part_bytes,
            max_concurrency=2,
        )
        try:
            with self._telling(key, "stored"):
                async with opened as writer:
                    async for chunk in chunks:
                        await writer.write(chunk)
                        size += len(chunk)
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
        return size

    @contextmanager
    def _telling(self, key: str, what: str) -> Generator[None]:
        """A failure of the store as one of ours, with the first line of what it said."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {key!r}") from error
        except (OSError, BaseError) as error:
            said = str(error).partition("\n")[0]
            raise self._failure(error)(f"object {key!r} could not be {what}: {said}") from error

    def _failure(self, error: Exception) -> type[BatutaError]:
        """A folder that fails needs its owner; a bucket may be back soon, unless it knows us not."""
        refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        near = isinstance(self._store, LocalStore)
        return StorageError if near or refused else ServiceUnavailable
