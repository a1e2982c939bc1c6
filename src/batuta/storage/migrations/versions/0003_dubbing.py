"""The tables of dubbing jobs and of uploads on their way to become one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batuta.storage.migrations import no_way_back

revision = "0003"
down_revision = "0002"
downgrade = no_way_back


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "dub_jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("source_object_key", sa.Text, nullable=False),
        sa.Column("output_object_key", sa.Text),
        sa.Column("target_language", sa.String(35), nullable=False),
        sa.Column("options_json", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress", sa.Integer, nullable=False),
        sa.Column("estimated_time_remaining", sa.Integer),
        sa.Column("activity", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sa.Column("announced_at", sa.String(32)),
        sqlite_autoincrement=True,
    )
    op.create_index("dub_jobs_by_source", "dub_jobs", ["source_object_key"], unique=True)
    op.create_index("dub_jobs_by_owner", "dub_jobs", ["owner", "id"])
    op.create_index("dub_jobs_unannounced", "dub_jobs", ["announced_at", "id"])
    op.create_table(
        "dub_uploads",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("given_up", sa.Boolean, nullable=False),
    )
