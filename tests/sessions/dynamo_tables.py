"""Tables of a DynamoDB-speaking server."""

from __future__ import annotations

import uuid

from batuta.sessions.dynamo import DynamoSessions
from batuta.testing.dynamodb import sessions_at


async def new_table(endpoint: str) -> DynamoSessions:
    """The sessions of a new table."""
    store = sessions_at(endpoint, f"sessions-{uuid.uuid4().hex}")
    await store.create_table()
    return store
