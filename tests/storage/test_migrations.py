"""Migrations: an empty database and an old one end up with the same tables, all of it or nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
import sqlalchemy.event
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import batuta.server  # declares every table
import batuta.sessions.sql
import batuta.transcripts.store  # noqa: F401
from batuta.errors import StorageError
from batuta.storage import migrations
from batuta.storage.database import Database, metadata
from batuta.storage.migrations import HEAD

pytestmark = pytest.mark.anyio

LIMIT: Final = 60.0
"""Seconds for what takes less than two."""

Open = Callable[..., Database]
"""Of a URL, or of a folder with a name."""

FORMER: Final = """
CREATE TABLE api_keys (id VARCHAR(16) NOT NULL, name VARCHAR(100) NOT NULL, hash VARCHAR(64) NOT NULL,
    scopes VARCHAR(64) NOT NULL, created_at VARCHAR(32) NOT NULL, last_used_at VARCHAR(32),
    revoked_at VARCHAR(32), requests_per_minute INTEGER, PRIMARY KEY (id));
CREATE TABLE schema_version (version {serial} NOT NULL, PRIMARY KEY (version));
CREATE TABLE idempotency_keys (owner VARCHAR(64) NOT NULL, key VARCHAR(256) NOT NULL,
    job_id VARCHAR(64) NOT NULL, dedupe_key VARCHAR(64), created_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (owner, key));
CREATE TABLE job_events (job_id VARCHAR(64) NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (job_id, seq));
CREATE TABLE jobs (job_id VARCHAR(64) NOT NULL, pipeline VARCHAR(64) NOT NULL, status VARCHAR(16) NOT NULL,
    stage VARCHAR(64), owner VARCHAR(64) NOT NULL, priority INTEGER NOT NULL, carrier VARCHAR(128),
    dedupe_key VARCHAR(64), created_at VARCHAR(32) NOT NULL, completed_at VARCHAR(32),
    heartbeat_at VARCHAR(32), seq INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (job_id));
CREATE INDEX jobs_counted ON jobs (pipeline, owner, status);
CREATE INDEX jobs_newest ON jobs (pipeline, created_at);
CREATE INDEX jobs_same ON jobs (dedupe_key);
CREATE INDEX jobs_state ON jobs (status);
CREATE TABLE leases (carrier VARCHAR(128) NOT NULL, seen_at {moment} NOT NULL, PRIMARY KEY (carrier));
CREATE TABLE service_jobs (service VARCHAR(200) NOT NULL, id VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL, updated_at VARCHAR(32) NOT NULL, job TEXT NOT NULL,
    PRIMARY KEY (service, id));
CREATE TABLE stage_executions (id {serial} NOT NULL, key VARCHAR(64) NOT NULL, job_id VARCHAR(64) NOT NULL,
    stage VARCHAR(64) NOT NULL, work VARCHAR(64) NOT NULL, owner VARCHAR(64) NOT NULL,
    priority INTEGER NOT NULL, carrier VARCHAR(128) NOT NULL, placed_at VARCHAR(32),
    remote_id VARCHAR(256), started_at VARCHAR(32) NOT NULL, finished_at VARCHAR(32), result TEXT,
    PRIMARY KEY (id));
CREATE INDEX executions_by_job ON stage_executions (job_id);
CREATE INDEX executions_by_key ON stage_executions (key);
CREATE INDEX executions_open ON stage_executions (finished_at, work);
CREATE TABLE turns (line VARCHAR(80) NOT NULL, owner VARCHAR(64) NOT NULL, served_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (line, owner));
CREATE TABLE webhook_deliveries (delivery_id VARCHAR(32) NOT NULL, job_id VARCHAR(64), url TEXT NOT NULL,
    host VARCHAR(255) NOT NULL, event VARCHAR(32) NOT NULL, body TEXT NOT NULL,
    created_at VARCHAR(32) NOT NULL, state VARCHAR(16) NOT NULL, attempts INTEGER NOT NULL,
    tries INTEGER NOT NULL, next_attempt_at VARCHAR(32), last_status INTEGER, last_error TEXT,
    delivered_at VARCHAR(32), claimed_by VARCHAR(32), claimed_until VARCHAR(32), PRIMARY KEY (delivery_id));
