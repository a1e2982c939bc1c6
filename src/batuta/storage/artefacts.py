"""Artefacts: files named by the SHA-256 of their content, kept in a local folder or any object store.

Media never goes through the engine, the queue or the database: a stage stores what it made here and
passes the reference on (the *claim check* of Enterprise Integration Patterns). The same bytes stored twice
are stored once, and a reference can never come to mean something else.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from pydantic import BaseModel, ConfigDict, Field

from batuta.errors import InvalidRequest, NotFound, PayloadTooLarge, StorageError

CHUNK_BYTES: Final = 256 * 1024
"""Bytes read or written at a time; a transfer holds two or three of these in memory."""
ABANDONED_SECONDS: Final = 24 * 3600.0
"""A file under `incoming/` that nobody has written to for so long was left by a killed process."""

FRESH_SECONDS: Final = 60.0
"""Bytes put so recently are never swept: whoever put them has yet to say so in a record."""

_PART_BYTES: Final = 8 * 1024 * 1024
"""One part of an upload to a bucket: 5 MiB or more, and no more than 10,000 of them (S3, limits)."""
_SWEPT_AT_ONCE: Final = 500
_READ_BYTES: Final = 256 * 1024
_TYPE: Final = r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}"
"""A media type without parameters (RFC 6838, section 4.2); it goes into headers, so nothing else may."""
_UNKNOWN_TYPE: Final = "application/octet-stream"


class Artefact(BaseModel):
    """A reference to stored bytes: what stages, jobs and services pass to each other instead of the bytes."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    media_type: str = Field(default=_UNKNOWN_TYPE, pattern=f"^{_TYPE}$")


Wanted = Callable[[set[str]], Awaitable[set[str]]]
"""Which of the files, named by their SHA-256, are mentioned anywhere."""


@dataclass(frozen=True)
class Swept:
    """What was deleted."""

    files: int = 0
    bytes: int = 0


