"""Keys: shown once, kept as a hash, found fast, ended soon."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from batuta.access.keys import CACHE_SECONDS, CACHED_KEYS, MARK_SECONDS, Keys
from batuta.errors import InvalidRequest, NotFound, StorageError
from batuta.storage.database import Database
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Both kinds of database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    opened = Database.opened(tmp_path, url)
    await opened.create_tables()
    yield opened
    await opened.aclose()


def statements(database: Database) -> list[str]:
    """Statements of the database from now on, as they are done."""
    done: list[str] = []
    engine = database._engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: done.append(args[2]))
    return done


async def test_a_made_key_is_found_with_its_name_and_scopes(keys: Keys) -> None:
    """The id in the key is the owner."""
    made = await keys.create(" ci runner ", ["read", "submit"], requests_per_minute=7)
    found = await keys.find(made.clear)
    assert found is not None
    assert (found.owner, found.name, found.address) == (made.key.id, "ci runner", "")
    assert found.scopes == {"submit", "read"}
    assert found.requests_per_minute == 7
    assert re.fullmatch(rf"btk_{made.key.id}_[0-9a-f]{{64}}", made.clear)
    assert [key.id for key in await keys.listed()] == [made.key.id]


async def test_admin_is_every_scope_and_the_others_are_only_themselves(keys: Keys) -> None:
    """Submit does not read, read does not submit."""
    for scope, may in [("admin", "submit read admin"), ("submit", "submit"), ("read", "read")]:
        made = await keys.create(scope, [scope])
        caller = await keys.find(made.clear)
        assert caller is not None
        assert {wanted for wanted in ("submit", "read", "admin") if caller.may(wanted)} == set(may.split())


async def test_no_two_keys_are_alike(keys: Keys) -> None:
    """Not even of the same name."""
    made = [await keys.create("twin", ["read"]) for _ in range(5)]
    assert len({new.clear for new in made}) == len({new.key.id for new in made}) == 5


async def test_the_clear_text_is_nowhere_in_the_database_s_files(tmp_path: Path) -> None:
    """Neither the key nor its secret, in any file; the hash is there."""
    database = Database.in_folder(tmp_path / "kept")
    await database.create_tables()
    keys = Keys(database)
    made = await keys.create("somebody", ["admin"])
    assert await keys.find(made.clear)
    await keys.aclose()
    secret = made.clear.split("_")[2]
    for closed in (False, True):
        if closed:
            await database.aclose()
        files = b"".join(file.read_bytes() for file in (tmp_path / "kept").iterdir())
        assert secret.encode() not in files
        assert bytes.fromhex(secret) not in files
        assert hashlib.sha256(made.clear.encode()).hexdigest().encode() in files


async def test_the_clear_text_is_not_in_the_repr(keys: Keys) -> None:
    """A log line or a traceback does not tell it."""
    made = await keys.create("somebody", ["read"])
    assert made.clear not in repr(made)
    assert made.clear.split("_")[2] not in repr(await keys.find(made.clear))


async def test_what_is_not_exactly_a_key_is_nobody_s(keys: Keys) -> None:
    """A wrong secret, another id, another case, anything around it, any nonsense."""
    made, other = await keys.create("one", ["read"]), await keys.create("two", ["read"])
    _, key_id, secret = made.clear.split("_")
    wrong = [
        f"btk_{key_id}_{'0' * 64}",
        f"btk_{other.key.id}_{secret}",
        f"btk_{'0' * 16}_{secret}",
        made.clear.upper(),
        made.clear + "\n",
        " " + made.clear,
        made.clear[:-1],
        made.clear + "0",
        secret,
        key_id,
        "",
        "btk_",
        "btk__",
        "\udcff",
        "btk_" + "é" * 81,
        "x" * 1_000_000,
        "' OR 1=1 --",
        hashlib.sha256(made.clear.encode()).hexdigest(),
    ]
    assert [await keys.find(text) for text in wrong] == [None] * len(wrong)
    assert await keys.find(made.clear)


NO_KEYS = [
    *(("", ["read"]), ("  ", ["read"]), ("a\nb", ["read"]), ("x" * 101, ["read"]), ("\udcff", ["read"])),
    *(("x", []), ("x", ["write"]), ("x", ["read", "READ"])),
]


async def test_a_key_that_makes_no_sense_is_not_made(keys: Keys) -> None:
    """A name one can print, scopes there are."""
    for name, scopes in NO_KEYS:
        with pytest.raises(InvalidRequest):
            await keys.create(name, scopes)
    assert await keys.listed() == []


async def test_a_found_key_costs_the_database_nothing_for_some_seconds(
    keys: Keys, database: Database, clock: VirtualClock
) -> None:
    """A hundred at once ask it once, and nobody asks again until the seconds are over."""
    made = await keys.create("busy", ["read"])
    done = statements(database)

    async def look() -> int:
        assert all(await asyncio.gather(*(keys.find(made.clear) for _ in range(100))))
        return len([statement for statement in done if "SELECT" in statement and "api_keys" in statement])

    assert await look() == 1
    clock.advance(CACHE_SECONDS - 0.1)
    assert await look() == 1
    clock.advance(0.2)
    assert await look() == 2


async def test_a_revoked_key_stops_at_once_here_and_elsewhere_within_the_cache_s_seconds(
    keys: Keys, database: Database, clock: VirtualClock
) -> None:
    """The other keys go on."""
    elsewhere = Keys(database, now=clock.now)
    made, other = await keys.create("stolen", ["admin"]), await keys.create("good", ["read"])
    assert await keys.find(made.clear)
    assert await elsewhere.find(made.clear)
    ended = await keys.revoke(made.key.id)
    assert ended.revoked_at is not None
    assert await keys.find(made.clear) is None
    assert await elsewhere.find(made.clear) is not None  # it has it from before
    clock.advance(CACHE_SECONDS)
    assert await elsewhere.find(made.clear) is None
    assert await elsewhere.find(other.clear)
    await elsewhere.aclose()


async def test_revoking_again_changes_nothing_and_revoking_nobody_is_an_error(keys: Keys) -> None:
    """The moment it ended stays."""
    made = await keys.create("once", ["read"])
    assert await keys.revoke(made.key.id) == await keys.revoke(made.key.id)
    for unknown in ("", "0" * 16, made.clear, "x" * 1000):
        with pytest.raises(NotFound, match="batuta keys list"):
            await keys.revoke(unknown)


async def test_what_is_remembered_of_keys_is_bounded(keys: Keys) -> None:
    """However many different ones are tried."""
    await asyncio.gather(*(keys.find(f"btk_{n:016x}_{'0' * 64}") for n in range(CACHED_KEYS + 50)))
    assert len(keys._found) == CACHED_KEYS


async def test_the_last_use_is_written_once_a_minute(
    keys: Keys, database: Database, clock: VirtualClock
) -> None:
    """Not with every request, and not for keys that were refused."""
    made, unused = await keys.create("busy", ["read"]), await keys.create("idle", ["read"])
    done = statements(database)

    async def updates() -> int:
        await keys.find(made.clear)
        await keys.find(unused.clear[:-1] + "x")
        await keys.aclose()
        return len([statement for statement in done if "UPDATE" in statement])

    assert await updates() == 1
    clock.advance(MARK_SECONDS - 1)
    assert await updates() == 1
    clock.advance(1)
    assert await updates() == 2
    used = {key.name: key.last_used_at for key in await keys.listed()}
    assert used["busy"] is not None
    assert used["idle"] is None


async def test_a_use_that_cannot_be_noted_harms_nobody(
    keys: Keys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is let in, and the log tells."""
    made = await keys.create("busy", ["read"])

    async def refuse(_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(database, "write", refuse)
    with capture_logs() as logged:
        assert await keys.find(made.clear)
        await keys.aclose()
    assert [event["error"] for event in logged] == ["the disk is full"]


async def test_of_many_who_make_the_first_key_one_does(keys: Keys, database: Database) -> None:
    """Several processes may start at the same moment; a revoked key is none."""
    old = await keys.create("old", ["admin"])
    assert await keys.create_if_none("generated", ["admin"]) is None
    await keys.revoke(old.key.id)
    others = [Keys(database) for _ in range(5)]
    made = await asyncio.gather(*(each.create_if_none("generated", ["admin"]) for each in others))
    assert len([new for new in made if new is not None]) == 1
    assert [key.name for key in await keys.listed() if key.revoked_at is None] == ["generated"]
