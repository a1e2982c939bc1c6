"""The tables' revisions: which one a database has, and how it gets to the newest.

Every change of a table is a file in `versions/`, which says it in full and imports no table of ours: the code
goes on, a step stays as it was. `HEAD` is the last of them; a test compares what they make with the tables in
the code. An empty database takes the same steps as an old one, so there is only one way.
"""

from __future__ import annotations

import threading
from typing import Final, NoReturn

import sqlalchemy as sa
import structlog

from batuta.errors import StorageError

HEAD: Final = "0005"
"""The newest revision."""

_FORMER: Final = 2
"""What `schema_version` said last, before there were revisions."""
_ADVICE: Final = "set BATUTA_DATA or DATABASE_URL to a new place, or use the Batuta that made it"

_REVISION: Final = sa.column("version_num", sa.String)
_FORMER_VERSION: Final = sa.column("version", sa.Integer)

_one_at_a_time = threading.Lock()
"""Alembic keeps the run under way in globals of its modules, so a process migrates one database at a time."""

log = structlog.get_logger(__name__)


def migrate(connection: sa.Connection) -> None:
    """Bring the tables to `HEAD` within the connection's transaction; the caller keeps other processes out.

    Raises `StorageError` for tables that are too old, or of a newer Batuta.
    """
    tables = sa.inspect(connection)
    if not tables.has_table("alembic_version"):
        found, former = None, _former(connection, tables)
    else:
        found, former = connection.scalar(sa.select(_REVISION).select_from(sa.table("alembic_version"))), None
    if found == HEAD:
        return
    if found or former:
        log.info("database.migrating", found=found or f"version {former}", to=HEAD)
    _upgrade(connection, found)


def no_way_back() -> NoReturn:
    """Every step's `downgrade`; raises `StorageError`."""
    raise StorageError(
        "a database cannot be taken back to an older revision: use the copy made before the newer Batuta ran"
    )


def _former(connection: sa.Connection, tables: sa.Inspector) -> int | None:
    """The version before there were revisions, None where there is nothing yet."""
    found = None
    if tables.has_table("schema_version"):
        query = sa.select(sa.func.max(_FORMER_VERSION)).select_from(sa.table("schema_version"))
        found = connection.scalar(query)
    if found != _FORMER and (found or tables.has_table("jobs")):
        raise StorageError(
            f"the database has tables of version {found or 1}, and this Batuta can only go on from {_FORMER}:"
            f" {_ADVICE}"
        )
    return found


def _upgrade(connection: sa.Connection, found: str | None) -> None:
    # Here because it takes longer than most commands do, and most databases are at the head.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "batuta.storage:migrations")
    steps = ScriptDirectory.from_config(config)
    if found is not None and found not in {step.revision for step in steps.walk_revisions()}:
        raise StorageError(
            f"the database has tables of revision {found}, and this Batuta knows none after {HEAD}: {_ADVICE}"
        )
    with _one_at_a_time:
        command.upgrade(config, HEAD)
