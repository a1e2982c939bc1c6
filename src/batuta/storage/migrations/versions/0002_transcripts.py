"""The table of transcripts; alembic's own table has taken the place of `schema_version`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batuta.storage.migrations import no_way_back

revision = "0002"
down_revision = "0001"
downgrade = no_way_back


def upgrade() -> None:
    """Make the one, drop the other."""
    op.create_table(
        "transcripts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("video_id", sa.String(11), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("transcript_type", sa.String(9), nullable=False),
        sa.Column("duration", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.String(32), nullable=False),
    )
    op.create_index("ix_transcripts_video_id", "transcripts", ["video_id"])
    op.create_index("ix_transcripts_fetched_at", "transcripts", ["fetched_at"])
    op.drop_table("schema_version", if_exists=True)