CREATE INDEX webhook_deliveries_by_job ON webhook_deliveries (job_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, next_attempt_at)
"""
"""What Batuta made before it had migrations, word for word; never changed."""

FORMER_ROWS: Final = """
INSERT INTO schema_version VALUES (2);
INSERT INTO jobs VALUES ('job_1', 'captions', 'completed', NULL, 'anna', 0, NULL, 'd1',
    '2026-01-02T03:04:05.000006+00:00', '2026-01-02T03:05:05.000006+00:00', NULL, 7, '{{"status": "ok"}}');
INSERT INTO jobs VALUES ('job_2', 'captions', 'running', 'download', 'bert', 1, 'host-1', NULL,
    '2026-01-03T03:04:05.000006+00:00', NULL, NULL, 2, '{{"title": "Não é 100%"}}');
INSERT INTO stage_executions (key, job_id, stage, work, owner, priority, carrier, started_at)
    VALUES ('k', 'job_1', 'download', 'downloader', 'anna', 0, 'host-1', '2026-01-02T03:04:05.000006+00:00');
INSERT INTO api_keys VALUES ('0123456789abcdef', 'phone', 'h', 'jobs', '2026-01-01T00:00:00.000000+00:00',
    NULL, NULL, 60)
"""

KILLED_AT_THE_END: Final = """
import asyncio, os, signal, sys
from pathlib import Path
import sqlalchemy as sa, sqlalchemy.event
from batuta.storage.database import Database