class ArtefactStore(Protocol):
    """Where artefacts are kept; every method may raise `StorageError`."""

    async def put(
        self, chunks: AsyncIterable[bytes], media_type: str, *, max_bytes: int | None = None
    ) -> Artefact:
        """Store a stream; when this returns the bytes are on stable storage under their hash.

        Raises `PayloadTooLarge` past `max_bytes`, and then keeps nothing.
        """
        ...

    async def put_file(self, path: Path, media_type: str) -> Artefact:
        """Store a copy of a local file; the file stays as it is."""
        ...

    def read(self, artefact: Artefact, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`; raises `NotFound` when they are gone."""
        ...

    async def has(self, artefact: Artefact) -> bool:
        """Whether the bytes are here, whole."""
        ...

    async def delete(self, artefact: Artefact) -> None:
        """Forget the bytes; nothing happens when they are not here."""
        ...

    async def sweep(self, wanted: Wanted, older_than: dt.timedelta) -> Swept:
        """Delete what nobody wants and was not put within that time, however often it was put before.

        `wanted` is asked about some hundred files at a time, right before these are deleted.
        """
        ...

    def local_path(self, artefact: Artefact) -> Path | None:
        """The file that holds the bytes, where the store is a folder of this machine, otherwise None."""
        ...


async def once(body: bytes) -> AsyncGenerator[bytes]:
    """Bytes that are there already, as `ArtefactStore.put` takes them."""
    yield body


async def file_chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a local file, read beside the event loop."""
    with path.open("rb") as file:  # at once: what a cancelled thread opens nobody closes
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


class ObjectArtefacts:
    """Artefacts in an obstore store: `LocalStore` for a folder, `S3Store` and its kin for a bucket.

    Bytes are written under `incoming/` while they are hashed and then renamed to `sha256/ab/cd…`: a reader
    sees a whole artefact or none. In a folder the file and its directory are fsynced before `put` returns.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        prefix = store.prefix if isinstance(store, LocalStore) else None
        self._folder = Path(prefix) if prefix is not None else None

    @classmethod
    def in_folder(cls, folder: Path) -> ObjectArtefacts:
        """Artefacts in a local folder, made when it is not there."""
        _sweep(folder / "incoming")
        return cls(LocalStore(prefix=folder, mkdir=True))

    @classmethod
    def opened(cls, folder: Path, url: str | None) -> ObjectArtefacts:
        """Artefacts in a bucket (`s3://bucket/prefix`, AWS_* variables), or in the folder without a URL."""
        if url is None:
            return cls.in_folder(folder)
        try:
            return cls(from_url(url))
        except (BaseError, ValueError) as error:
            raise InvalidRequest(f"BATUTA_ARTEFACTS: {str(error).partition(chr(10))[0]}") from error

    async def put(
        self, chunks: AsyncIterable[bytes], media_type: str, *, max_bytes: int | None = None
    ) -> Artefact:
        """Store a stream under the hash of its bytes; a type that is none is stored as unknown."""
        incoming = f"incoming/{secrets.token_hex(12)}"
        try:
            with _telling("an artefact could not be stored"):
                sha256, size = await self._write(incoming, chunks, max_bytes)
                artefact = Artefact(sha256=sha256, size=size, media_type=_without_parameters(media_type))
                await self._settle(incoming, artefact)
        except BaseException:
            with suppress(OSError, BaseError):  # what went wrong first is what the caller needs to know
                await self._discard(incoming)
            raise
        return artefact

    async def put_file(self, path: Path, media_type: str) -> Artefact:
        """Store a copy of a local file."""
        return await self.put(file_chunks(path), media_type)

    async def read(self, artefact: Artefact, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to `end`, in pieces of a good quarter of a megabyte."""
        stop = artefact.size if end is None else min(end, artefact.size)
        gone = f"artefact {artefact.sha256} is no longer stored"
        if start >= stop:
            if not await self.has(artefact):
                raise NotFound(gone)
            return
        with _telling(f"artefact {artefact.sha256} could not be read"):
            try:
                answer = await self._store.get_async(_key(artefact), options={"range": (start, stop)})
            except FileNotFoundError as error:
                raise NotFound(gone) from error
            if answer.meta["size"] != artefact.size:
                raise NotFound(f"{gone} whole: {answer.meta['size']} of {artefact.size} bytes are here")
            async for chunk in answer.stream(min_chunk_size=_READ_BYTES):
                yield bytes(chunk)

    async def has(self, artefact: Artefact) -> bool:
        """Whether the bytes are here, whole."""
        with _telling(f"artefact {artefact.sha256} could not be looked for"):
            try:
                found = await self._store.head_async(_key(artefact))
            except FileNotFoundError:
                return False
        return found["size"] == artefact.size

    async def delete(self, artefact: Artefact) -> None:
        """Forget the bytes."""
        with _telling(f"artefact {artefact.sha256} could not be deleted"):
            await self._discard(_key(artefact))

    async def sweep(self, wanted: Wanted, older_than: dt.timedelta) -> Swept:
        """See `ArtefactStore.sweep`."""
        cutoff = dt.datetime.now(dt.UTC) - older_than
        files = size = 0
        with _telling("what is stored could not be listed"):
            listed = obstore.list(self._store, "sha256", chunk_size=_SWEPT_AT_ONCE)  # pyright: ignore[reportUnknownMemberType]  # an overload names Arrow, which is not here
            async for batch in listed:
                old = {_hash(item["path"]): item for item in batch if item["last_modified"] <= cutoff}
                for name in set(old) - await wanted(set(old)):
                    if await self._is_older(old[name]["path"], cutoff):  # nobody has put it meanwhile
                        await self._discard(old[name]["path"])
                        files, size = files + 1, size + old[name]["size"]
        return Swept(files, size)

    def local_path(self, artefact: Artefact) -> Path | None:
        """The file in the folder, or None for a bucket."""
        return None if self._folder is None else self._folder / _key(artefact)

    async def _write(
        self, incoming: str, chunks: AsyncIterable[bytes], max_bytes: int | None
    ) -> tuple[str, int]:
        """The hash and length of the bytes, once all are written; the source is closed in any case."""
        part = CHUNK_BYTES if self._folder is not None else _PART_BYTES
        digest, size = hashlib.sha256(), 0
        opened = obstore.open_writer_async(self._store, incoming, buffer_size=part, max_concurrency=2)
        try:
            async with opened as writer:
                async for chunk in chunks:
                    size += len(chunk)
                    if max_bytes is not None and size > max_bytes:
                        raise PayloadTooLarge(f"more than the {max_bytes} bytes allowed; nothing was kept")
                    await asyncio.to_thread(digest.update, chunk)
                    await writer.write(chunk)
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
        return digest.hexdigest(), size

    async def _settle(self, incoming: str, artefact: Artefact) -> None:
        """Give the bytes their lasting name, durably; old ones are replaced, so that they are fresh."""
        if await self._is_fresh(artefact):
            await self._discard(incoming)
        else:
            if self._folder is not None:
                await asyncio.to_thread(_fsync, self._folder / incoming)
            await self._store.rename_async(incoming, _key(artefact))
        if self._folder is not None:  # even if it was here: whoever put it may not have got so far yet
            await asyncio.to_thread(_fsync_upwards, self._folder / _key(artefact), self._folder)

    async def _is_older(self, key: str, cutoff: dt.datetime) -> bool:
        try:
            found = await self._store.head_async(key)
        except FileNotFoundError:
            return False
        return found["last_modified"] <= cutoff

    async def _is_fresh(self, artefact: Artefact) -> bool:
        try:
            found = await self._store.head_async(_key(artefact))
        except FileNotFoundError:
            return False
        age = dt.datetime.now(dt.UTC) - found["last_modified"]
        return found["size"] == artefact.size and age.total_seconds() < FRESH_SECONDS / 2

    async def _discard(self, key: str) -> None:
        with suppress(FileNotFoundError):
            await self._store.delete_async(key)


@asynccontextmanager
async def as_local_file(store: ArtefactStore, artefact: Artefact, folder: Path) -> AsyncGenerator[Path]:
    """The artefact as a file, for programs that need one: the stored file, or a copy removed afterwards.

    The file must not be written to.
    """
    stored = store.local_path(artefact)
    if stored is not None:
        if not await asyncio.to_thread(stored.is_file):
            raise NotFound(f"artefact {artefact.sha256} is no longer stored")
        yield stored
        return
    copy = folder / f"{artefact.sha256}.{secrets.token_hex(4)}"
    try:
        with copy.open("wb") as file:  # as above
            async for chunk in store.read(artefact):
                await asyncio.to_thread(file.write, chunk)
        yield copy
    finally:
        await asyncio.to_thread(copy.unlink, missing_ok=True)


@contextmanager
def _telling(what: str) -> Generator[None]:
    """A failure of the store as one of ours; obstore's errors go on about themselves for many lines."""
    try:
        yield
    except (OSError, BaseError) as error:
        raise StorageError(f"{what}: {str(error).partition(chr(10))[0]}") from error


def _without_parameters(media_type: str) -> str:
    named = media_type.partition(";")[0].strip()
    return named if re.fullmatch(_TYPE, named) else _UNKNOWN_TYPE


def _sweep(incoming: Path) -> None:
    """Remove what killed processes left half written."""
    abandoned = time.time() - ABANDONED_SECONDS
    for file in incoming.iterdir() if incoming.is_dir() else ():
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < abandoned:
                file.unlink()


def _key(artefact: Artefact) -> str:
    return f"sha256/{artefact.sha256[:2]}/{artefact.sha256[2:]}"


def _hash(key: str) -> str:
    return "".join(key.split("/")[-2:])


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync_upwards(path: Path, root: Path) -> None:
    """A rename is durable once the directories that name the file are (fsync(2), NOTES)."""
    for folder in path.parents:
        _fsync(folder)
        if folder == root:
            return
