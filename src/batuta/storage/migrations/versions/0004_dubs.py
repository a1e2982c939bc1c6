"""The tables of dubbing: which job does which dub, and its segments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batuta.storage.migrations import no_way_back

revision = "0004"
down_revision = "0003"
downgrade = no_way_back


def upgrade() -> None:
    """Make both."""
    op.create_table(
        "dub_runs",
        sa.Column("dub_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("told", sa.String(16), nullable=False),
    )
    op.create_index("dub_runs_by_told", "dub_runs", ["told"])
    op.create_table(
        "dub_segments",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Text, nullable=False),
    )