@sqlalchemy.event.listens_for(sa.Engine, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    if statement.startswith("UPDATE alembic_version"):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(Database.opened(Path(sys.argv[1]), sys.argv[2] or None).create_tables())
"""

LOOKED_AT: Final = """
import asyncio, sys
from pathlib import Path
from batuta.storage.database import Database

async def look():
    database = Database.in_folder(Path(sys.argv[1]))
    await database.create_tables()
    await database.aclose()

asyncio.run(look())
print("alembic" in sys.modules)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Where an empty database is; none for one in a folder."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens databases, and closes them when the test ends, however it does."""
    async with AsyncExitStack() as stack:

        def open_one(url: str | None = None, name: str = "") -> Database:
            database = Database.opened(tmp_path / name, url)
            stack.push_async_callback(database.aclose)
            return database

        yield open_one


@pytest.fixture
def database(opened: Open, url: str | None) -> Database:
    """An empty database, once of each kind."""
    return opened(url)


async def run(database: Database, script: str) -> None:
    """Do the statements of the script, in the database's own types."""
    types = {"serial": "INTEGER", "moment": "DATETIME"}
    if database.is_shared:
        types = {"serial": "SERIAL", "moment": "TIMESTAMP WITH TIME ZONE"}

    def work(connection: sa.Connection) -> None:
        plain = connection.execution_options(no_parameters=True)  # a % in a text is a %
        for statement in script.format(**types).split(";\n"):
            plain.exec_driver_sql(statement)

    await database.write(work)


async def make_former(database: Database) -> None:
    """The tables and a few rows of a Batuta without migrations."""
    await run(database, FORMER)
    await run(database, FORMER_ROWS)


def content(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, also of those that only count versions."""
    found = sa.MetaData()
    found.reflect(connection)
    return {
        table.name: sorted(tuple(row) for row in connection.execute(sa.select(table)))
        for table in found.sorted_tables
    }


def differences(connection: sa.Connection) -> list[object]:
    """Between the tables that are there and those the code declares."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    inspector = sa.inspect(connection)
    keys = [  # alembic does not compare them
        table.name
        for table in metadata.sorted_tables
        if inspector.has_table(table.name)
        and inspector.get_pk_constraint(table.name)["constrained_columns"]
        != list(table.primary_key.columns.keys())
    ]
    return [*compare_metadata(context, metadata), *keys]


def revision(connection: sa.Connection) -> str | None:
    """What the database says it has."""
    return MigrationContext.configure(connection).get_current_revision()


def steps() -> ScriptDirectory:
    """All of them."""
    config = Config()
    config.set_main_option("script_location", "batuta.storage:migrations")
    return ScriptDirectory.from_config(config)


async def program(text: str, *arguments: str) -> tuple[int, str]:
    """How a Python program ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, said.decode().strip()


async def test_an_empty_database_gets_exactly_the_tables_of_the_code(database: Database) -> None:
    """Every column, type, default, key and index, whoever declares it."""
    await database.create_tables()
    assert await database.read(differences) == []
    assert await database.read(revision) == HEAD


async def test_a_database_from_before_migrations_is_brought_up_to_date(database: Database) -> None:
    """It keeps its rows, goes on counting, and has no trace of how versions were counted."""
    await make_former(database)
    before = await database.read(content)
    await database.create_tables()
    assert await database.read(differences) == []
    del before["schema_version"]
    dubs = ("dub_jobs", "dub_uploads", "dub_runs", "dub_segments")
    made = ("transcripts", *dubs, "sessions", "session_turns")
    added: dict[str, list[object]] = {table: [] for table in made}
    assert await database.read(content) == {**before, **added, "alembic_version": [(HEAD,)]}
    again = FORMER_ROWS.split(";\n")[3]
    await run(database, again)
    assert [row[0] for row in (await database.read(content))["stage_executions"]] == [1, 2]


async def test_a_database_with_some_of_the_former_tables_gets_the_others(database: Database) -> None:
    """A command made only those it needed: one that made keys knew nothing of jobs."""
    await run(database, ";\n".join(FORMER.split(";\n")[:2]))
    await run(database, "INSERT INTO schema_version VALUES (2)")
    await run(database, FORMER_ROWS.split(";\n")[-1])
    await database.create_tables()
    assert await database.read(differences) == []
    assert len((await database.read(content))["api_keys"]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "UPDATE schema_version SET version = 3",
            "tables of version 3, .* only go on from 2: set BATUTA_DATA",
        ),
        (
            "UPDATE schema_version SET version = 1",
            "tables of version 1, .* only go on from 2: set BATUTA_DATA",
        ),
        ("DELETE FROM schema_version", "tables of version 1, .* only go on from 2: set BATUTA_DATA"),
        ("DROP TABLE schema_version", "tables of version 1, .* only go on from 2: set BATUTA_DATA"),
    ],
)
async def test_a_version_before_migrations_that_nobody_knows_is_refused(
    database: Database, change: str, message: str
) -> None:
    """One sentence says which it is and what to do, and nothing was touched."""
    await make_former(database)
    await run(database, change)
    before = await database.read(content)
    with pytest.raises(StorageError, match=message):
        await database.create_tables()
    assert await database.read(content) == before


async def test_a_revision_of_a_newer_batuta_is_refused(database: Database) -> None:
    """One sentence says which it is and what to do, and nothing was touched."""
    await database.create_tables()
    await run(database, "UPDATE alembic_version SET version_num = '0815'")
    before = await database.read(content)
    with pytest.raises(StorageError) as refusal:
        await database.create_tables()
    assert str(refusal.value) == (
        f"the database has tables of revision 0815, and this Batuta knows none after {HEAD}:"
        " set BATUTA_DATA or DATABASE_URL to a new place, or use the Batuta that made it"
    )
    assert await database.read(content) == before


async def test_a_migration_that_fails_at_its_end_leaves_the_old_state(database: Database) -> None:
    """Tables that were made are gone, one that was dropped is there; the next try succeeds."""
    await make_former(database)
    before = await database.read(content)
    failing = True

    @sqlalchemy.event.listens_for(database._engine, "after_cursor_execute")
    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if failing and statement.startswith("UPDATE alembic_version"):
            raise RuntimeError("at the end")

    with pytest.raises(RuntimeError, match="at the end"):
        await database.create_tables()
    assert await database.read(content) == before
    failing = False
    await database.create_tables()
    assert await database.read(differences) == []


async def test_a_process_killed_at_the_end_of_a_migration_leaves_the_old_state(
    database: Database, tmp_path: Path, url: str | None
) -> None:
    """Before it could commit; the next process does it all."""
    await make_former(database)
    before = await database.read(content)
    code, _ = await program(KILLED_AT_THE_END, str(tmp_path), url or "")
    assert code == -signal.SIGKILL
    assert await database.read(content) == before
    await database.create_tables()
    assert await database.read(differences) == []


async def test_of_two_at_once_one_migrates_and_the_other_finds_it_done(
    opened: Open, postgres_url: str
) -> None:
    """The second waits for the first, however long that takes, and changes nothing."""
    first, second = opened(postgres_url), opened(postgres_url)
    await make_former(first)
    in_the_middle, asked = threading.Event(), threading.Event()
    changes: list[str] = []

    @sqlalchemy.event.listens_for(first._engine, "after_cursor_execute")
    def stay(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "CREATE TABLE transcripts" in statement:
            in_the_middle.set()
            assert asked.wait(LIMIT)

    @sqlalchemy.event.listens_for(second._engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "pg_advisory_xact_lock" in statement:
            asked.set()
        if not statement.lstrip().startswith("SELECT"):
            changes.append(statement)

    migrating = asyncio.create_task(first.create_tables())
    assert await asyncio.to_thread(in_the_middle.wait, LIMIT)
    await asyncio.wait_for(asyncio.gather(migrating, second.create_tables()), LIMIT)
    assert changes == []
    assert await second.read(differences) == []


async def test_a_migration_may_take_longer_than_other_transactions(
    opened: Open, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Postgres, for whoever migrates and whoever waits; only until it is done."""
    database = opened(postgres_url)
    names = ("statement_timeout", "idle_in_transaction_session_timeout")

    def limits(connection: sa.Connection) -> list[str]:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    meanwhile: list[str] = []
    monkeypatch.setattr(
        "batuta.storage.database.migrate", lambda connection: meanwhile.extend(limits(connection))
    )
    await database.create_tables()
    assert meanwhile == ["10min", "30s"]
    assert await database.write(limits) == ["30s", "3s"]


async def test_several_databases_are_migrated_at_once_in_one_process(opened: Open) -> None:
    """Although alembic keeps the one under way in its modules."""
    databases = [opened(name=str(number)) for number in range(6)]
    await asyncio.wait_for(asyncio.gather(*(each.create_tables() for each in databases)), LIMIT)
    assert [await each.read(revision) for each in databases] == [HEAD] * 6


async def test_a_database_at_the_head_is_opened_without_alembic(opened: Open, tmp_path: Path) -> None:
    """It takes a fifth of a second to import, and a command should not."""
    await opened().create_tables()
    assert await program(LOOKED_AT, str(tmp_path)) == (0, "False")


async def test_a_migration_leaves_logging_as_it_was(opened: Open) -> None:
    """Libraries that set up logging take lines from those who did it before."""

    def state() -> list[tuple[int, bool, list[logging.Handler]]]:
        names = ("", "sqlalchemy", "sqlalchemy.engine", "alembic", "batuta")
        found = [logging.getLogger(name) for name in names]
        return [(logger.level, logger.disabled, list(logger.handlers)) for logger in found]

    before = state()
    await opened().create_tables()
    assert state() == before


async def test_no_database_goes_back_to_an_older_revision(database: Database) -> None:
    """Alembic is told so in a sentence, whichever step is asked."""
    await database.create_tables()
    before = await database.read(content)

    def go_back(connection: sa.Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "batuta.storage:migrations")
        command.downgrade(config, "base")

    with pytest.raises(StorageError, match="cannot be taken back to an older revision"):
        await database.write(go_back)
    assert await database.read(content) == before


def test_the_steps_are_one_line_that_ends_at_the_head() -> None:
    """Numbered in their order, each the next one's only parent, none with a way back."""
    line = list(reversed(list(steps().walk_revisions())))
    assert [step.revision for step in line] == [f"{number:04}" for number in range(1, len(line) + 1)]
    assert steps().get_heads() == [HEAD]
    assert all(step.module.downgrade is migrations.no_way_back for step in line)
