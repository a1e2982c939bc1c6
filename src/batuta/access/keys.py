"""API keys: made once in clear, kept as a hash, found by whoever shows one.

A key is `btk_<id>_<secret>`: the id is public and finds the row, the secret is 256 random bits. What is kept
is SHA-256 of the whole key. A slow hash (bcrypt, Argon2) makes guessing a *password* dear, because people
choose among few; nobody guesses one of 2^256 equally likely secrets, however fast each try, and each lookup
would cost 100 ms more. NIST SP 800-63B, section 5.1.2.2, asks for a salt and a slow hash below 112 bits only.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import sqlalchemy as sa
import structlog

from batuta.access.caller import SCOPES, Caller, Scope
from batuta.cache import Remembered
from batuta.errors import InvalidRequest, NotFound
from batuta.storage.database import Database, UtcDateTime, hold, metadata

CACHE_SECONDS: Final = 5.0
"""A key is looked up in the database so often; one revoked by another process works for so long at most."""
CACHED_KEYS: Final = 1024
MARK_SECONDS: Final = 60.0
"""`last_used_at` is as exact as this: a write for every request would cost more than the request."""
MAX_NAME: Final = 100

_FORM: Final = re.compile(r"btk_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII)

log = structlog.get_logger(__name__)

_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(MAX_NAME), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("scopes", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("requests_per_minute", sa.Integer),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: dt.datetime
    last_used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only time it is seen in clear."""

    key: ApiKey
    clear: str = field(repr=False)


def looks_like_ours(text: str) -> bool:
    """Whether somebody meant one of our keys, and not a word a program had to put in the place of a key."""
    return text.startswith("btk_")


class Keys:
    """The keys of a database."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells the seconds by which found keys are kept."""
        self._database = database
        self._now = now
        self._found: OrderedDict[str, Remembered[Caller | None]] = OrderedDict()
        self._marked: dict[str, float] = {}
        self._marking: set[asyncio.Task[None]] = set()

    async def create(
        self, name: str, scopes: Collection[Scope], *, requests_per_minute: int | None = None
    ) -> NewKey:
        """Make a key; raises `InvalidRequest` for a name or scopes that cannot be."""
        new = _new_key(name, scopes, requests_per_minute)
        await self._database.write(lambda connection: _insert(connection, new))
        return new

    async def create_if_none(self, name: str, scopes: Collection[Scope]) -> NewKey | None:
        """Make a key if there is none that works; of several processes that try, one makes it."""
        new = _new_key(name, scopes, None)

        def insert_if_none(connection: sa.Connection) -> bool:
            hold(connection, "api_keys")
            others = sa.and_(_keys.c.revoked_at.is_(None), _keys.c.id != new.key.id)
            working = sa.select(_keys.c.id).where(others).limit(1)
            if connection.execute(working).first() is not None:
                return False
            _insert(connection, new)
            return True

        return new if await self._database.write(insert_if_none) else None

    async def listed(self) -> list[ApiKey]:
        """Every key, the newest first, those that are revoked too."""
        query = sa.select(_keys).order_by(_keys.c.created_at.desc(), _keys.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str) -> ApiKey:
        """End the key for good, here at once and in other processes within `CACHE_SECONDS`.

        One that is revoked already stays as it was. Raises `NotFound`.
        """

        def end(connection: sa.Connection) -> ApiKey:
            this = _keys.c.id == key_id
            update = _keys.update().where(this, _keys.c.revoked_at.is_(None))
            connection.execute(update.values(revoked_at=dt.datetime.now(dt.UTC)))
            row = connection.execute(sa.select(_keys).where(this)).one_or_none()
            if row is None:
                raise NotFound(f"there is no key {key_id!r}: `batuta keys list` shows the ids")
            return _key(row)

        ended = await self._database.write(end)
        self._found.clear()
        return ended

    async def find(self, clear: str) -> Caller | None:
        """Whose key this is, without an address; None for one that never was, or is revoked."""
        match = _FORM.fullmatch(clear)
        if match is None:
            return None
        key_id, digest = match[1], _hash(clear)

        async def load() -> Caller | None:
            return await self._load(key_id, digest)

        found = self._found.setdefault(digest, Remembered(load, seconds=CACHE_SECONDS, now=self._now))
        self._found.move_to_end(digest)
        if len(self._found) > CACHED_KEYS:
            self._found.popitem(last=False)
        caller = await found.get()
        if caller is not None:
            self._mark(key_id)
        return caller

    async def aclose(self) -> None:
        """Wait until what was noted about the keys' use is written."""
        await asyncio.gather(*self._marking, return_exceptions=True)

    async def _load(self, key_id: str, digest: str) -> Caller | None:
        query = sa.select(_keys).where(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None or not hmac.compare_digest(str(row.hash), digest):
            return None
        key = _key(row)
        return Caller(key.id, key.name, frozenset(key.scopes), requests_per_minute=key.requests_per_minute)

    def _mark(self, key_id: str) -> None:
        """Note that the key was used; the request does not wait for it."""
        now = self._now()
        if now - self._marked.get(key_id, now - MARK_SECONDS) < MARK_SECONDS:
            return
        if len(self._marked) >= CACHED_KEYS:
            self._marked.clear()  # costs a write a key, once
        self._marked[key_id] = now
        task = asyncio.create_task(self._write_mark(key_id))
        self._marking.add(task)
        task.add_done_callback(self._marking.discard)

    async def _write_mark(self, key_id: str) -> None:
        update = _keys.update().where(_keys.c.id == key_id).values(last_used_at=dt.datetime.now(dt.UTC))
        try:
            await self._database.write(lambda connection: connection.execute(update))
        except Exception as error:  # noqa: BLE001  # nobody's request depends on it
            log.warning("key.use_not_noted", key=key_id, error=str(error))


def _new_key(name: str, scopes: Collection[Scope], requests_per_minute: int | None) -> NewKey:
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidRequest(f"a key's name has 1 to {MAX_NAME} printable characters, not {name[:200]!r}")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidRequest(f"a key needs scopes out of {', '.join(SCOPES)}; got {unknown or 'none'}")
    if requests_per_minute is not None and not 0 <= requests_per_minute < 2**31:
        raise InvalidRequest(f"requests per minute: {requests_per_minute} is not between 0 and {2**31 - 1}")
    key = ApiKey(
        id=secrets.token_hex(8),
        name=name,
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created_at=dt.datetime.now(dt.UTC),
        requests_per_minute=requests_per_minute,
    )
    return NewKey(key, f"btk_{key.id}_{secrets.token_hex(32)}")


def _hash(clear: str) -> str:
    return hashlib.sha256(clear.encode()).hexdigest()


def _insert(connection: sa.Connection, new: NewKey) -> None:
    """Keep the key; the same again is done again (`Database` repeats what may have been lost)."""
    values: dict[str, Any] = {
        "id": new.key.id,
        "name": new.key.name,
        "hash": _hash(new.clear),
        "scopes": ",".join(new.key.scopes),
        "created_at": new.key.created_at,
        "requests_per_minute": new.key.requests_per_minute,
    }
    connection.execute(_keys.delete().where(_keys.c.id == new.key.id))
    connection.execute(_keys.insert().values(values))


def _key(row: sa.Row[Any]) -> ApiKey:
    kept: Sequence[str] = str(row.scopes).split(",")
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=cast("tuple[Scope, ...]", tuple(kept)),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        requests_per_minute=row.requests_per_minute,
    )
