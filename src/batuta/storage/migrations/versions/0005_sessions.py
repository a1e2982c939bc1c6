"""The tables of sessions and their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batuta.storage.migrations import no_way_back

revision = "0005"
down_revision = "0004"
downgrade = no_way_back


def upgrade() -> None:
    """Make both."""
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(128), primary_key=True),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("request_type", sa.String(64), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("lease_until", sa.String(32)),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
    )
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"])
    op.create_table(
        "session_turns",
        sa.Column("session_id", sa.String(128), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("request_type", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("input", sa.LargeBinary, nullable=False),
        sa.Column("outcome", sa.LargeBinary),
        sa.Column("error", sa.Text),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("completed_at", sa.String(32)),
        sa.Column("expires_at", sa.String(32), nullable=False),
    )
    op.create_index("session_turns_by_request", "session_turns", ["session_id", "request_id"], unique=True)
    op.create_index("session_turns_by_expiry", "session_turns", ["expires_at"])
