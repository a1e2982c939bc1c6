"""Which store keeps the sessions: the table at AWS where one is named, otherwise the SQL database."""

from __future__ import annotations

from batuta.errors import InvalidRequest
from batuta.sessions.sql import SqlSessions
from batuta.sessions.store import SessionStore
from batuta.storage.database import Database


def open_store(
    database: Database,
    *,
    table: str | None = None,
    region: str | None = None,
    endpoint: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    session_token: str | None = None,
) -> SessionStore:
    """The store; nothing is asked of it yet.

    Without keys those of the environment, of `~/.aws/credentials` or of the machine are used. `endpoint` is
    another server that speaks DynamoDB. Raises `InvalidRequest` for a table without a region.
    """
    if table is None:
        return SqlSessions(database)
    if region is None:
        raise InvalidRequest(f"DYNAMODB_TABLE_NAME is {table!r}, but AWS_REGION is not set: say where it is")
    # Here because it takes longer to import than most commands do, and most houses have no table at AWS.
    from batuta.sessions.dynamo import DynamoSessions  # noqa: PLC0415

    return DynamoSessions.at(
        table,
        region,
        endpoint=endpoint,
        access_key=access_key,
        secret_key=secret_key,
        session_token=session_token,
    )
